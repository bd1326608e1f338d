package org.wardian.machine;

import java.util.HashSet;
import java.util.Set;
import org.wardian.chipset.PciFunction;
import org.wardian.chipset.PciHost;

/**
 * The devices that a configuration asks for: makes each, and plugs it into the PCI host, which from
 * then on passes life cycle and saved state on to it.
 *
 * <p>Slots {@value #FIRST_SLOT} to {@value #LAST_SLOT} are given out in the configuration's order;
 * those below and above belong to the board.
 */
final class Peripherals {
  /** Slots 0 to 2 are the board's: host bridge, south bridge, display. */
  static final int FIRST_SLOT = 3;

  /** Slots 30 and 31 are the board's. */
  static final int LAST_SLOT = 29;

  private final PciHost pci;
  private final Set<String> names = new HashSet<>();
  private int nextSlot = FIRST_SLOT;

  Peripherals(PciHost pci) {
    this.pci = pci;
  }

  /**
   * Makes a device.
   *
   * @throws IllegalArgumentException where there is no such device, no slot for it, or another of
   *     its name
   */
  void add(DeviceConfiguration configuration) {
    if (!names.add(configuration.id())) {
      throw new IllegalArgumentException("two devices are called " + configuration.id());
    }
    switch (configuration) {
      case DeviceConfiguration.Disk disk -> add(disk);
      case DeviceConfiguration.NetworkCard card -> add(card);
    }
  }

  private void add(DeviceConfiguration.Disk disk) {
    switch (disk.bus()) {
      case VIRTIO, SCSI, IDE, AHCI -> throw absent(disk.id(), "disks on bus " + disk.bus());
    }
  }

  private void add(DeviceConfiguration.NetworkCard card) {
    switch (card.model()) {
      case VIRTIO, E1000 -> throw absent(card.id(), "network cards of model " + card.model());
    }
  }

  private static IllegalArgumentException absent(String id, String kind) {
    return new IllegalArgumentException(id + ": this machine has no " + kind);
  }

  /** Plugs a function into the next free slot. */
  void plug(PciFunction function) {
    if (nextSlot > LAST_SLOT) {
      throw new IllegalArgumentException(
          function.name()
              + ": the machine has no free PCI slot; at most "
              + (LAST_SLOT - FIRST_SLOT + 1)
              + " devices fit");
    }
    pci.attach(nextSlot++, 0, function);
  }
}
