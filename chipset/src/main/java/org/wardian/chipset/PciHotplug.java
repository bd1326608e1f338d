package org.wardian.chipset;

import java.util.function.IntConsumer;
import org.wardian.bus.Device;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * Tells the guest by ACPI of PCI devices that came, and of those that it shall let go: QEMU's
 * interface (docs/specs/acpi_pci_hotplug.txt), which firmware's and our own tables describe.
 */
public final class PciHotplug implements Device {
  /** The first port. */
  public static final int PORT = 0xae00;

  /** How many ports there are. */
  public static final int PORTS = 0x14;

  /** The general-purpose event that tells of a change. */
  public static final int EVENT = 1;

  private static final int UP = 0;
  private static final int DOWN = 4;
  private static final int EJECT = 8;
  private static final int REMOVABLE = 12;

  private static final int STATE_VERSION = 1;

  private final int removable;
  private final AcpiPowerManagement power;
  private final IntConsumer ejected;
  private int up;
  private int down;

  /**
   * A controller.
   *
   * @param removable a bit for each slot whose device may go
   * @param ejected takes the slot that the guest lets go; called by a vCPU's thread, or by that
   *     which resets the machine
   */
  public PciHotplug(int removable, AcpiPowerManagement power, IntConsumer ejected) {
    this.removable = removable;
    this.power = power;
    this.ejected = ejected;
  }

  /** A device was plugged into a slot. Any thread. */
  public void plugged(int slot) {
    synchronized (this) {
      up |= 1 << slot;
    }
    power.event(EVENT);
  }

  /** The guest shall let the device in a slot go. Any thread. */
  public void unplug(int slot) {
    synchronized (this) {
      down |= 1 << slot;
    }
    power.event(EVENT);
  }

  /** The registers. */
  public IoHandler ports() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 4;
      }

      @Override
      public long read(long offset, int size) {
        return Integer.toUnsignedLong(PciHotplug.this.read((int) offset)) & (1L << 8 * size) - 1;
      }

      @Override
      public void write(long offset, int size, long value) {
        if (offset == EJECT) {
          eject((int) value);
        }
      }
    };
  }

  private synchronized int read(int offset) {
    return switch (offset) {
      case UP -> {
        int came = up;
        up = 0;
        yield came;
      }
      case DOWN -> down;
      case REMOVABLE -> removable;
      default -> 0;
    };
  }

  private void eject(int slots) {
    int gone = slots & removable;
    synchronized (this) {
      down &= ~gone;
    }
    for (int slot = 0; slot < PciHost.SLOTS; slot++) {
      if ((gone & 1 << slot) != 0) {
        ejected.accept(slot);
      }
    }
  }

  @Override
  public String name() {
    return "pci-hotplug";
  }

  /** A guest that starts anew finds what is there, and nothing that was to go. */
  @Override
  public void reset() {
    int pending;
    synchronized (this) {
      up = 0;
      pending = down;
    }
    eject(pending);
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeInts(new int[] {up, down});
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    int[] registers = new int[2];
    in.readInts(registers);
    in.end();
    up = registers[0] & removable;
    down = registers[1] & removable;
  }
}
