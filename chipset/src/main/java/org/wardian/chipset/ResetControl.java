package org.wardian.chipset;

import org.wardian.bus.Device;
import org.wardian.bus.IoHandler;
import org.wardian.bus.PowerControl;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The reset control register at port 0xcf9 (82371SB data sheet, "Reset Control Register"), which
 * the ACPI FADT names as its reset register with the value {@link #RESET_VALUE}.
 *
 * <p>The port lies within the double word of PCI's configuration address: {@link PciHost} claims
 * that and hands byte accesses here.
 */
public final class ResetControl implements Device, IoHandler {
  /** The port. */
  public static final int PORT = 0xcf9;

  /** What to write for a hard reset. */
  public static final int RESET_VALUE = 0x06;

  private static final int STATE_VERSION = 1;
  private static final int RESET_CPU = 0x04;
  private static final int WRITABLE = 0x0e;

  private final PowerControl power;
  private int register;

  /** Makes the register. */
  public ResetControl(PowerControl power) {
    this.power = power;
  }

  @Override
  public String name() {
    return "reset-control";
  }

  @Override
  public synchronized void reset() {
    register = 0;
  }

  @Override
  public int widest() {
    return 1;
  }

  @Override
  public synchronized long read(long offset, int size) {
    return register;
  }

  /** A rising edge of bit 2 resets. */
  @Override
  public synchronized void write(long offset, int size, long value) {
    boolean reset = (value & ~register & RESET_CPU) != 0;
    register = (int) value & WRITABLE;
    if (reset) {
      power.reset();
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeByte(register);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    register = in.readByte() & WRITABLE;
    in.end();
  }
}
