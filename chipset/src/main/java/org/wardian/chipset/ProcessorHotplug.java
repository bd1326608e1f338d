package org.wardian.chipset;

import java.util.function.IntConsumer;
import org.wardian.bus.Device;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * Tells the guest by ACPI of processors that came, and of those that it shall let go: QEMU's
 * interface (docs/specs/acpi_cpu_hotplug.txt, "Modern ACPI CPU hotplug interface registers"), which
 * our tables describe. Its older one, a bitmap at the same ports, is not there.
 */
public final class ProcessorHotplug implements Device {
  /** The first port. */
  public static final int PORT = 0xaf00;

  /** How many ports there are. */
  public static final int PORTS = 12;

  /** The general-purpose event that tells of a change. */
  public static final int EVENT = 2;

  // Registers: what is written to the first chooses the processor of the others.
  private static final int SELECTOR = 0;
  private static final int FLAGS = 4;
  private static final int COMMAND = 5;
  private static final int DATA = 8;

  // Flags.
  private static final int ENABLED = 1;
  private static final int INSERTED = 1 << 1;
  private static final int REMOVING = 1 << 2;
  private static final int EJECT = 1 << 3;
  private static final int FIRMWARE_EJECTS = 1 << 4;

  // Commands.
  private static final int NEXT_EVENT = 0;
  private static final int ARCHITECTURE_ID = 3;

  private static final int STATE_VERSION = 1;

  private final AcpiPowerManagement power;
  private final IntConsumer ejected;
  private final int[] flags;
  private int selected;
  private int command;

  /**
   * A controller.
   *
   * @param present a bit for each processor that is there at the start
   * @param count processors that may be there, each with its number as APIC ID
   * @param ejected takes the processor that the guest lets go; called by a vCPU's thread, or by
   *     that which resets the machine
   */
  public ProcessorHotplug(long present, int count, AcpiPowerManagement power, IntConsumer ejected) {
    this.power = power;
    this.ejected = ejected;
    flags = new int[count];
    for (int id = 0; id < count; id++) {
      flags[id] = (present >>> id & 1) != 0 ? ENABLED : 0;
    }
  }

  /** A processor has come. Any thread. */
  public void plugged(int id) {
    synchronized (this) {
      flags[id] = ENABLED | INSERTED;
    }
    power.event(EVENT);
  }

  /** A processor has gone. Any thread. */
  public synchronized void unplugged(int id) {
    flags[id] = 0;
  }

  /** The guest shall let a processor go. Any thread. */
  public void unplug(int id) {
    synchronized (this) {
      flags[id] |= REMOVING;
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
        return Integer.toUnsignedLong(ProcessorHotplug.this.read((int) offset))
            & (1L << 8 * size) - 1;
      }

      @Override
      public void write(long offset, int size, long value) {
        ProcessorHotplug.this.write((int) offset, (int) value);
      }
    };
  }

  private synchronized int read(int offset) {
    if (Integer.compareUnsigned(selected, flags.length) >= 0) {
      return 0;
    }
    return switch (offset) {
      case FLAGS -> flags[selected];
      case DATA -> command == NEXT_EVENT || command == ARCHITECTURE_ID ? selected : 0;
      default -> 0;
    };
  }

  private void write(int offset, int value) {
    int gone = -1;
    synchronized (this) {
      if (offset == SELECTOR) {
        selected = value;
      }
      if (Integer.compareUnsigned(selected, flags.length) >= 0) {
        return;
      }
      if (offset == COMMAND) {
        command = value & 0xff;
        if (command == NEXT_EVENT) {
          selectEvent();
        }
      } else if (offset == FLAGS) {
        gone = change(value);
      }
    }
    if (gone >= 0) {
      ejected.accept(gone);
    }
  }

  /** The next processor with something to tell, from the selected one on. */
  private void selectEvent() {
    for (int i = 0; i < flags.length; i++) {
      int id = (selected + i) % flags.length;
      if ((flags[id] & (INSERTED | REMOVING)) != 0) {
        selected = id;
        return;
      }
    }
  }

  /** Clears events, and lets a processor go, whose number this returns; else -1. */
  private int change(int value) {
    int before = flags[selected];
    flags[selected] &= ~(value & (INSERTED | REMOVING));
    if ((value & FIRMWARE_EJECTS) != 0) {
      flags[selected] |= FIRMWARE_EJECTS;
    }
    // The first processor boots the machine.
    return (value & EJECT) != 0 && (before & ENABLED) != 0 && selected != 0 ? selected : -1;
  }

  @Override
  public String name() {
    return "processor-hotplug";
  }

  /** A guest that starts anew finds what is there, and nothing that was to go. */
  @Override
  public void reset() {
    for (int id = 1; id < flags.length; id++) {
      boolean going;
      synchronized (this) {
        going = (flags[id] & REMOVING) != 0;
        flags[id] &= ENABLED;
      }
      if (going) {
        ejected.accept(id);
      }
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeInts(flags);
    out.writeInt(selected);
    out.writeInt(command);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    in.readInts(flags);
    for (int id = 0; id < flags.length; id++) {
      flags[id] &= ENABLED | INSERTED | REMOVING | FIRMWARE_EJECTS;
    }
    selected = in.readInt();
    command = in.readInt() & 0xff;
    in.end();
  }
}
