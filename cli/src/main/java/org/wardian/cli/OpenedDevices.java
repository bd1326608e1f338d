package org.wardian.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.wardian.display.PointerReceiver;
import org.wardian.host.HostException;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.Firmware;
import org.wardian.machine.state.DiskSnapshots;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;
import org.wardian.network.nat.NatConfiguration;
import org.wardian.network.nat.NatConfigurationBuilder;
import org.wardian.process.assembly.Backends;
import org.wardian.process.assembly.BalloonWatch;
import org.wardian.process.assembly.FirmwareFiles;
import org.wardian.process.assembly.PortRequest;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.device.ImageDevice;
import org.wardian.storage.qcow2.Qcow2Image;
import org.wardian.storage.share.SharedFolder;

/** The images, ports and firmware of one run: opened before the machine, closed after it. */
final class OpenedDevices implements AutoCloseable {
  /** The first three bytes of addresses that QEMU's and KVM's users know. */
  private static final long FIRST_ADDRESS = 0x5254_0012_3456L;

  private static final int MOST_QUEUES = 4;
  private static final long PATIENCE_SECONDS = 5;

  private final List<DeviceConfiguration> configurations = new ArrayList<>();
  private final Backends backends = new Backends();
  private final DeviceRequest request;
  private final Optional<Restoration> restoration;
  private final int processors;
  private final PrintWriter messages;
  private Optional<Firmware> firmware = Optional.empty();
  private volatile Optional<BalloonWatch> balloon = Optional.empty();

  /** Null where there is none. */
  private volatile PointerReceiver tablet;

  private volatile boolean closed;

  private OpenedDevices(
      DeviceRequest request,
      int processors,
      Optional<Restoration> restoration,
      PrintWriter messages) {
    this.restoration = restoration;
    this.request = request;
    this.processors = processors;
    this.messages = messages;
  }

  /**
   * Opens all that is asked for.
   *
   * @param processors of the machine
   * @param restoration the saved machine that they are for, if it is one
   * @param messages where the user is told of a full host disk
   * @throws Failure where something cannot be had; nothing is left open
   */
  static OpenedDevices of(
      DeviceRequest request,
      int processors,
      Optional<Restoration> restoration,
      PrintWriter messages) {
    OpenedDevices opened = new OpenedDevices(request, processors, restoration, messages);
    try {
      opened.open();
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private void open() {
    int boot = 0;
    int number = 0;
    for (DiskArgument disk : request.disks()) {
      configurations.add(disk("disk" + number++, disk, OptionalInt.of(boot++)));
    }
    number = 0;
    for (DiskArgument disk : request.cdroms()) {
      configurations.add(disk("cdrom" + number++, disk, OptionalInt.of(boot++)));
    }
    if (request.floppy().isPresent()) {
      BlockDevice medium = image("floppy0", request.floppy().get());
      configurations.add(new DeviceConfiguration.Floppy("floppy0", medium));
    }
    number = 0;
    for (NetArgument card : request.cards()) {
      if (card.kind() != NetArgument.Kind.NONE) {
        OptionalInt place = card.boots() ? OptionalInt.of(boot++) : OptionalInt.empty();
        configurations.add(card(number++, card, place));
      }
    }
    number = 0;
    for (ShareArgument share : request.shares()) {
      configurations.add(share(number++, share));
    }
    addParavirtual();
    if (request.screen().wantsDisplay()) {
      configurations.add(new DeviceConfiguration.Display("display0", FirmwareFiles.videoBios()));
    }
    firmware =
        request
            .firmware()
            .map(name -> backends.firmware(name, !request.screen().wantsDisplay()))
            .map(found -> found.with(NetworkBoot.files(found, request.cards(), messages)));
  }

  /** Those behind disks and cards, whose places in the guest shall not depend on them. */
  private void addParavirtual() {
    request.vsock().ifPresent(this::addVsock);
    if (request.rng().wanted()) {
      configurations.add(new DeviceConfiguration.Rng("rng0", request.rng().bytesPerSecond()));
    }
    request
        .balloon()
        .ifPresent(asked ->
            configurations.add(
                new DeviceConfiguration.Balloon(
                    "balloon0",
                    device -> balloon = Optional.of(BalloonWatch.start(device, asked.taken())))));
    if (request.tablet()) {
      configurations.add(new DeviceConfiguration.Tablet("tablet0", device -> tablet = device));
    }
  }

  private void addVsock(VsockArgument asked) {
    try {
      configurations.add(
          new DeviceConfiguration.Vsock("vsock0", backends.sockets(asked.file()), asked.address()));
    } catch (IOException e) {
      throw new Failure(ExitStatus.UNAVAILABLE, "--vsock " + e.getMessage(), e);
    }
  }

  private DeviceConfiguration disk(String id, DiskArgument disk, OptionalInt boot) {
    int queues = disk.queues() > 0 ? disk.queues() : Math.min(processors, MOST_QUEUES);
    try {
      return new DeviceConfiguration.Disk(
          id, disk.bus(), image(id, disk), disk.cdrom(), disk.serial(), queues, boot);
    } catch (IllegalArgumentException e) {
      throw new Failure(ExitStatus.USAGE, e.getMessage(), e);
    }
  }

  private BlockDevice image(String id, DiskArgument disk) {
    return backends.image(id, disk.request(), (device, cause) -> waitForRoom(disk, device, cause));
  }

  /** The guest's writes wait, nothing is lost; they are tried again until there is room. */
  private void waitForRoom(DiskArgument disk, ImageDevice device, String cause) {
    messages.println(
        "ward: disk "
            + disk.image()
            + ": "
            + cause
            + "; the guest's requests wait, and are tried again every "
            + PATIENCE_SECONDS
            + " s");
    messages.flush();
    Thread.ofPlatform()
        .daemon()
        .name("room-for-" + disk.image().getFileName())
        .start(() -> {
          LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS));
          if (!closed) {
            device.resume();
          }
        });
  }

