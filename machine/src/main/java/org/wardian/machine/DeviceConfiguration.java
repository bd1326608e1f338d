package org.wardian.machine;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.wardian.display.KeyReceiver;
import org.wardian.display.PointerReceiver;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.balloon.VirtioBalloon;
import org.wardian.virtio.console.ConsolePort;
import org.wardian.virtio.console.VirtioConsole;
import org.wardian.virtio.vsock.HostSockets;

/**
 * A device that a machine has on request, behind its PCI host. Devices appear to the guest in the
 * order of the configuration's list.
 *
 * <p>What a device is plugged into (disk, network port) is opened by whoever configures the
 * machine, and closed by the same after the machine was closed. Between, it belongs to the device
 * alone.
 */
public sealed interface DeviceConfiguration {
  /** A name, unique within the machine: 1 to 40 letters, digits, '-', '_' and '.'. */
  String id();

  /** What a disk hangs on. */
  enum DiskBus {
    /** A virtio block device. */
    VIRTIO,
    /** A disk of the virtio SCSI controller, which all of these share. */
    SCSI,
    /** A disk of the IDE controller. */
    IDE,
    /** A disk of the AHCI controller. */
    AHCI
  }

  /** What a network card is. */
  enum CardModel {
    /** A virtio network device. */
    VIRTIO,
    /** An Intel 82540EM. */
    E1000
  }

  /**
   * A disk or a CD-ROM.
   *
   * @param bus what it hangs on
   * @param medium its content
   * @param cdrom whether it is a CD-ROM drive, which {@link DiskBus#VIRTIO} does not know
   * @param serial serial number that the guest sees; ASCII, up to 20 characters; perhaps empty
   * @param queues request queues, 1 to 64; of a virtio disk
   * @param bootIndex its place in the firmware's boot order; the lowest comes first
   * @param unit where it is on a SCSI controller of the configuration; without it, it is the next
   *     target of one of its own
   */
  record Disk(
      String id,
      DiskBus bus,
      BlockDevice medium,
      boolean cdrom,
      String serial,
      int queues,
      OptionalInt bootIndex,
      Optional<ScsiAddress> unit)
      implements DeviceConfiguration {
    /** One that is wherever there is room. */
    public Disk(
        String id,
        DiskBus bus,
        BlockDevice medium,
        boolean cdrom,
        String serial,
        int queues,
        OptionalInt bootIndex) {
      this(id, bus, medium, cdrom, serial, queues, bootIndex, Optional.empty());
    }

    /** Checks names and numbers. */
    public Disk {
      checkId(id);
      Objects.requireNonNull(medium);
      if (cdrom && bus == DiskBus.VIRTIO) {
        throw new IllegalArgumentException(
            id + ": virtio disks are no CD-ROM drives; bus scsi, ide or ahci has those");
      }
      if (!serial.matches("[ -~]{0,20}")) {
        throw new IllegalArgumentException(
            id + ": a disk's serial number has up to 20 ASCII characters, not: " + serial);
      }
      if (queues < 1 || queues > 64) {
        throw new IllegalArgumentException(id + ": a disk has 1 to 64 queues, not " + queues);
      }
    }
  }

  /**
   * Where a unit is.
   *
   * @param controller the controller's name
   * @param target 0 to 255
   * @param unit 0 to 16383
   */
  record ScsiAddress(String controller, int target, int unit) {
    @Override
    public String toString() {
      return controller + " target " + target + " unit " + unit;
    }
  }

  /**
   * A controller of disks, which is there without any too.
   *
   * @param bus {@link DiskBus#SCSI}, or {@link DiskBus#AHCI}, of which there is one
   * @param queues request queues, 1 to 64; of a SCSI controller
   */
  record Controller(String id, DiskBus bus, int queues) implements DeviceConfiguration {
    /** Checks name and numbers. */
    public Controller {
      checkId(id);
      if (bus != DiskBus.SCSI && bus != DiskBus.AHCI) {
        throw new IllegalArgumentException(id + ": bus " + bus + " has no controller to choose");
      }
      if (queues < 1 || queues > 64) {
        throw new IllegalArgumentException(id + ": a host has 1 to 64 queues, not " + queues);
      }
    }
  }

  /**
   * A network card.
   *
   * @param model what the guest finds
   * @param port what it is plugged into
   * @param address its Ethernet address; not a group's
   * @param queues pairs of queues, 1 to 64; of a virtio card
   * @param bootIndex its place in the firmware's boot order; the lowest comes first
   */
  record NetworkCard(
      String id,
      CardModel model,
      NetworkPort port,
      MacAddress address,
      int queues,
      OptionalInt bootIndex)
      implements DeviceConfiguration {
    /** Checks names and numbers. */
    public NetworkCard {
      checkId(id);
      Objects.requireNonNull(port);
      if (address.group()) {
        throw new IllegalArgumentException(id + ": " + address + " is the address of a group");
      }
      if (queues < 1 || queues > 64) {
        throw new IllegalArgumentException(id + ": a card has 1 to 64 queue pairs, not " + queues);
      }
    }
  }

