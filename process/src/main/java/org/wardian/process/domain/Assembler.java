package org.wardian.process.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.wardian.definition.domain.CharacterDevice;
import org.wardian.definition.domain.Controller;
import org.wardian.definition.domain.DeviceAddress;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDevice;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Filesystem;
import org.wardian.definition.domain.Input;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.domain.RandomSource;
import org.wardian.definition.domain.Vsock;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.process.assembly.DiskRequest;
import org.wardian.process.assembly.FirmwareFiles;
import org.wardian.storage.device.DeviceLimits;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;
import org.wardian.storage.share.Ownership;
import org.wardian.virtio.vsock.HostSockets;

/** Opens what a domain's document names. */
public final class Assembler {
  /** Bytes a second of random numbers where the document does not limit them. */
  private static final long RANDOM_BYTES = 1 << 20;

  private static final int MOST_QUEUES = 4;

  /** PCI slots that devices may have; the others are the board's, the first the display's. */
  private static final int FIRST_SLOT = 2;

  private static final int LAST_SLOT = 29;
  private static final long MILLISECONDS = 1000;

  /** Devices that a guest does well without: they are told of and left out. */
  private static final Set<String> LEFT_OUT =
      Set.of("sound", "audio", "redirdev", "smartcard", "hub", "panic", "parallel", "watchdog");

  /** What has no device of its own, or was made with the board. */
  private static final Set<String> OF_THE_BOARD =
      Set.of("controller", "graphics", "memballoon", "video", "emulator", "lease");

  private final DomainDocument document;
  private final Path runtime;
  private final BiConsumer<String, String> stopped;
  private final MachineParts parts;
  private final BootPlan boot;

  private Assembler(
      DomainDocument document,
      Path runtime,
      BiConsumer<String, String> stopped,
      MachineParts parts) {
    this.document = document;
    this.runtime = runtime;
    this.stopped = stopped;
    this.parts = parts;
    this.boot = new BootPlan(document);
  }

  /**
   * Opens all.
   *
   * @param runtime folder for sockets
   * @param stopped told of a drive's alias and the cause when its policy wants the machine paused
   * @throws AssemblyException where something cannot be had; nothing is left open
   */
  public static MachineParts assemble(
      DomainDocument document, Path runtime, BiConsumer<String, String> stopped) {
    MachineParts parts = new MachineParts();
    try {
      new Assembler(document, runtime, stopped, parts).assemble();
      return parts;
    } catch (RuntimeException e) {
      parts.close();
      throw e;
    }
  }

  /**
   * Opens what one more device of a running machine names.
   *
   * @param parts take it, as {@link #assemble}
   * @return the device's configuration
   * @throws AssemblyException where something cannot be had
   */
  public static DeviceConfiguration attach(
      DomainDocument document,
      DomainDevice device,
      Path runtime,
      BiConsumer<String, String> stopped,
      MachineParts parts) {
    Assembler assembler = new Assembler(document, runtime, stopped, parts);
    return switch (device) {
      case Disk disk -> assembler.placed(disk, assembler.disk(disk));
      case NetworkInterface card -> assembler.placed(card, assembler.card(card));
      case RandomSource random -> assembler.placed(random, assembler.random(random));
      case Filesystem folder -> assembler.placed(folder, assembler.folder(folder));
      case Vsock vsock -> assembler.placed(vsock, assembler.vsock(vsock));
      case Controller controller when controller.type().equals("scsi") ->
          assembler.placed(controller, assembler.controller(controller).orElseThrow());
      default ->
          throw new AssemblyException(
              Reason.REQUEST,
              "a device of kind " + device.kind() + " cannot be attached to a running machine");
    };
  }

  /**
   * Opens what one more console or channel of a running machine is connected to.
   *
   * @param parts take it, as {@link #assemble}
   * @return the number of the virtio console's port that it is to be
   * @throws AssemblyException where it cannot be had
   */
  public static int attachPort(
      DomainDocument document, CharacterDevice device, MachineParts parts) {
    return Characters.attach(document, device, parts);
  }

