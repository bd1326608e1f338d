package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.process.assembly.DiskRequest;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/**
 * External snapshots of disks in use: from then on an overlay takes what is written. Those of one
 * transaction are of one moment, and are made all or none.
 */
final class SnapshotCommands {
  private static final String SNAPSHOT = "blockdev-snapshot-sync";

  private final MachineControl control;

  SnapshotCommands(MachineControl control) {
    this.control = control;
  }

  void addTo(CommandTable table) {
    table.add(
        SNAPSHOT,
        List.of(
            optional("device", ParameterType.STRING),
            optional("node-name", ParameterType.STRING),
            required("snapshot-file", ParameterType.STRING),
            optional("snapshot-node-name", ParameterType.STRING),
            optional("format", ParameterType.STRING),
            optional("mode", ParameterType.STRING)),
        arguments -> {
          take(List.of(arguments));
          return Arguments.none();
        });
    table.add(
        "transaction",
        List.of(
            required("actions", ParameterType.LIST), optional("properties", ParameterType.OBJECT)),
        this::transaction);
  }

  private JsonNode transaction(Arguments arguments) throws QmpException {
    List<Arguments> snapshots = new ArrayList<>();
    for (JsonNode action : arguments.list("actions")) {
      if (!(action instanceof ObjectNode members)) {
        throw new QmpException("Invalid parameter type for 'actions', expected: object");
      }
      Arguments wanted = Arguments.of(members);
      String type = wanted.string("type");
      if (!type.equals(SNAPSHOT)) {
        throw new QmpException("this machine has no action " + type + " in transactions");
      }
      snapshots.add(wanted.object("data"));
    }
    take(snapshots);
    return Arguments.none();
  }

  /** An overlay that is open above a drive's image. */
  private record Overlay(Drive drive, DiskRequest request, BlockImage image, boolean made) {
    /** Takes back what was done so far. */
    void undo() {
      try {
        image.close();
        if (made) {
          Files.deleteIfExists(request.image());
        }
      } catch (IOException e) {
        // The disk never used it.
        System.getLogger(SnapshotCommands.class.getName())
            .log(System.Logger.Level.WARNING, request.image() + " is left over", e);
      }
    }
  }

  private void take(List<Arguments> snapshots) throws QmpException {
    List<Drive> drives = new ArrayList<>();
    for (Arguments snapshot : snapshots) {
      Drive drive = DriveLookup.of(control.parts(), snapshot);
      if (drive.medium().isEmpty() || drive.device().readOnly()) {
        throw new QmpException("Device '" + drive.alias() + "' has no medium that is written");
      }
      if (drives.contains(drive)) {
        throw new QmpException("Device '" + drive.alias() + "' is named twice");
      }
      drives.add(drive);
    }
    synchronized (control.changing()) {
      drives.forEach(drive -> drive.device().pause());
      List<Overlay> overlays = new ArrayList<>();
      try {
        for (int i = 0; i < drives.size(); i++) {
          overlays.add(overlay(drives.get(i), snapshots.get(i)));
        }
        for (Overlay overlay : overlays) {
          control.parts().backends().putAbove(overlay.drive().device(), overlay.image());
          overlay.drive().raised(overlay.request());
        }
      } catch (IOException | QmpException e) {
        overlays.forEach(Overlay::undo);
        throw new QmpException(e.getMessage());
      } finally {
        // A machine that stands still has its disks paused besides.
        drives.forEach(drive -> drive.device().resume());
      }
    }
  }

  private static Overlay overlay(Drive drive, Arguments snapshot) throws IOException, QmpException {
    DiskRequest below = drive.medium().orElseThrow();
    Path file = Path.of(snapshot.string("snapshot-file"));
    if (!snapshot.optionalString("format").orElse("qcow2").equals("qcow2")) {
      throw new QmpException("an overlay is of format qcow2");
    }
    boolean existing = snapshot.optionalString("mode").orElse("").equals("existing");
    drive.device().image().flush();
    if (!existing) {
      Images.create(
          file,
          CreateOptions.qcow2(drive.device().image().length())
              .withBacking(
                  below.image().toAbsolutePath().toString(),
                  below.format().orElse(ImageFormat.RAW)));
    }
    DiskRequest request =
        new DiskRequest(
            file, false, false, Optional.of(ImageFormat.QCOW2), below.flushed(), below.options());
    OpenOptions options =
        OpenOptions.readWrite()
            .withFormat(ImageFormat.QCOW2)
            .withFlushed(below.flushed())
            .withDiscards(below.options().discards());
    try {
      BlockImage image = Images.openAbove(file, options, below.image(), drive.device().image());
      return new Overlay(drive, request, image, !existing);
    } catch (IOException | RuntimeException e) {
      if (!existing) {
        Files.deleteIfExists(file);
      }
      throw e;
    }
  }
}
