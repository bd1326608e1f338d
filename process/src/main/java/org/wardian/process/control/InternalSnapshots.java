package org.wardian.process.control;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.wardian.machine.state.DiskSnapshots;
import org.wardian.process.domain.Drive;
import org.wardian.storage.qcow2.Qcow2Image;
import org.wardian.storage.qcow2.Snapshot;

/**
 * Snapshots of the whole machine within its qcow2 images, by the monitor for people as libvirt uses
 * it: {@code savevm}, {@code delvm}, {@code info snapshots}. What is wrong is told in the text.
 */
final class InternalSnapshots {
  private final MachineControl control;

  InternalSnapshots(MachineControl control) {
    this.control = control;
  }

  /** The images that keep snapshots, one for each disk that is written. */
  private List<Qcow2Image> images() throws IOException {
    List<Qcow2Image> images = control.parts().backends().keepers();
    for (Drive drive : control.parts().drives().values()) {
      if (drive.medium().isPresent()
          && !drive.device().readOnly()
          && !(drive.device().image() instanceof Qcow2Image)) {
        throw new IOException(
            "Device '" + drive.driveName() + "' is writable but does not support snapshots");
      }
    }
    if (images.isEmpty()) {
      throw new IOException("No block device can accept snapshots");
    }
    return images;
  }

  /** Takes one; the guest stands still meanwhile. */
  String save(String name) {
    synchronized (control.changing()) {
      boolean ran = control.state().isLive();
      if (!control.stand()) {
        return "Error: the machine has ended: there is nothing to save\r\n";
      }
      try {
        DiskSnapshots snapshots = new DiskSnapshots(images());
        snapshots.create(name, control.machine().guestTime(), control.machine()::save);
        return "";
      } catch (IOException | RuntimeException e) {
        return "Error: " + e.getMessage() + "\r\n";
      } finally {
        if (ran) {
          control.machine().resume();
        }
      }
    }
  }

  /** Deletes one. */
  String delete(String name) {
    synchronized (control.changing()) {
      try {
        for (Qcow2Image image : images()) {
          image.snapshots().delete(name);
        }
        return "";
      } catch (IOException | RuntimeException e) {
        return "Error: " + e.getMessage() + "\r\n";
      }
    }
  }

  /** Those of the first image. */
  String list() {
    try {
      StringBuilder lines = new StringBuilder("List of snapshots present on all disks:\r\n");
      for (Snapshot snapshot : images().getFirst().snapshots().list()) {
        lines.append(
            String.format(
                Locale.ROOT,
                "%-9s %-20s %d\r\n",
                snapshot.id(),
                snapshot.name(),
                snapshot.stateSize()));
      }
      return lines.toString();
    } catch (IOException e) {
      return "There is no snapshot available.\r\n";
    }
  }
}
