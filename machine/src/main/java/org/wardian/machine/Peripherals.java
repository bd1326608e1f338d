package org.wardian.machine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.wardian.bus.InterruptLine;
import org.wardian.chipset.FwCfg;
import org.wardian.chipset.PciFunction;
import org.wardian.chipset.PciHost;
import org.wardian.chipset.Rtc146818;
import org.wardian.host.EventFd;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.platform.Platform;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.balloon.VirtioBalloon;
import org.wardian.virtio.block.VirtioBlock;
import org.wardian.virtio.console.VirtioConsole;
import org.wardian.virtio.input.VirtioKeyboard;
import org.wardian.virtio.input.VirtioTablet;
import org.wardian.virtio.net.VirtioNet;
import org.wardian.virtio.p9.VirtioP9;
import org.wardian.virtio.rng.VirtioRng;
import org.wardian.virtio.scsi.ScsiCdRom;
import org.wardian.virtio.scsi.ScsiDisk;
import org.wardian.virtio.scsi.ScsiUnit;
import org.wardian.virtio.scsi.VirtioScsi;
import org.wardian.virtio.transport.VirtioPci;
import org.wardian.virtio.vsock.VirtioVsock;

/**
 * The devices that a configuration asks for: makes each, and plugs it into the PCI host, which from
 * then on passes life cycle and saved state on to it.
 *
 * <p>Slots {@value #FIRST_SLOT} to {@value #LAST_SLOT} are given out in the configuration's order,
 * where it does not say otherwise; those below and above belong to the board. The display's slot
 * may be asked for where there is none.
 */
final class Peripherals {
  /** Slots 0 to 2 are the board's: host bridge, south bridge, display. */
  static final int FIRST_SLOT = 3;

  /** The name of the SCSI controller that no configuration names. */
  private static final String OWN_HOST = "scsi";

  /** The slot of the display, where there is one. */
  static final int DISPLAY_SLOT = 2;

  /** Slots 30 and 31 are the board's. */
  static final int LAST_SLOT = 29;

  private final Platform platform;
  private final PciHost pci;
  private final Set<String> names = new HashSet<>();
  private final LegacyDevices legacy;
  private final BootOrder order = new BootOrder();
  private final List<VirtioNet> cards = new ArrayList<>();
  private final Map<Integer, PciFunction> slots = new HashMap<>();
  private final Map<String, Integer> slotsOfNames = new HashMap<>();

  /** The slot that the device being added shall have; 0 for any. */
  private int wantedSlot;

  /** The SCSI controllers by name. */
  private final Map<String, VirtioScsi> hosts = new HashMap<>();

  /** Where SCSI disks are that may go, by name. */
  private final Map<String, DeviceConfiguration.ScsiAddress> units = new HashMap<>();

  /**
   * Makes no device yet.
   *
   * @param lines ISA interrupts by number
   */
  Peripherals(
      Platform platform,
      PciHost pci,
      IntFunction<InterruptLine> lines,
      Rtc146818 rtc,
      FwCfg items) {
    this.platform = platform;
    this.pci = pci;
    this.legacy = new LegacyDevices(platform, pci, lines, this::plug, rtc, items);
  }

  /**
   * Makes a device.
   *
   * @throws IllegalArgumentException where there is no such device, no slot for it, or another of
   *     its name
   */
  void add(DeviceConfiguration configuration) {
    if (configuration instanceof DeviceConfiguration.Placed placed) {
      if (slots.containsKey(placed.slot())) {
        throw new IllegalArgumentException(
            placed.id() + ": PCI slot " + placed.slot() + " is taken");
      }
      wantedSlot = placed.slot();
      try {
        add(placed.device());
      } finally {
        wantedSlot = 0;
      }
      return;
    }
    if (!names.add(configuration.id())) {
      throw new IllegalArgumentException("two devices are called " + configuration.id());
    }
    switch (configuration) {
      case DeviceConfiguration.Disk disk -> add(disk);
      case DeviceConfiguration.Controller controller -> add(controller);
      case DeviceConfiguration.NetworkCard card -> add(card);
      case DeviceConfiguration.Rng rng ->
          plug(new VirtioRng(rng.id(), new HostRandom(), platform.timers(), rng.bytesPerSecond()));
      case DeviceConfiguration.Console console -> {
        VirtioConsole device =
            console.most().isPresent()
                ? new VirtioConsole(console.id(), console.ports(), console.most().getAsInt())
                : new VirtioConsole(console.id(), List.copyOf(console.ports().values()), 0, 0);
        plug(device);
        console.input().accept(device);
      }
      case DeviceConfiguration.Balloon balloon -> {
        VirtioBalloon device = new VirtioBalloon(balloon.id());
        plug(device);
        balloon.control().accept(device);
      }
      case DeviceConfiguration.Share share ->
          plug(new VirtioP9(share.id(), share.folder(), share.tag()));
      case DeviceConfiguration.Vsock vsock ->
          plug(new VirtioVsock(vsock.id(), vsock.sockets(), vsock.address()));
      case DeviceConfiguration.Keyboard keyboard -> {
        VirtioKeyboard device = new VirtioKeyboard(keyboard.id());
        plug(device);
        keyboard.control().accept(device);
      }
      case DeviceConfiguration.Tablet tablet -> {
        VirtioTablet device = new VirtioTablet(tablet.id());
        plug(device);
        tablet.control().accept(device);
      }
      case DeviceConfiguration.Floppy floppy -> legacy.addFloppy(floppy);
      case DeviceConfiguration.Display display -> legacy.addDisplay(display);
      case DeviceConfiguration.Placed placed -> throw new IllegalArgumentException(placed.id());
    }
  }

