package org.wardian.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.machine.state.DiskMark;
import org.wardian.machine.state.DiskSnapshots;
import org.wardian.machine.state.MachineDescription;
import org.wardian.machine.state.Origin;
import org.wardian.machine.state.SavedState;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.qcow2.Qcow2Image;

/**
 * The saved machine that a run goes on with.
 *
 * @param argument where it is, and how it is taken
 * @param description what it was
 */
record Restoration(KeepRequest.RestoreArgument argument, MachineDescription description) {
  /**
   * Looks at it and at the disks, which are not open yet.
   *
   * @throws Failure where it cannot be used, or the disks do not belong to it
   */
  static Restoration of(KeepRequest.RestoreArgument argument, DeviceRequest devices) {
    try {
      return new Restoration(
          argument,
          switch (argument.place()) {
            case KeepPlace.InFile file -> inFile(argument, file, devices);
            case KeepPlace.InSnapshot snapshot -> inSnapshot(argument, snapshot.name(), devices);
          });
    } catch (IOException e) {
      throw failure(argument.place(), e);
    }
  }

  private static Failure failure(KeepPlace place, IOException e) {
    String reason =
        switch (e) {
          case NoSuchFileException none -> none.getFile() + ": no such file";
          case AccessDeniedException denied -> denied.getFile() + ": no permission to read it";
          default -> e.getMessage();
        };
    return new Failure(ExitStatus.BAD_IMAGE, "--restore-from " + place + ": " + reason, e);
  }

  private static MachineDescription inFile(
      KeepRequest.RestoreArgument argument, KeepPlace.InFile file, DeviceRequest devices)
      throws IOException {
    try (SavedState saved = SavedState.open(file.path())) {
      List<String> changes = DiskMark.changes(saved.disks(), DiskMarks.of(devices));
      if (!changes.isEmpty() && !argument.force()) {
        throw new IOException(
            String.join("; ", changes)
                + "; the guest would destroy it, since its memory has the old content"
                + " (',force' takes it none the less)");
      }
      if (argument.verify()) {
        saved.verify();
      }
      return saved.description();
    }
  }

  private static MachineDescription inSnapshot(
      KeepRequest.RestoreArgument argument, String name, DeviceRequest devices) throws IOException {
    List<BlockImage> opened = new ArrayList<>();
    try {
      List<Qcow2Image> disks = new ArrayList<>();
      for (DiskArgument disk : devices.disks()) {
        OpenOptions options = OpenOptions.readOnly();
        if (disk.format().isPresent()) {
          options = options.withFormat(disk.format().get());
        }
        if (!disk.readOnly()) {
          BlockImage image = Images.open(disk.image(), options);
          opened.add(image);
          if (image instanceof Qcow2Image qcow2) {
            disks.add(qcow2);
          }
        }
      }
      if (disks.isEmpty()) {
        throw new IOException("there is no writable qcow2 disk that could have it");
      }
      try (SavedState saved = new DiskSnapshots(disks).open(name)) {
        if (argument.verify()) {
          saved.verify();
        }
        return saved.description();
      }
    } finally {
      for (BlockImage image : opened) {
        image.close();
      }
    }
  }

  /**
   * Opens it for a machine.
   *
   * @param devices the disks, which may keep it
   */
  SavedState open(OpenedDevices devices) throws IOException {
    return switch (argument.place()) {
      case KeepPlace.InFile file -> SavedState.open(file.path());
      case KeepPlace.InSnapshot snapshot -> devices.snapshots().open(snapshot.name());
    };
  }

  /** Makes the disks what they were, where they are kept with the machine. */
  void revert(OpenedDevices devices) throws IOException {
    if (argument.place() instanceof KeepPlace.InSnapshot snapshot) {
      devices.snapshots().apply(snapshot.name());
    }
  }

  /**
   * What a reset is to start where the user names nothing: the files that the machine was started
   * from, if they are what they were. Empty where the state names no kernel.
   *
   * @param err where the user is told that there is nothing to start any more
   */
  Optional<GuestImages> images(RunRequest request, PrintWriter err) {
    Origin origin = description.origin();
    if (!description.startedByKernel() || origin.kernel().isEmpty()) {
      return Optional.empty();
    }
    Path name = origin.kernel().get().path();
    String commandLine = request.append().orElse(origin.commandLine());
    try {
      byte[] kernel = origin.kernel().get().read();
      Optional<byte[]> initrd = request.initrd().map(file -> GuestImages.read("initrd", file));
      if (initrd.isEmpty() && origin.initrd().isPresent()) {
        initrd = Optional.of(origin.initrd().get().read());
      }
      return Optional.of(new GuestImages(kernel, name, initrd, commandLine, () -> origin));
    } catch (IOException e) {
      err.println(
          "ward: the machine goes on, but a reset will end it: "
              + e.getMessage()
              + "; --kernel names another");
      return Optional.of(
          new GuestImages(new byte[0], name, Optional.empty(), commandLine, () -> origin));
    }
  }

  /** The failure that a saved machine is. */
  Failure failure(IOException e) {
    return failure(argument.place(), e);
  }

  /** What the machine's card had for an address. */
  Optional<String> address(String card) {
    return description.device(card).map(device -> device.properties().get("address"));
  }
}