  /**
   * A source of random numbers, which gives the host's.
   *
   * @param bytesPerSecond the most that the guest gets, at least 10
   */
  record Rng(String id, long bytesPerSecond) implements DeviceConfiguration {
    /** Checks names and numbers. */
    public Rng {
      checkId(id);
      if (bytesPerSecond < 10) {
        throw new IllegalArgumentException(id + ": a source of random numbers gives 10 a second");
      }
    }
  }

  /**
   * A floppy drive with a disk in it; a machine has one at most.
   *
   * @param medium its content, of the size of a floppy disk; empty for an empty drive
   */
  record Floppy(String id, BlockDevice medium) implements DeviceConfiguration {
    /** Checks the name. */
    public Floppy {
      checkId(id);
      Objects.requireNonNull(medium);
    }
  }

  /**
   * A virtio console, or channels to programs of the guest.
   *
   * @param ports by number; port 0 is what a driver has that knows but one
   * @param most how many ports there may be, for they come and go; empty where they are these
   * @param input is given the device once it is made, for whoever types into it
   */
  record Console(
      String id, Map<Integer, ConsolePort> ports, OptionalInt most, Consumer<VirtioConsole> input)
      implements DeviceConfiguration {
    /** These ports and no others, by their places in a list. */
    public Console(String id, List<ConsolePort> ports, Consumer<VirtioConsole> input) {
      this(id, numbered(ports), OptionalInt.empty(), input);
    }

    /** Checks names. */
    public Console {
      checkId(id);
      ports = Collections.unmodifiableMap(new TreeMap<>(ports));
    }

    private static Map<Integer, ConsolePort> numbered(List<ConsolePort> ports) {
      Map<Integer, ConsolePort> numbered = new TreeMap<>();
      ports.forEach(port -> numbered.put(numbered.size(), port));
      return numbered;
    }

    /** The same ports in their order, and no others. */
    Console fixed() {
      return new Console(id, List.copyOf(ports.values()), input);
    }
  }

  /**
   * A display with keyboard and mouse; a machine has one at most.
   *
   * @param videoBios the display's option ROM, which a BIOS needs to show anything; empty for none
   */
  record Display(String id, byte[] videoBios) implements DeviceConfiguration {
    /** Checks the name. */
    public Display {
      checkId(id);
      Objects.requireNonNull(videoBios);
    }
  }

  /**
   * A balloon.
   *
   * @param control is given the device once it is made, for whoever blows it up
   */
  record Balloon(String id, Consumer<VirtioBalloon> control) implements DeviceConfiguration {
    /** Checks names. */
    public Balloon {
      checkId(id);
      Objects.requireNonNull(control);
    }
  }

  /**
   * A folder of the host.
   *
   * @param folder what the guest sees
   * @param tag by which a guest mounts it; 1 to 31 letters, digits, '-', '_' and '.'
   */
  record Share(String id, SharedFolder folder, String tag) implements DeviceConfiguration {
    /** Checks names. */
    public Share {
      checkId(id);
      Objects.requireNonNull(folder);
      if (!tag.matches("[A-Za-z0-9._-]{1,31}")) {
        throw new IllegalArgumentException(
            id + ": a tag has 1 to 31 letters, digits, '-', '_' and '.', not: " + tag);
      }
    }
  }

  /**
   * Sockets between guest and host.
   *
   * @param sockets the host's side
   * @param address of the guest (CID), 3 to 2^32 - 2
   */
  record Vsock(String id, HostSockets sockets, long address) implements DeviceConfiguration {
    /** Checks the name. */
    public Vsock {
      checkId(id);
      Objects.requireNonNull(sockets);
    }
  }

  /**
   * A virtio keyboard.
   *
   * @param control is given the device once it is made, for whoever types on it
   */
  record Keyboard(String id, Consumer<KeyReceiver> control) implements DeviceConfiguration {
    /** Checks names. */
    public Keyboard {
      checkId(id);
      Objects.requireNonNull(control);
    }
  }

  /**
   * A virtio tablet.
   *
   * @param control is given the device once it is made, for whoever moves it
   */
  record Tablet(String id, Consumer<PointerReceiver> control) implements DeviceConfiguration {
    /** Checks names. */
    public Tablet {
      checkId(id);
      Objects.requireNonNull(control);
    }
  }

  /**
   * A device in a certain PCI slot.
   *
   * @param device what is there; not a disk or drive of a controller, nor a display
   * @param slot 3 to 29, or 2 where there is no display
   */
  record Placed(DeviceConfiguration device, int slot) implements DeviceConfiguration {
    /** Checks the slot. */
    public Placed {
      Objects.requireNonNull(device);
      if (slot < Peripherals.DISPLAY_SLOT || slot > Peripherals.LAST_SLOT) {
        throw new IllegalArgumentException(
            device.id() + ": devices are in PCI slots 2 to 29, not in " + slot);
      }
    }

    @Override
    public String id() {
      return device.id();
    }
  }

  private static void checkId(String id) {
    if (!id.matches("[A-Za-z0-9._-]{1,40}")) {
      throw new IllegalArgumentException(
          "a device's name has 1 to 40 letters, digits, '-', '_' and '.': " + id);
    }
  }
}
