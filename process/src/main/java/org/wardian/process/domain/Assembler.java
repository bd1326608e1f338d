package org.wardian.process.domain;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BiConsumer;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDevice;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Filesystem;
import org.wardian.definition.domain.Input;
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

/** Opens what a domain's document names. */
public final class Assembler {
  /** Bytes a second of random numbers where the document does not limit them. */
  private static final long RANDOM_BYTES = 1 << 20;

  private static final int MOST_QUEUES = 4;
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
  private final MachineParts parts = new MachineParts();
  private final BootPlan boot;

  private Assembler(DomainDocument document, Path runtime, BiConsumer<String, String> stopped) {
    this.document = document;
    this.runtime = runtime;
    this.stopped = stopped;
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
    Assembler assembler = new Assembler(document, runtime, stopped);
    try {
      assembler.assemble();
      return assembler.parts;
    } catch (RuntimeException e) {
      assembler.parts.close();
      throw e;
    }
  }

  private void assemble() {
    for (Disk disk : document.disks()) {
      parts.devices().add(disk(disk));
    }
    document
        .interfaces()
        .forEach(card -> parts.devices().add(Cards.open(card, parts, boot.index(card))));
    new Characters(document, parts).open();
    boolean display =
        document.videos().stream().anyMatch(video -> !video.model().equals("none"))
            || document.videos().isEmpty() && !document.graphics().isEmpty();
    if (display) {
      parts.devices().add(new DeviceConfiguration.Display("video0", FirmwareFiles.videoBios()));
    }
    document.devices().forEach(this::add);
    document
        .balloon()
        .filter(balloon -> !balloon.model().equals("none"))
        .ifPresent(balloon -> {
          String alias = balloon.alias().orElse("balloon0");
          parts.setBalloonAlias(alias);
          parts.devices().add(new DeviceConfiguration.Balloon(alias, parts::setBalloon));
        });
  }

  /** The index among the devices of a kind stands in for an alias that is missing. */
  private String alias(DomainDevice device) {
    return device.alias().orElseGet(() -> device.kind() + parts.devices().size());
  }

  private void add(DomainDevice device) {
    switch (device) {
      case RandomSource random -> parts.devices().add(random(random));
      case Vsock vsock -> parts.devices().add(vsock(vsock));
      case Filesystem folder -> parts.devices().add(folder(folder));
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
    String node =
        disk.source().index().isPresent()
            ? "libvirt-" + disk.source().index().getAsInt() + "-format"
            : alias + "-format";
    if (disk.bus().equals("fdc")) {
      parts.add(
          new Drive(alias, node, Drive.Kind.FLOPPY, Optional.empty(), device, medium, limits));
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
            node,
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
          boot.index(disk));
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
      return new DeviceConfiguration.Vsock(
          alias(vsock),
          parts.backends().sockets(runtime.resolve("vsock-" + address + ".sock")),
          address);
    } catch (java.io.IOException e) {
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
      case "tablet" ->
          parts.devices().add(new DeviceConfiguration.Tablet(alias(input), parts::setTablet));
      case "keyboard" -> {
        if (input.bus().equals("virtio")) {
          parts.devices().add(new DeviceConfiguration.Keyboard(alias(input), keys -> {}));
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

  /** In which order firmware tries the devices. */
  static final class BootPlan {
    private final DomainDocument document;
    private final boolean perDevice;

    BootPlan(DomainDocument document) {
      this.document = document;
      perDevice = document.devices().stream().anyMatch(device -> device.bootOrder().isPresent());
    }

    /** The place of a device; empty where it is not tried. */
    OptionalInt index(DomainDevice device) {
      if (perDevice) {
        return device.bootOrder();
      }
      int place = document.os().bootDevices().indexOf(word(device));
      if (place < 0) {
        return OptionalInt.empty();
      }
      int same = 0;
      for (DomainDevice other : document.devices()) {
        if (other.element() == device.element()) {
          break;
        }
        same += word(other).equals(word(device)) ? 1 : 0;
      }
      return OptionalInt.of(place * 100 + same);
    }

    private static String word(DomainDevice device) {
      return switch (device.kind()) {
        case "disk" ->
            switch (((Disk) device).device()) {
              case "cdrom" -> "cdrom";
              case "floppy" -> "fd";
              default -> "hd";
            };
        case "interface" -> "network";
        default -> "";
      };
    }
  }
}
