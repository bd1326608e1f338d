package org.wardian.chipset;

import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The PC's two cascaded 8259A interrupt controllers with the edge/level control registers of later
 * chipsets (Intel 8259A data sheet; 82371SB data sheet for ELCR). Lines 0 to 7 belong to the
 * master, 8 to 15 to the slave, which hangs on the master's line 2.
 */
public final class Pic8259 implements Device {
  /** Ports 0x20 and 0x21. */
  public static final int MASTER_PORT = 0x20;

  /** Ports 0xa0 and 0xa1. */
  public static final int SLAVE_PORT = 0xa0;

  /** Ports 0x4d0 and 0x4d1. */
  public static final int ELCR_PORT = 0x4d0;

  /** Number of lines, of which line 2 is the cascade. */
  public static final int LINES = 16;

  private static final int CASCADE = 2;

  /** Lines 0, 1, 2, 8 and 13 are edge triggered on every PC. */
  private static final int ELCR_WRITABLE = 0xdef8;

  private final InterruptLine output;
  private final Pic8259Chip master = new Pic8259Chip(true);
  private final Pic8259Chip slave = new Pic8259Chip(false);

  /**
   * Makes the pair, not yet initialised by the guest.
   *
   * @param output the INTR line
   */
  public Pic8259(InterruptLine output) {
    this.output = output;
  }

  @Override
  public String name() {
    return "pic";
  }

  @Override
  public synchronized void reset() {
    Pic8259Registers now = registers();
    registers(
        new Pic8259Registers(
            Pic8259Registers.Chip.powerOn(now.master().lines()),
            Pic8259Registers.Chip.powerOn(now.slave().lines())));
  }

  /**
   * The wire to a line, 0 to 15 except 2.
   *
   * @throws IllegalArgumentException if there is no such line
   */
  public InterruptLine line(int number) {
    if (number < 0 || number >= LINES || number == CASCADE) {
      throw new IllegalArgumentException("the PIC has no line " + number + " to connect");
    }
    Pic8259Chip chip = number < 8 ? master : slave;
    return level -> {
      synchronized (this) {
        chip.set(number & 7, level);
        update();
      }
    };
  }

  /**
   * The interrupt acknowledge cycle.
   *
   * @return the vector, 0 to 255; that of line 7 or 15 when the request has gone (spurious)
   */
  public synchronized int acknowledge() {
    int line = master.acknowledge();
    int vector;
    if (line == CASCADE) {
      vector = slave.vector(slave.acknowledge());
    } else {
      vector = master.vector(line);
    }
    update();
    return vector;
  }

  /** The two ports of the master. */
  public IoHandler masterPorts() {
    return new Ports(master);
  }

  /** The two ports of the slave. */
  public IoHandler slavePorts() {
    return new Ports(slave);
  }

  /** The two edge/level control ports. */
  public IoHandler edgeLevelPorts() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 1;
      }

      @Override
      public long read(long offset, int size) {
        synchronized (Pic8259.this) {
          return (offset == 0 ? master : slave).edgeLevelControl();
        }
      }

      @Override
      public void write(long offset, int size, long value) {
        synchronized (Pic8259.this) {
          int writable = offset == 0 ? ELCR_WRITABLE & 0xff : ELCR_WRITABLE >> 8;
          (offset == 0 ? master : slave).edgeLevelControl((int) value & writable);
          update();
        }
      }
    };
  }

  private final class Ports implements IoHandler {
    private final Pic8259Chip chip;

    Ports(Pic8259Chip chip) {
      this.chip = chip;
    }

    @Override
    public int widest() {
      return 1;
    }

    @Override
    public long read(long offset, int size) {
      synchronized (Pic8259.this) {
        int value = chip.read((int) offset & 1);
        update();
        return value;
      }
    }

    @Override
    public void write(long offset, int size, long value) {
      synchronized (Pic8259.this) {
        chip.write((int) offset & 1, (int) value & 0xff);
        update();
      }
    }
  }

  private void update() {
    master.cascade(slave.requesting());
    output.set(master.requesting());
  }

  /** All registers now. */
  public synchronized Pic8259Registers registers() {
    return new Pic8259Registers(master.registers(), slave.registers());
  }

  /** Takes over registers and the levels of the lines, and drives the output as they say. */
  public synchronized void registers(Pic8259Registers registers) {
    master.registers(registers.master());
    slave.registers(registers.slave());
    update();
  }

  @Override
  public synchronized void save(StateWriter out) {
    registers().save(name(), out);
  }

  @Override
  public synchronized void load(StateReader in) {
    registers(Pic8259Registers.load(name(), in));
  }
}
