package org.wardian.process.assembly;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.wardian.host.Errno;
import org.wardian.host.HostException;
import org.wardian.host.HostLink;
import org.wardian.host.Macvtap;
import org.wardian.machine.Firmware;
import org.wardian.network.NetworkPort;
import org.wardian.network.capture.CapturePort;
import org.wardian.network.hub.SharedSwitch;
import org.wardian.network.nat.NatPort;
import org.wardian.network.tap.TapPort;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.ImageDevice;
import org.wardian.storage.device.TemporaryOverlay;
import org.wardian.storage.qcow2.Qcow2Image;
import org.wardian.storage.share.Ownership;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.vsock.HostSockets;

/**
 * What a machine's devices have behind them: images, network ports, folders, sockets. All is opened
 * before the machine is made, and closed after it is closed.
 */
public final class Backends implements AutoCloseable {
  private static final int MTU = 1500;

  private final List<BlockDevice> disks = new ArrayList<>();
  private final List<ImageDevice> keepers = new ArrayList<>();
  private final List<NetworkPort> ports = new ArrayList<>();
  private final List<SharedFolder> folders = new ArrayList<>();
  private final List<SharedSwitch> switches = new ArrayList<>();
  private final List<HostSockets> sockets = new ArrayList<>();

  /** Nothing is open. */
  public Backends() {}

  /**
   * Opens an image.
   *
   * @param id of the disk, for its threads
   * @param stopped told of the disk and the cause when its policy wants the machine paused; called
   *     by a thread of the disk, which it must not wait for
   * @throws AssemblyException where it cannot be opened
   */
  public synchronized ImageDevice image(
      String id, DiskRequest disk, BiConsumer<ImageDevice, String> stopped) {
    try {
      BlockImage image = open(disk);
      ImageDevice[] device = new ImageDevice[1];
      device[0] =
          new ImageDevice(id, image, disk.options(), cause -> stopped.accept(device[0], cause));
      disks.add(device[0]);
      if (!disk.snapshot()) {
        keepers.add(device[0]);
      }
      return device[0];
    } catch (IOException e) {
      throw new AssemblyException(Reason.IMAGE, "disk " + disk.image() + ": " + reason(e), e);
    }
  }

  /** Opens an image that the caller closes. */
  public static BlockImage open(DiskRequest disk) throws IOException {
    OpenOptions options = disk.readOnly() ? OpenOptions.readOnly() : OpenOptions.readWrite();
    if (disk.format().isPresent()) {
      options = options.withFormat(disk.format().get());
    }
    options = options.withFlushed(disk.flushed()).withDiscards(disk.options().discards());
    return disk.snapshot()
        ? TemporaryOverlay.open(disk.image(), options.withWritable(false))
        : Images.openShared(disk.image(), options);
  }