  private void assemble() {
    for (Controller controller : document.controllers()) {
      controller(controller).ifPresent(made -> add(controller, made));
    }
    for (Disk disk : document.disks()) {
      add(disk, disk(disk));
    }
    for (NetworkInterface card : document.interfaces()) {
      add(card, card(card));
    }
    new Characters(document, parts)
        .open()
        .ifPresent(made ->
            document.controllers().stream()
                .filter(controller -> controller.type().equals("virtio-serial"))
                .findFirst()
                .ifPresentOrElse(
                    controller -> add(controller, made), () -> parts.devices().add(made)));
    if (hasDisplay()) {
      parts.devices().add(new DeviceConfiguration.Display("video0", FirmwareFiles.videoBios()));
    }
    document.devices().forEach(this::add);
    document
        .balloon()
        .filter(balloon -> !balloon.model().equals("none"))
        .ifPresent(balloon -> {
          String alias = balloon.alias().orElse("balloon0");
          parts.setBalloonAlias(alias);
          add(
              balloon,
              new DeviceConfiguration.Balloon(
                  alias,
                  device -> {
                    device.offer(balloon.isReportingFreePages(), balloon.isDeflatedWhenShort());
                    parts.setBalloon(device);
                  }));
        });
    // Those with an address first: the others take the slots that are left.
    parts.devices().sort(Comparator.comparing(d -> !(d instanceof DeviceConfiguration.Placed)));
  }

  private boolean hasDisplay() {
    return document.videos().stream().anyMatch(video -> !video.model().equals("none"))
        || document.videos().isEmpty() && !document.graphics().isEmpty();
  }

  private void add(DomainDevice device, DeviceConfiguration made) {
    parts.devices().add(placed(device, made));
  }

  /** A device in the PCI slot of its address, where it has one of its own on the root bus. */
  private DeviceConfiguration placed(DomainDevice device, DeviceConfiguration made) {
    boolean ownSlot =
        switch (made) {
          case DeviceConfiguration.Disk disk -> disk.bus() == DeviceConfiguration.DiskBus.VIRTIO;
          case DeviceConfiguration.Floppy floppy -> false;
          case DeviceConfiguration.Display display -> false;
          default -> true;
        };
    return ownSlot && isPlaced(device)
        ? new DeviceConfiguration.Placed(
            made, ((DeviceAddress.Pci) device.address().orElseThrow()).slot())
        : made;
  }

  /** Whether a device has an address that our board can give it. */
  private boolean isPlaced(DomainDevice device) {
    return device.address().orElse(null) instanceof DeviceAddress.Pci pci
        && pci.bus() == 0
        && pci.function() == 0
        && pci.slot() >= (hasDisplay() ? FIRST_SLOT + 1 : FIRST_SLOT)
        && pci.slot() <= LAST_SLOT;
  }