  private DeviceConfiguration card(int number, NetArgument card, OptionalInt boot) {
    String id = "net" + number;
    NetworkPort port = port(card, number == firstNat());
    MacAddress address =
        card.address().or(() -> savedAddress(id)).orElseGet(() -> address(card, number));
    return new DeviceConfiguration.NetworkCard(
        id, card.model(), port, address, card.queues(), boot);
  }

  private Optional<MacAddress> savedAddress(String id) {
    try {
      return restoration.flatMap(saved -> saved.address(id)).map(MacAddress::parse);
    } catch (IllegalArgumentException e) {
      throw new Failure(ExitStatus.BAD_IMAGE, "the saved machine's " + id + ": " + e.getMessage());
    }
  }

  /** The same at each start behind a NAT of its own; by chance where there are other machines. */
  private static MacAddress address(NetArgument card, int number) {
    return card.kind() == NetArgument.Kind.NAT
        ? new MacAddress(FIRST_ADDRESS + number)
        : new MacAddress(FIRST_ADDRESS & -1L << 24 | new SecureRandom().nextInt(1 << 24));
  }

  /** The number of the first card with NAT, which the forwards lead to. */
  private int firstNat() {
    for (int n = 0; n < request.cards().size(); n++) {
      if (request.cards().get(n).kind() == NetArgument.Kind.NAT) {
        return n;
      }
    }
    return -1;
  }

  private NetworkPort port(NetArgument card, boolean forwards) {
    try {
      PortRequest request =
          switch (card.kind()) {
            case TAP -> new PortRequest.Tap(card.name());
            case NAT -> new PortRequest.Nat(nat(card, forwards));
            // A switch that the machines of this user on this host share by its name.
            case SWITCH -> new PortRequest.Shared(RuntimeFolder.of("switches"), card.name());
            case NONE -> throw new IllegalArgumentException("no card");
          };
      return backends.port(request, card.capture());
    } catch (HostException e) {
      throw new Failure(
          ExitStatus.UNAVAILABLE, "--net tap=" + card.name() + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new Failure(ExitStatus.USAGE, "--net: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new Failure(ExitStatus.UNAVAILABLE, "--net: " + e.getMessage(), e);
    }
  }

  private NatConfiguration nat(NetArgument card, boolean forwards) {
    NatConfigurationBuilder nat = NatConfiguration.builder().reach(card.reach());
    if (forwards) {
      request.forwards().forEach(nat::forward);
    }
    if (card.tftp().isPresent()) {
      if (!Files.isDirectory(card.tftp().get())) {
        throw new Failure(
            ExitStatus.UNAVAILABLE, "--net: tftp=" + card.tftp().get() + " is no folder");
      }
      nat.tftpFolder(card.tftp().get());
    }
    card.bootFile().ifPresent(nat::bootFile);
    return nat.build();
  }

  private DeviceConfiguration share(int number, ShareArgument share) {
    try {
      SharedFolder folder = backends.folder(share.folder(), share.readOnly(), share.ownership());
      return new DeviceConfiguration.Share("share" + number, folder, share.tag(number));
    } catch (IllegalArgumentException e) {
      throw new Failure(ExitStatus.USAGE, "--share: " + e.getMessage(), e);
    }
  }

  /**
   * The disks that keep a machine within themselves.
   *
   * @throws IOException where a writable disk cannot
   */
  DiskSnapshots snapshots() throws IOException {
    long writable =
        request.disks().stream().filter(disk -> !disk.readOnly()).count()
            + request.floppy().filter(disk -> !disk.readOnly()).stream().count();
    List<Qcow2Image> keepers = backends.keepers();
    if (keepers.isEmpty() || keepers.size() < writable) {
      throw new IOException(
          "a snapshot of the machine needs a qcow2 disk, and no writable disk of another format");
    }
    return new DiskSnapshots(keepers);
  }

  /** What the machine is given. */
  List<DeviceConfiguration> configurations() {
    return configurations;
  }

  /** What the machine starts with, or empty for its kernel. */
  Optional<Firmware> firmware() {
    return firmware;
  }

  /** How the guest uses its memory, where there is a balloon in a machine. */
  Optional<BalloonWatch> balloon() {
    return balloon;
  }

  /** What a viewer points with: the tablet once the guest uses it, else the mouse. */
  PointerReceiver pointer(PointerReceiver mouse) {
    return (x, y, width, height, buttons, wheel) -> {
      PointerReceiver absolute = tablet;
      PointerReceiver used = absolute != null && absolute.used() ? absolute : mouse;
      used.pointer(x, y, width, height, buttons, wheel);
    };
  }

  @Override
  public void close() {
    closed = true;
    balloon.ifPresent(BalloonWatch::close);
    backends.close();
  }
}
