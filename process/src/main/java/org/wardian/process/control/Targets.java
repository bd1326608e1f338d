package org.wardian.process.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.Backends;
import org.wardian.process.domain.DiskWords;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpException;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageNames;
import org.wardian.storage.ImageNode;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/** Images that jobs write to: nodes that a client added, or files that are opened here. */
final class Targets {
  private final MachineControl control;
  private final JobTable jobs;

  Targets(MachineControl control, JobTable jobs) {
    this.control = control;
    this.jobs = jobs;
  }

  /**
   * A target.
   *
   * @param owned whether it is the job's to close; else a client added it
   * @param made whether the file was made for the job
   */
  record Target(ImageNode node, boolean owned, boolean made) {
    /** Takes back what was done; the job does not come about. */
    void undo() {
      try {
        if (owned) {
          node.close();
        }
        if (made) {
          Files.deleteIfExists(node.path());
        }
      } catch (IOException e) {
        System.getLogger(Targets.class.getName())
            .log(System.Logger.Level.WARNING, node.path() + " is left over", e);
      }
    }
  }

  /** A node that may be a target: added by a client, writable, in no other use. */
  Target added(String name) throws QmpException {
    ImageNode node = JobWords.node(control, name);
    if (!control.parts().nodes().isAdded(node)) {
      throw new QmpException("Node '" + name + "' is in use by a disk");
    }
    if (jobs.uses(node)) {
      throw new QmpException("Node '" + name + "' is busy: it is in use by a block job");
    }
    if (!node.writable()) {
      throw new QmpException("Block node is read-only");
    }
    return new Target(node, false, false);
  }

  /**
   * Opens a file as a target.
   *
   * @param below what shows through, shared for it; null for what the file's header names
   */
  Target opened(Drive drive, Arguments arguments, ImageNode below) throws QmpException {
    Path file;
    try {
      file = ImageNames.given(arguments.string("target"));
    } catch (IllegalArgumentException e) {
      throw new QmpException(e.getMessage());
    }
    ImageNode source = JobWords.top(drive);
    ImageFormat format;
    try {
      format = arguments.optionalString("format").map(DiskWords::format).orElse(source.format());
    } catch (AssemblyException e) {
      throw new QmpException(e.getMessage());
    }
    Optional<String> name = arguments.optionalString("node-name");
    if (name.isPresent()) {
      JobWords.checkNodeName(control, name.get());
    }
    String mode = arguments.optionalString("mode").orElse("absolute-paths");
    boolean making =
        switch (mode) {
          case "existing" -> false;
          case "absolute-paths" -> true;
          default -> throw Replies.noValue("mode", mode);
        };
    try {
      if (making) {
        make(file, format, drive.device().length(), below);
      }
      OpenOptions options =
          OpenOptions.readWrite()
              .withFormat(format)
              .withFlushed(source.options().flushed())
              .withDiscards(source.options().discards());
      ImageNode node =
          below == null || format != ImageFormat.QCOW2
              ? Images.openShared(file, options)
              : over(file, format, options, below);
      name.ifPresent(given -> control.parts().nodes().name(node, given, null));
      return new Target(node, true, making);
    } catch (IOException e) {
      throw new QmpException("Could not open '" + file + "': " + Backends.reason(e));
    } catch (IllegalArgumentException e) {
      throw new QmpException(e.getMessage());
    }
  }

  private static void make(Path file, ImageFormat format, long size, ImageNode below)
      throws IOException {
    if (Files.isRegularFile(file)) {
      Files.delete(file);
    }
    if (format == ImageFormat.RAW) {
      Images.create(file, CreateOptions.raw(size));
      return;
    }
    CreateOptions options = CreateOptions.qcow2(size);
    Images.create(
        file,
        below == null
            ? options
            : options.withBacking(below.path().toAbsolutePath().toString(), below.format()));
  }

  private static ImageNode over(Path file, ImageFormat format, OpenOptions options, ImageNode below)
      throws IOException {
    ImageNode shared = below.share();
    try {
      return Images.openOver(file, format, options, shared);
    } catch (IOException | RuntimeException e) {
      shared.close();
      throw e;
    }
  }
}
