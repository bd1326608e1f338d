package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.wardian.process.assembly.Backends;
import org.wardian.process.domain.BlockNodes;
import org.wardian.process.domain.Drive;
import org.wardian.process.domain.FileNode;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageNode;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.WriteWatch;
import org.wardian.storage.nbd.NbdPath;
import org.wardian.storage.nbd.NbdUri;

/** Images that clients open and close beside those of the disks. */
final class NodeCommands {
  private static final List<String> FILE_MEMBERS =
      List.of(
          "driver",
          "node-name",
          "filename",
          "read-only",
          "auto-read-only",
          "discard",
          "cache",
          "detect-zeroes",
          "aio",
          "locking");

  private static final List<String> EXPORT_MEMBERS =
      List.of(
          "driver",
          "node-name",
          "server",
          "export",
          "reconnect-delay",
          "read-only",
          "auto-read-only",
          "discard",
          "cache",
          "detect-zeroes");

  private final MachineControl control;
  private final JobTable jobs;
  private final BlockNodes nodes;

  NodeCommands(MachineControl control, JobTable jobs) {
    this.control = control;
    this.jobs = jobs;
    nodes = control.parts().nodes();
  }

  void addTo(CommandTable table) {
    table.add(
        "blockdev-add",
        List.of(
            required("driver", ParameterType.STRING),
            optional("node-name", ParameterType.STRING),
            optional("filename", ParameterType.STRING),
            optional("file", ParameterType.ANY),
            optional("backing", ParameterType.ANY),
            optional("read-only", ParameterType.BOOLEAN),
            optional("auto-read-only", ParameterType.BOOLEAN),
            optional("discard", ParameterType.STRING),
            optional("cache", ParameterType.OBJECT),
            optional("detect-zeroes", ParameterType.STRING),
            optional("aio", ParameterType.STRING),
            optional("locking", ParameterType.STRING),
            optional("server", ParameterType.OBJECT),
            optional("export", ParameterType.STRING),
            optional("reconnect-delay", ParameterType.INTEGER)),
        this::add);
    table.add(
        "block-set-write-threshold",
        List.of(
            required("node-name", ParameterType.STRING),
            required("write-threshold", ParameterType.INTEGER)),
        this::watch);
    table.add("blockdev-del", List.of(required("node-name", ParameterType.STRING)), this::delete);
  }

  private Collection<Drive> drives() {
    return control.parts().drives().values();
  }

  private JsonNode add(Arguments arguments) throws QmpException {
    synchronized (jobs) {
      String name =
          arguments
              .optionalString("node-name")
              .orElseThrow(
                  () -> new QmpException("'node-name' must be specified for the root node"));
      JobWords.checkNodeName(control, name);
      String driver = arguments.string("driver");
      switch (driver) {
        case "file", "host_device", "nbd" -> nodes.add(file(arguments, name));
        case "qcow2" -> open(arguments, name, ImageFormat.QCOW2);
        case "raw" -> open(arguments, name, ImageFormat.RAW);
        default -> throw Replies.noValue("driver", driver);
      }
      return Arguments.none();
    }
  }

  private static FileNode file(Arguments arguments, String name) throws QmpException {
    Path path = arguments.string("driver").equals("nbd") ? export(arguments) : local(arguments);
    return new FileNode(
        name, path, arguments.bool("read-only", false), discards(arguments), flushed(arguments));
  }

  private static Path local(Arguments arguments) throws QmpException {
    arguments.allowOnly(FILE_MEMBERS);
    Path path = Path.of(arguments.string("filename"));
    if (!Files.exists(path)) {
      throw new QmpException("Could not open '" + path + "': No such file or directory");
    }
    return path;
  }

  /** An export of an NBD server, which is asked when an image is opened in it. */
  private static Path export(Arguments arguments) throws QmpException {
    arguments.allowOnly(EXPORT_MEMBERS);
    Arguments server = arguments.object("server");
    String name = arguments.optionalString("export").orElse("");
    String type = server.string("type");
    NbdUri uri =
        switch (type) {
          case "unix" -> NbdUri.unix(Path.of(server.string("path")), name);
          case "inet" -> {
            String port = server.string("port");
            if (!port.matches("[1-9][0-9]{0,4}")) {
              throw Replies.noValue("server.port", port);
            }
            yield NbdUri.tcp(server.string("host"), Integer.parseInt(port), name);
          }
          default -> throw Replies.noValue("server.type", type);
        };
    long delay = arguments.optionalInteger("reconnect-delay").orElse(0);
    return new NbdPath(uri.withReconnectDelay(Duration.ofSeconds(Math.clamp(delay, 0, 86_400))));
  }

