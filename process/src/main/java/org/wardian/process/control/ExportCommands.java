package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.nbd.NbdLimits;

/** Images that are shown to NBD clients. */
final class ExportCommands {
  private static final int LAST_PORT = 65535;
  private static final int MOST_CONNECTIONS = 10_000;

  private final MachineControl control;
  private final ExportTable exports;

  ExportCommands(MachineControl control) {
    this.control = control;
    exports = control.exports();
  }

  void addTo(CommandTable table) {
    table.add(
        "nbd-server-start",
        List.of(
            required("addr", ParameterType.OBJECT),
            optional("tls-creds", ParameterType.STRING),
            optional("tls-authz", ParameterType.STRING),
            optional("max-connections", ParameterType.INTEGER)),
        this::start);
    table.add(
        "nbd-server-stop",
        List.of(),
        arguments -> {
          if (!exports.stop()) {
            throw new QmpException("NBD server not running");
          }
          return Arguments.none();
        });
    table.add(
        "block-export-add",
        List.of(
            required("type", ParameterType.STRING),
            required("id", ParameterType.STRING),
            required("node-name", ParameterType.STRING),
            optional("name", ParameterType.STRING),
            optional("description", ParameterType.STRING),
            optional("writable", ParameterType.BOOLEAN),
            optional("writethrough", ParameterType.BOOLEAN),
            optional("bitmaps", ParameterType.LIST)),
        this::add);
    table.add(
        "nbd-server-add",
        List.of(
            required("device", ParameterType.STRING),
            optional("name", ParameterType.STRING),
            optional("description", ParameterType.STRING),
            optional("writable", ParameterType.BOOLEAN),
            optional("bitmap", ParameterType.STRING)),
        this::addToServer);
    table.add(
        "block-export-del",
        List.of(required("id", ParameterType.STRING), optional("mode", ParameterType.STRING)),
        arguments -> remove(arguments, "id"));
    table.add(
        "nbd-server-remove",
        List.of(required("name", ParameterType.STRING), optional("mode", ParameterType.STRING)),
        arguments -> remove(arguments, "name"));
    table.add("query-block-exports", List.of(), arguments -> all());
  }

  private JsonNode start(Arguments arguments) throws QmpException {
    if (arguments.has("tls-creds") || arguments.has("tls-authz")) {
      throw new QmpException("Parameter 'tls-creds' is not supported by this machine");
    }
    long connections = arguments.optionalInteger("max-connections").orElse(0);
    if (connections < 0) {
      throw new QmpException("Parameter 'max-connections' expects a non-negative value");
    }
    NbdLimits limits =
        connections == 0
            ? NbdLimits.usual()
            : NbdLimits.usual().withConnections((int) Math.min(connections, MOST_CONNECTIONS));
    exports.start(address(arguments.object("addr")), limits);
    return Arguments.none();
  }

  private static SocketAddress address(Arguments wanted) throws QmpException {
    String type = wanted.string("type");
    Arguments data = wanted.object("data");
    return switch (type) {
      case "unix" -> UnixDomainSocketAddress.of(Path.of(data.string("path")));
      case "inet" -> {
        String port = data.string("port");
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > LAST_PORT) {
          throw new QmpException("Parameter 'port' does not accept value '" + port + "'");
        }
        InetSocketAddress address =
            new InetSocketAddress(data.string("host"), Integer.parseInt(port));
        if (address.isUnresolved()) {
          throw new QmpException(
              "address resolution failed for " + data.string("host") + ":" + port);
        }
        yield address;
      }
      case "vsock", "fd" ->
          throw new QmpException("addresses of type '" + type + "' are not listened on here");
      default -> throw Replies.noValue("type", type);
    };
  }

  private JsonNode add(Arguments arguments) throws QmpException {
    String type = arguments.string("type");
    if (!type.equals("nbd")) {
      throw Replies.noValue("type", type);
    }
    List<String> bitmaps = new ArrayList<>();
    if (arguments.has("bitmaps")) {
      for (JsonNode bitmap : arguments.list("bitmaps")) {
        if (!bitmap.isTextual()) {
          throw new QmpException("Invalid parameter type for 'bitmaps', expected: string");
        }
        bitmaps.add(bitmap.textValue());
      }
    }
    String node = arguments.string("node-name");
    synchronized (control.jobs()) {
      exports.add(
          arguments.string("id"),
          arguments.optionalString("name").orElse(node),
          arguments.optionalString("description").orElse(""),
          JobWords.node(control, node),
          arguments.bool("writable", false),
          bitmaps);
    }
    return Arguments.none();
  }

  private JsonNode addToServer(Arguments arguments) throws QmpException {
    String device = arguments.string("device");
    String name = arguments.optionalString("name").orElse(device);
    synchronized (control.jobs()) {
      exports.add(
          name,
          name,
          arguments.optionalString("description").orElse(""),
          JobWords.node(control, device),
          arguments.bool("writable", false),
          arguments.optionalString("bitmap").map(List::of).orElse(List.of()));
    }
    return Arguments.none();
  }

  private JsonNode remove(Arguments arguments, String key) throws QmpException {
    String mode = arguments.optionalString("mode").orElse("safe");
    boolean hard =
        switch (mode) {
          case "safe" -> false;
          case "hard" -> true;
          default -> throw Replies.noValue("mode", mode);
        };
    exports.remove(arguments.string(key), hard);
    return Arguments.none();
  }

  private ArrayNode all() {
    ArrayNode list = Replies.list();
    for (ExportTable.Entry entry : exports.all()) {
      list.addObject()
          .put("node-name", control.parts().nodes().name(entry.node()))
          .put("shutting-down", false)
          .put("type", "nbd")
          .put("id", entry.id());
    }
    return list;
  }
}
