package org.wardian.process.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.process.assembly.Backends;
import org.wardian.process.assembly.DiskRequest;
import org.wardian.storage.ImageNode;
import org.wardian.storage.device.DeviceLimits;
import org.wardian.storage.device.ImageDevice;

/** A disk, CD-ROM or floppy drive of a machine, with the medium that is in it now. */
public final class Drive {
  /** What a drive is. */
  public enum Kind {
    /** A disk that stays. */
    DISK,
    /** A CD-ROM drive. */
    CDROM,
    /** A floppy drive. */
    FLOPPY
  }

  private final String alias;
  private final Kind kind;
  private final Optional<DiskBus> bus;
  private final ImageDevice device;
  private final BlockNodes nodes;

  // Under this object's monitor.
  private Optional<DiskRequest> medium;
  private DeviceLimits limits;
  private boolean trayOpen;

  /**
   * A drive.
   *
   * @param nodes knows the names of its images
   */
  Drive(
      String alias,
      BlockNodes nodes,
      Kind kind,
      Optional<DiskBus> bus,
      ImageDevice device,
      Optional<DiskRequest> medium,
      DeviceLimits limits) {
    this.alias = alias;
    this.nodes = nodes;
    this.kind = kind;
    this.bus = bus;
    this.device = device;
    this.medium = medium;
    this.limits = limits;
  }

  /** The name of the device, such as {@code virtio-disk0}. */
  public String alias() {
    return alias;
  }

  /** What it is. */
  public Kind kind() {
    return kind;
  }

  /** What it hangs on; empty for a floppy drive. */
  public Optional<DiskBus> bus() {
    return bus;
  }

  /** Its name as a block device, {@code drive-virtio-disk0}, as libvirt's aliases have it. */
  public String driveName() {
    return "drive-" + alias;
  }

  /** The name of the node that its controller uses. */
  public String nodeName() {
    return device.source() instanceof ImageNode node ? nodes.name(node) : alias + "-format";
  }

  /** The disk that its controller uses. */
  public ImageDevice device() {
    return device;
  }

  /** Whether its medium can be taken out. */
  public boolean isRemovable() {
    return kind != Kind.DISK;
  }

  /** What was opened; empty for an empty tray. */
  public synchronized Optional<DiskRequest> medium() {
    return medium;
  }

  /** The file of the medium. */
  public synchronized Optional<Path> file() {
    return medium.map(DiskRequest::image);
  }

  /**
   * Puts another medium in.
   *
   * @throws IOException where it cannot be opened; the old one stays
   */
  public void putIn(DiskRequest other) throws IOException {
    device.change(Backends.open(other));
    synchronized (this) {
      medium = Optional.of(other);
    }
  }

  /** Notes that it goes on with another image. */
  public synchronized void moved(ImageNode image) {
    medium =
        medium.map(old ->
            new DiskRequest(
                image.path(),
                old.readOnly(),
                false,
                Optional.of(image.format()),
                image.options().flushed(),
                old.options()));
  }

  /** Takes the medium out. */
  public void takeOut() throws IOException {
    device.change(new EmptyMedium());
    synchronized (this) {
      medium = Optional.empty();
    }
  }

  /** What it may move. */
  public synchronized DeviceLimits limits() {
    return limits;
  }

  /** Changes what it may move. */
  public synchronized void limit(DeviceLimits other) {
    limits = other;
    device.limit(other);
  }

  /** Whether its tray is open. */
  public synchronized boolean isTrayOpen() {
    return trayOpen;
  }

  /** Notes whether its tray is open. */
  public synchronized void setTrayOpen(boolean open) {
    trayOpen = open;
  }
}
