package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.wardian.process.domain.BlockNodes;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageNode;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.qcow2.Qcow2Image;

/** External snapshots of disks in use: from then on an overlay takes what is written. */
final class SnapshotCommands {
  private final MachineControl control;
  private final JobTable jobs;

  SnapshotCommands(MachineControl control, JobTable jobs) {
    this.control = control;
    this.jobs = jobs;
  }

  void addTo(CommandTable table, TransactionCommands transactions) {
    transactions.add(
        table,
        "blockdev-snapshot-sync",
        List.of(
            optional("device", ParameterType.STRING),
            optional("node-name", ParameterType.STRING),
            required("snapshot-file", ParameterType.STRING),
            optional("snapshot-node-name", ParameterType.STRING),
            optional("format", ParameterType.STRING),
            optional("mode", ParameterType.STRING)),
        Opened::new);
    transactions.add(
        table,
        "blockdev-snapshot",
        List.of(required("node", ParameterType.STRING), required("overlay", ParameterType.STRING)),
        this::added);
  }

  private Drive written(Drive drive) throws QmpException {
    if (drive.medium().isEmpty()
        || drive.device().readOnly()
        || !(drive.device().source() instanceof ImageNode)) {
      throw new QmpException("Device '" + drive.alias() + "' has no medium that is written");
    }
    jobs.checkFree(drive);
    return drive;
  }

  /** From now on the disk writes an overlay, which has the image until now beneath it. */
  private static void raise(Drive drive, ImageNode overlay) {
    ImageNode below = JobWords.top(drive);
    BlockImage old = drive.device().replace(overlay);
    drive.moved(overlay);
    try {
      // The overlay has it too.
      old.close();
      below.reopen(false);
    } catch (IOException e) {
      // It stays open for writing, and nobody writes it.
      System.getLogger(SnapshotCommands.class.getName())
          .log(System.Logger.Level.WARNING, below.path() + " is not open read-only", e);
    }
  }

  /** An overlay in a file that is made or opened here. */
  private final class Opened implements TransactionAction {
    private final Arguments arguments;
    private Drive drive;
    private ImageNode overlay;
    private boolean made;

    Opened(Arguments arguments) {
      this.arguments = arguments;
    }

    @Override
    public void prepare() throws QmpException {
      drive = written(DriveLookup.of(control.parts(), arguments));
      Path file = Path.of(arguments.string("snapshot-file"));
      if (!arguments.optionalString("format").orElse("qcow2").equals("qcow2")) {
        throw new QmpException("an overlay is of format qcow2");
      }
      String name = arguments.optionalString("snapshot-node-name").orElse(null);
      if (name != null) {
        JobWords.checkNodeName(control, name);
      }
      boolean existing = arguments.optionalString("mode").orElse("").equals("existing");
      ImageNode below = JobWords.top(drive);
      try {
        below.flush();
        if (!existing) {
          String beneath = below.path().toAbsolutePath().toString();
          Images.create(
              file, CreateOptions.qcow2(below.length()).withBacking(beneath, below.format()));
          made = true;
        }
        overlay = open(file, below);
      } catch (IOException | RuntimeException e) {
        delete(file);
        throw new QmpException(e.getMessage());
      }
      if (name != null) {
        control.parts().nodes().name(overlay, name, null);
      }
    }

    private ImageNode open(Path file, ImageNode below) throws IOException {
      OpenOptions options =
          OpenOptions.readWrite()
              .withFlushed(below.options().flushed())
              .withDiscards(below.options().discards());
      ImageNode shared = below.share();
      try {
        return Images.openOver(file, ImageFormat.QCOW2, options, shared);
      } catch (IOException | RuntimeException e) {
        shared.close();
        throw e;
      }
    }

    private void delete(Path file) {
      try {
        if (made) {
          Files.deleteIfExists(file);
        }
      } catch (IOException e) {
        System.getLogger(SnapshotCommands.class.getName())
            .log(System.Logger.Level.WARNING, file + " is left over", e);
      }
    }

    @Override
    public void commit() {
      raise(drive, overlay);
    }

    @Override
    public void abort() {
      Path file = overlay.path();
      try {
        overlay.close();
      } catch (IOException e) {
        System.getLogger(SnapshotCommands.class.getName())
            .log(System.Logger.Level.WARNING, file + " was not closed well", e);
      }
      delete(file);
    }
  }

  private TransactionAction added(Arguments arguments) throws QmpException {
    ImageNode node = JobWords.node(control, arguments.string("node"));
    ImageNode overlay = JobWords.node(control, arguments.string("overlay"));
    return new Added(node, overlay, arguments.string("overlay"));
  }

  /** An overlay that a client added without anything beneath it. */
  private final class Added implements TransactionAction {
    private final ImageNode node;
    private final ImageNode overlay;
    private final String name;
    private Drive drive;

    Added(ImageNode node, ImageNode overlay, String name) {
      this.node = node;
      this.overlay = overlay;
      this.name = name;
    }

    @Override
    public void prepare() throws QmpException {
      BlockNodes nodes = control.parts().nodes();
      if (!nodes.isAdded(overlay)) {
        throw new QmpException("The overlay is already in use");
      }
      if (!(overlay.image() instanceof Qcow2Image qcow2)) {
        throw new QmpException("The overlay does not support backing images");
      }
      if (overlay.below().isPresent()) {
        throw new QmpException("The overlay already has a backing image");
      }
      for (Drive candidate : control.parts().drives().values()) {
        if (candidate.device().source() == node) {
          drive = written(candidate);
        }
      }
      boolean mirrored = jobs.jobInto(overlay) != null;
      if (drive != null && mirrored || drive == null && !mirrored) {
        throw new QmpException(
            "Node '"
                + name
                + "' can become the overlay of an image that a disk writes, or get"
                + " one beneath it as the target of a mirror");
      }
      try {
        node.flush();
        qcow2.attach(node.share());
      } catch (IOException e) {
        throw new QmpException(e.getMessage());
      }
    }

    @Override
    public void commit() {
      if (drive != null) {
        control.parts().nodes().take(overlay);
        raise(drive, overlay);
      }
    }

    @Override
    public void abort() {
      try {
        ((Qcow2Image) overlay.image()).attach(null);
      } catch (IOException e) {
        System.getLogger(SnapshotCommands.class.getName())
            .log(System.Logger.Level.WARNING, node.path() + " was not closed well", e);
      }
    }
  }
}