  private static boolean discards(Arguments arguments) throws QmpException {
    String word = arguments.optionalString("discard").orElse("ignore");
    return switch (word) {
      case "unmap", "on" -> true;
      case "ignore", "off" -> false;
      default -> throw new QmpException("Invalid discard option");
    };
  }

  private static boolean flushed(Arguments arguments) throws QmpException {
    return !arguments.has("cache") || !arguments.object("cache").bool("no-flush", false);
  }

  private void open(Arguments arguments, String name, ImageFormat format) throws QmpException {
    JsonNode wanted = arguments.any("file");
    if (wanted == null) {
      throw new QmpException("A block device must be specified for \"file\"");
    }
    FileNode file;
    if (wanted.isTextual()) {
      String of = wanted.textValue();
      file =
          nodes
              .file(of)
              .orElseThrow(() ->
                  nodes.findStorage(of, drives()).isPresent()
                      ? new QmpException("Node '" + of + "' is in use by another image")
                      : Replies.noNode(of));
    } else if (wanted instanceof ObjectNode members) {
      Arguments nested = Arguments.of(members);
      file = file(nested, nested.optionalString("node-name").orElse(null));
      if (file.name() != null) {
        JobWords.checkNodeName(control, file.name());
      }
    } else {
      throw new QmpException("Invalid parameter type for 'file', expected: object");
    }
    boolean readOnly = arguments.bool("read-only", file.readOnly());
    OpenOptions options =
        OpenOptions.readOnly()
            .withWritable(!readOnly)
            .withFormat(format)
            .withFlushed(file.flushed() && flushed(arguments))
            .withDiscards(file.discards() || discards(arguments));
    try {
      nodes.add(opened(arguments, file.path(), format, options), name, file.name());
    } catch (IOException e) {
      throw new QmpException("Could not open '" + file.path() + "': " + Backends.reason(e));
    }
    if (file.name() != null) {
      nodes.removeFile(file.name());
    }
  }

  private ImageNode opened(Arguments arguments, Path path, ImageFormat format, OpenOptions options)
      throws IOException, QmpException {
    JsonNode backing = arguments.any("backing");
    if (backing == null) {
      return Images.openShared(path, options);
    }
    if (backing.isNull()) {
      return Images.openOver(path, format, options, null);
    }
    if (!backing.isTextual()) {
      throw new QmpException("Invalid parameter type for 'backing', expected: string");
    }
    ImageNode below = JobWords.node(control, backing.textValue()).share();
    try {
      return Images.openOver(path, format, options, below);
    } catch (IOException | RuntimeException e) {
      below.close();
      throw e;
    }
  }

  private JsonNode watch(Arguments arguments) throws QmpException {
    String name = arguments.string("node-name");
    long threshold = arguments.integer("write-threshold");
    Optional<ImageNode> file = nodes.findStorage(name, drives());
    WriteWatch watch =
        file.isPresent()
            ? file.get().fileWatch()
            : nodes
                .find(name, drives())
                .map(ImageNode::diskWatch)
                .orElseThrow(() -> new QmpException("Device '" + name + "' not found"));
    watch.set(
        threshold <= 0 ? Long.MAX_VALUE : threshold,
        exceeded ->
            control.send(
                "BLOCK_WRITE_THRESHOLD",
                Arguments.none()
                    .put("amount-exceeded", exceeded)
                    .put("write-threshold", threshold)
                    .put("node-name", name)));
    return Arguments.none();
  }

  private JsonNode delete(Arguments arguments) throws QmpException {
    synchronized (jobs) {
      String name = arguments.string("node-name");
      if (nodes.removeFile(name)) {
        return Arguments.none();
      }
      if (nodes.findStorage(name, drives()).isPresent()) {
        throw new QmpException("Block device " + name + " is in use");
      }
      ImageNode node =
          nodes
              .find(name, drives())
              .orElseThrow(
                  () -> new QmpException("Failed to find node with node-name='" + name + "'"));
      if (!nodes.isAdded(node) || node.users() > 1 || jobs.uses(node)) {
        throw new QmpException("Node " + name + " is in use");
      }
      String storage = nodes.storageName(node);
      nodes.take(node);
      try {
        node.close();
      } catch (IOException e) {
        throw new QmpException(e.getMessage());
      }
      if (!storage.startsWith("#")) {
        OpenOptions options = node.options();
        nodes.add(
            new FileNode(
                storage, node.path(), !options.writable(), options.discards(), options.flushed()));
      }
      return Arguments.none();
    }
  }
}