  private void add(DeviceConfiguration.Disk disk) {
    switch (disk.bus()) {
      case VIRTIO -> {
        order.add(disk.bootIndex(), "/pci@i0cf8/scsi@%x/disk@0,0".formatted(slot()));
        plug(new VirtioBlock(disk.id(), disk.medium(), disk.serial(), disk.queues()));
      }
      case IDE -> legacy.addIde(disk, order);
      case AHCI -> legacy.addAhci(disk, slot(), order);
      case SCSI -> addUnit(disk);
    }
  }

  private void add(DeviceConfiguration.Controller controller) {
    if (controller.bus() == DeviceConfiguration.DiskBus.AHCI) {
      legacy.addAhci(slot());
      return;
    }
    VirtioScsi host = new VirtioScsi(controller.id(), controller.queues());
    plug(host);
    hosts.put(controller.id(), host);
  }

  private void addUnit(DeviceConfiguration.Disk disk) {
    if (disk.unit().isEmpty()) {
      ownHost().add(unit(disk));
      return;
    }
    DeviceConfiguration.ScsiAddress address = disk.unit().get();
    VirtioScsi host = hosts.get(address.controller());
    if (host == null) {
      throw new IllegalArgumentException(
          disk.id() + ": there is no SCSI controller " + address.controller());
    }
    host.add(address.target(), address.unit(), unit(disk));
    units.put(disk.id(), address);
    order.add(
        disk.bootIndex(),
        "/pci@i0cf8/scsi@%x/channel@0/disk@%x,%x"
            .formatted(slotsOfNames.get(host.name()), address.target(), address.unit()));
  }

  private static ScsiUnit unit(DeviceConfiguration.Disk disk) {
    return disk.cdrom()
        ? new ScsiCdRom(disk.medium(), disk.serial())
        : new ScsiDisk(disk.medium(), disk.serial());
  }

  /** The host of all SCSI disks that name none, in the slot of the first. */
  private VirtioScsi ownHost() {
    VirtioScsi own = hosts.get(OWN_HOST);
    if (own == null) {
      own = new VirtioScsi(OWN_HOST, 1);
      plug(own);
      hosts.put(OWN_HOST, own);
    }
    return own;
  }

  /** Whether a device is a unit of a SCSI controller that may go. */
  boolean isUnit(String id) {
    return units.containsKey(id);
  }

  /** Takes out a unit of a SCSI controller. */
  void unplugUnit(String id) {
    DeviceConfiguration.ScsiAddress address = units.remove(id);
    hosts.get(address.controller()).remove(address.target(), address.unit());
    names.remove(id);
  }

  private void add(DeviceConfiguration.NetworkCard card) {
    order.add(card.bootIndex(), "/pci@i0cf8/ethernet@%x/ethernet-phy@0".formatted(slot()));
    switch (card.model()) {
      case VIRTIO -> {
        VirtioNet device = new VirtioNet(card.id(), card.port(), card.address(), card.queues());
        cards.add(device);
        plug(device);
      }
      case E1000 -> legacy.addCard(card);
    }
  }

  private void plug(VirtioDevice device) {
    plug(new VirtioPci(device, platform.memory(), true, this::bind));
  }

  /** Doorbells that spare exits, where the accelerator has exits to spare. */
  private Runnable bind(Supplier<EventFd> event, long address, int size) {
    return platform.accelerator() == AcceleratorKind.KVM
        ? platform.bindDoorbell(event.get(), false, address, size, OptionalLong.empty())::close
        : null;
  }

  /**
   * Has the drivers of network cards tell their neighbours where they are: the machine has moved.
   */
  void announce() {
    cards.forEach(VirtioNet::announce);
  }

  /** The devices that real computers have had as well. */
  LegacyDevices legacy() {
    return legacy;
  }

  /** In which order firmware tries the devices. */
  BootOrder bootOrder() {
    return order;
  }

  /** The slot of the next function: the wanted one, or the first that is free. */
  private int slot() {
    return wantedSlot != 0 ? wantedSlot : freeSlot();
  }

  /** The first slot with nothing in it; one behind the last where all are taken. */
  int freeSlot() {
    int slot = FIRST_SLOT;
    while (slots.containsKey(slot)) {
      slot++;
    }
    return slot;
  }

  /**
   * The slot of a device.
   *
   * @return 0 where it has none of its own
   */
  int slotOf(String id) {
    return slotsOfNames.getOrDefault(id, 0);
  }

  /** The function in a slot; null where there is none. */
  PciFunction function(int slot) {
    return slots.get(slot);
  }

  /**
   * Takes the function of a slot out, while no vCPU runs.
   *
   * @return the device's name; null where there is none
   */
  String unplug(int slot) {
    PciFunction function = slots.remove(slot);
    if (function == null) {
      return null;
    }
    String name = function.name();
    units.values().removeIf(address -> address.controller().equals(name));
    hosts.remove(name);
    pci.detach(slot, 0);
    order.remove(slot);
    names.remove(function.name());
    slotsOfNames.remove(function.name());
    cards.removeIf(card -> card.name().equals(function.name()));
    return function.name();
  }

  /** Plugs a function into its slot. */
  void plug(PciFunction function) {
    int slot = slot();
    if (slot > LAST_SLOT) {
      throw new IllegalArgumentException(
          function.name()
              + ": the machine has no free PCI slot; at most "
              + (LAST_SLOT - FIRST_SLOT + 1)
              + " devices fit");
    }
    pci.attach(slot, 0, function);
    slots.put(slot, function);
    slotsOfNames.put(function.name(), slot);
  }
}