  /** Why an image could not be opened. */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException none -> "no such file";
      case AccessDeniedException denied -> "no permission; readonly or snapshot needs less";
      default -> e.getMessage();
    };
  }

  /**
   * What is to be closed with the rest.
   *
   * @param disk a disk that somebody else opened
   */
  public synchronized void own(BlockDevice disk) {
    disks.add(disk);
  }

  /** Closes a disk now: its device is gone. */
  public void close(ImageDevice disk) {
    synchronized (this) {
      disks.remove(disk);
      keepers.remove(disk);
    }
    disk.close();
  }

  /** The writable qcow2 images, which can keep a machine within themselves. */
  public synchronized List<Qcow2Image> keepers() {
    List<Qcow2Image> images = new ArrayList<>();
    for (ImageDevice disk : keepers) {
      if (disk.image() instanceof Qcow2Image qcow2 && qcow2.writable()) {
        images.add(qcow2);
      }
    }
    return images;
  }

  /**
   * Opens what a card is plugged into.
   *
   * @param capture file that takes a record of all that passes, or empty
   * @throws HostException where the host does not give it
   * @throws IOException where a switch's folder or a socket cannot be used
   * @throws AssemblyException where the record cannot be written
   */
  public NetworkPort port(PortRequest request, Optional<Path> capture) throws IOException {
    NetworkPort port =
        switch (request) {
          case PortRequest.Nat nat -> new NatPort(nat.configuration());
          case PortRequest.Tap tap -> new TapPort(tap.name());
          case PortRequest.Bridged bridged -> bridged(bridged);
          case PortRequest.Direct direct ->
              new TapPort(
                  Macvtap.open(direct.name(), direct.lower(), direct.mode(), direct.mac().bits()));
          case PortRequest.Shared shared -> shared(shared);
        };
    NetworkPort captured = capture.isEmpty() ? port : captured(port, capture.get());
    synchronized (this) {
      ports.add(captured);
    }
    return captured;
  }

  /** Closes a port now: its card is gone. */
  public void close(NetworkPort port) {
    synchronized (this) {
      ports.remove(port);
    }
    port.close();
  }

  /** The interface has the card's address with another first byte: the bridge keeps its own. */
  private static NetworkPort bridged(PortRequest.Bridged request) {
    TapPort port = new TapPort(request.name());
    try {
      HostLink link = HostLink.of(request.name());
      link.setAddress(request.mac().bits() & ~(0xffL << 40) | 0xfeL << 40);
      link.setMtu(HostLink.of(request.bridge()).mtu());
      link.join(request.bridge());
      link.up();
      return port;
    } catch (HostException e) {
      port.close();
      throw e;
    }
  }

  private NetworkPort shared(PortRequest.Shared request) throws IOException {
    SharedSwitch shared = new SharedSwitch(request.folder(), request.name(), MTU);
    synchronized (this) {
      switches.add(shared);
    }
    return shared.port();
  }

  private static NetworkPort captured(NetworkPort port, Path file) {
    try {
      return new CapturePort(port, file);
    } catch (IOException e) {
      port.close();
      throw new AssemblyException(
          Reason.STORAGE, "capture " + file + " cannot be written: " + e.getMessage(), e);
    }
  }

  /**
   * Opens a folder of the host.
   *
   * @throws AssemblyException where it is none
   */
  public synchronized SharedFolder folder(Path folder, boolean readOnly, Ownership ownership) {
    try {
      SharedFolder opened = SharedFolder.open(folder, readOnly, ownership);
      folders.add(opened);
      return opened;
    } catch (HostException e) {
      String reason =
          switch (e.errno()) {
            case Errno.ENOENT -> "no such folder";
            case Errno.ENOTDIR -> "not a folder";
            case Errno.EACCES -> "no permission";
            default -> e.getMessage();
          };
      throw new AssemblyException(Reason.HOST, "share " + folder + ": " + reason, e);
    }
  }

  /**
   * Listens for the host's side of a guest's sockets.
   *
   * @param file of the UNIX socket
   * @throws IOException where it cannot
   */
  public synchronized HostSockets sockets(Path file) throws IOException {
    HostSockets opened = HostSockets.listen(file);
    sockets.add(opened);
    return opened;
  }

  /** Closes a guest's sockets now: their device is gone. */
  public void close(HostSockets gone) {
    synchronized (this) {
      sockets.remove(gone);
    }
    gone.close();
  }

  /**
   * Firmware, with its variables in a copy that is thrown away.
   *
   * @param name {@code bios}, {@code uefi} or a file
   * @param serialScreen whether the firmware shall show itself on the serial port
   */
  public synchronized Firmware firmware(String name, boolean serialScreen) {
    return FirmwareFiles.of(name, serialScreen, disks);
  }

  /**
   * UEFI whose variables are kept.
   *
   * @param code file of the firmware's code
   * @param variables file of its variables
   */
  public synchronized Firmware uefi(Path code, Path variables) {
    return FirmwareFiles.uefi(code, variables, disks);
  }

  @Override
  public synchronized void close() {
    ports.forEach(NetworkPort::close);
    switches.forEach(SharedSwitch::close);
    disks.forEach(BlockDevice::close);
    folders.forEach(SharedFolder::close);
    sockets.forEach(HostSockets::close);
  }
}
