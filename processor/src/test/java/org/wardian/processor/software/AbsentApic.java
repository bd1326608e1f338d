package org.wardian.processor.software;

import org.wardian.bus.InvalidMsrException;
import org.wardian.bus.LocalInterruptController;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** A local APIC that is switched off: no interrupts, no registers, no state. */
public class AbsentApic implements LocalInterruptController {
  @Override
  public int acknowledge() {
    return -1;
  }

  @Override
  public boolean pending() {
    return false;
  }

  @Override
  public final long base() {
    return 0;
  }

  @Override
  public final long readRegister(int offset, int size) {
    return -1;
  }

  @Override
  public final void writeRegister(int offset, int size, long value) {}

  @Override
  public final long readMsr(int index) throws InvalidMsrException {
    throw new InvalidMsrException(index);
  }

  @Override
  public final void writeMsr(int index, long value) throws InvalidMsrException {
    throw new InvalidMsrException(index);
  }

  @Override
  public int taskPriority() {
    return 0;
  }

  @Override
  public final void taskPriority(int cr8) {}

  @Override
  public final String name() {
    return "absent-apic";
  }

  @Override
  public void reset() {}

  @Override
  public final void save(StateWriter out) {}

  @Override
  public final void load(StateReader in) {}
}