  /** A controller whose disks come and go, or that has a place. */
  private Optional<DeviceConfiguration> controller(Controller controller) {
    DeviceConfiguration.DiskBus bus =
        switch (controller.type()) {
          case "scsi" -> DeviceConfiguration.DiskBus.SCSI;
          case "sata" -> DeviceConfiguration.DiskBus.AHCI;
          default -> null;
        };
    // There is one AHCI controller, which appears with its first disk where it has no place.
    boolean wanted =
        bus == DeviceConfiguration.DiskBus.SCSI
            || bus == DeviceConfiguration.DiskBus.AHCI
                && controller.index() == 0
                && isPlaced(controller);
    if (!wanted) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new DeviceConfiguration.Controller(
              controllerName(controller), bus, controller.queues().orElse(1)));
    } catch (IllegalArgumentException e) {
      throw new AssemblyException(Reason.REQUEST, e.getMessage(), e);
    }
  }

  private static String controllerName(Controller controller) {
    return controller.alias().orElse(controller.type() + controller.index());
  }

  /** Where a SCSI disk is, where its controller is in the document. */
  private Optional<DeviceConfiguration.ScsiAddress> unit(Disk disk) {
    if (!disk.bus().equals("scsi")
        || !(disk.address().orElse(null) instanceof DeviceAddress.Drive drive)) {
      return Optional.empty();
    }
    return document.controllers().stream()
        .filter(controller -> controller.type().equals("scsi"))
        .filter(controller -> controller.index() == drive.controller())
        .findFirst()
        .map(controller ->
            new DeviceConfiguration.ScsiAddress(
                controllerName(controller), drive.target(), drive.unit()));
  }

  private DeviceConfiguration card(NetworkInterface card) {
    return Cards.open(card, parts, boot.index(card));
  }

  /** The index among the devices of a kind stands in for an alias that is missing. */
  private String alias(DomainDevice device) {
    return device.alias().orElseGet(() -> device.kind() + parts.devices().size());
  }

  private void add(DomainDevice device) {
    switch (device) {
      case RandomSource random -> add(random, random(random));
      case Vsock vsock -> add(vsock, vsock(vsock));
      case Filesystem folder -> add(folder, folder(folder));
      case Input input -> input(input);
      default -> check(device);
    }
  }

  private static void check(DomainDevice device) {
    String kind = device.kind();
    boolean made =
        OF_THE_BOARD.contains(kind)
            || Set.of("disk", "interface", "serial", "console", "channel").contains(kind);
    if (LEFT_OUT.contains(kind)) {
      System.getLogger(Assembler.class.getName())
          .log(System.Logger.Level.WARNING, "this machine has no {0}: it is left out", kind);
    } else if (!made) {
      throw new AssemblyException(
          Reason.REQUEST, "this machine cannot have a device of kind " + kind + ": remove it");
    }
  }

  private DeviceConfiguration disk(Disk disk) {
    String alias = alias(disk);
    Optional<DiskRequest> medium = DiskWords.medium(disk);
    DeviceOptions options = DiskWords.options(disk);
    ImageDevice device =
        medium.isPresent()
            ? parts
                .backends()
                .image(alias, medium.get(), (d, cause) -> stopped.accept(alias, cause))
            : new ImageDevice(
                alias, new EmptyMedium(), options, cause -> stopped.accept(alias, cause));
    if (medium.isEmpty()) {
      parts.backends().own(device);
    }
    DeviceLimits limits = options.limits();
    parts.nodes().name(disk, alias, device.source());
    if (disk.bus().equals("fdc")) {
      parts.add(
          new Drive(
              alias, parts.nodes(), Drive.Kind.FLOPPY, Optional.empty(), device, medium, limits));
      return new DeviceConfiguration.Floppy(alias, device);
    }
    boolean cdrom = disk.device().equals("cdrom");
    if (medium.isEmpty() && !cdrom) {
      throw new AssemblyException(
          Reason.REQUEST, "disk " + disk.target() + " has no image; only a CD-ROM may be empty");
    }
    Drive drive =
        new Drive(
            alias,
            parts.nodes(),
            cdrom ? Drive.Kind.CDROM : Drive.Kind.DISK,
            DiskWords.bus(disk),
            device,
            medium,
            limits);
    parts.add(drive);
    try {
      return new DeviceConfiguration.Disk(
          alias,
          drive.bus().orElseThrow(),
          device,
          cdrom,
          disk.serial().orElse(""),
          disk.queues().orElse(Math.min(document.processors(), MOST_QUEUES)),
          boot.index(disk),
          unit(disk));
    } catch (IllegalArgumentException e) {
      throw new AssemblyException(Reason.REQUEST, e.getMessage(), e);
    }
  }

  private DeviceConfiguration random(RandomSource random) {
    long bytes =
        random.rateBytes().isPresent()
            ? random.rateBytes().getAsLong()
                * MILLISECONDS
                / Math.max(1, random.ratePeriod().orElse(MILLISECONDS))
            : RANDOM_BYTES;
    return new DeviceConfiguration.Rng(alias(random), Math.max(bytes, 10));
  }

  private DeviceConfiguration vsock(Vsock vsock) {
    long address =
        vsock
            .contextId()
            .orElseThrow(() ->
                new AssemblyException(
                    Reason.REQUEST, "vsock: the document of a running domain has its address"));
    try {
      String alias = alias(vsock);
      HostSockets sockets = parts.backends().sockets(runtime.resolve("vsock-" + address + ".sock"));
      parts.add(alias, sockets);
      return new DeviceConfiguration.Vsock(alias, sockets, address);
    } catch (IOException e) {
      throw new AssemblyException(Reason.HOST, "vsock " + address + ": " + e.getMessage(), e);
    }
  }

  private DeviceConfiguration folder(Filesystem folder) {
    if (!folder.driver().equals("path")) {
      throw new AssemblyException(
          Reason.REQUEST,
          "filesystem "
              + folder.target()
              + ": this machine shares folders by 9p (driver type 'path'), not by "
              + folder.driver());
    }
    Path source =
        Path.of(
            folder
                .source()
                .orElseThrow(() ->
                    new AssemblyException(
                        Reason.REQUEST, "filesystem " + folder.target() + " names no folder")));
    Ownership ownership =
        folder.accessMode().equals("passthrough") ? Ownership.HOST : Ownership.ROOT;
    try {
      return new DeviceConfiguration.Share(
          alias(folder),
          parts.backends().folder(source, folder.isReadOnly(), ownership),
          folder.target());
    } catch (IllegalArgumentException e) {
      throw new AssemblyException(Reason.REQUEST, e.getMessage(), e);
    }
  }

  private void input(Input input) {
    switch (input.type()) {
      // A tablet on USB is one on PCI here: what a guest has a driver for matters, not the bus.
      case "tablet" -> add(input, new DeviceConfiguration.Tablet(alias(input), parts::setTablet));
      case "keyboard" -> {
        if (input.bus().equals("virtio")) {
          add(input, new DeviceConfiguration.Keyboard(alias(input), keys -> {}));
        }
      }
      case "mouse" -> {
        // The board's own.
      }
      default ->
          throw new AssemblyException(
              Reason.REQUEST, "this machine cannot have an input of type " + input.type());
    }
  }
}
