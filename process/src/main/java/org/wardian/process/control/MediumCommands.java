package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.Backends;
import org.wardian.process.assembly.DiskRequest;
import org.wardian.process.domain.DiskWords;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.device.DeviceOptions;

/** CD-ROM and floppy drives: their trays, and what is in them. */
final class MediumCommands {
  private final MachineControl control;

  MediumCommands(MachineControl control) {
    this.control = control;
  }

  void addTo(CommandTable table) {
    table.add(
        "eject",
        List.of(
            optional("device", ParameterType.STRING),
            optional("id", ParameterType.STRING),
            optional("force", ParameterType.BOOLEAN)),
        this::eject);
    table.add(
        "blockdev-change-medium",
        List.of(
            optional("device", ParameterType.STRING),
            optional("id", ParameterType.STRING),
            required("filename", ParameterType.STRING),
            optional("format", ParameterType.STRING),
            optional("force", ParameterType.BOOLEAN),
            optional("read-only-mode", ParameterType.STRING)),
        this::change);
    table.add(
        "blockdev-open-tray",
        List.of(
            optional("device", ParameterType.STRING),
            optional("id", ParameterType.STRING),
            optional("force", ParameterType.BOOLEAN)),
        arguments -> {
          move(removable(arguments), true);
          return Arguments.none();
        });
    table.add(
        "blockdev-close-tray",
        List.of(optional("device", ParameterType.STRING), optional("id", ParameterType.STRING)),
        arguments -> {
          move(removable(arguments), false);
          return Arguments.none();
        });
    table.add(
        "blockdev-remove-medium", List.of(required("id", ParameterType.STRING)), this::remove);
  }

  private Drive removable(Arguments arguments) throws QmpException {
    Drive drive = DriveLookup.of(control.parts(), arguments);
    if (!drive.isRemovable()) {
      throw new QmpException("Device '" + drive.alias() + "' is not removable");
    }
    return drive;
  }

  private void move(Drive drive, boolean open) {
    if (drive.isTrayOpen() == open || drive.kind() == Drive.Kind.FLOPPY) {
      return;
    }
    drive.setTrayOpen(open);
    control.send(
        "DEVICE_TRAY_MOVED",
        Arguments.none()
            .put("device", drive.driveName())
            .put("tray-open", open)
            .put("id", drive.alias()));
  }

  private JsonNode eject(Arguments arguments) throws QmpException {
    Drive drive = removable(arguments);
    move(drive, true);
    takeOut(drive);
    return Arguments.none();
  }

  private JsonNode remove(Arguments arguments) throws QmpException {
    Drive drive = removable(arguments);
    if (drive.kind() == Drive.Kind.CDROM && !drive.isTrayOpen()) {
      throw new QmpException("Tray of device '" + drive.alias() + "' is not open");
    }
    takeOut(drive);
    return Arguments.none();
  }

  private void takeOut(Drive drive) throws QmpException {
    control.jobs().checkFree(drive);
    try {
      drive.takeOut();
    } catch (IOException e) {
      throw new QmpException("the medium of " + drive.alias() + ": " + e.getMessage());
    }
  }

  private JsonNode change(Arguments arguments) throws QmpException {
    Drive drive = removable(arguments);
    String mode = arguments.optionalString("read-only-mode").orElse("retain");
    boolean readOnly =
        switch (mode) {
          case "retain" ->
              drive.kind() == Drive.Kind.CDROM
                  || drive.medium().map(DiskRequest::readOnly).orElse(false);
          case "read-only" -> true;
          case "read-write" -> false;
          default ->
              throw new QmpException(
                  "Parameter 'read-only-mode' does not accept value '" + mode + "'");
        };
    control.jobs().checkFree(drive);
    Path file = Path.of(arguments.string("filename"));
    try {
      DiskRequest medium =
          new DiskRequest(
              file,
              readOnly,
              false,
              arguments.optionalString("format").map(DiskWords::format),
              true,
              DeviceOptions.usual());
      drive.putIn(medium);
    } catch (IOException e) {
      throw new QmpException("Could not open '" + file + "': " + Backends.reason(e));
    } catch (AssemblyException e) {
      throw new QmpException(e.getMessage());
    }
    move(drive, true);
    move(drive, false);
    return Arguments.none();
  }
}
