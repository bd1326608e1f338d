package org.wardian.conformance.oracle;

import org.wardian.bus.InvalidMsrException;
import org.wardian.bus.LocalInterruptController;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** A processor whose local APIC is switched off: no interrupts, no registers. */
public final class AbsentApic implements LocalInterruptController {
  @Override
  public int acknowledge() {
    return -1;
  }

  @Override
  public boolean pending() {
    return false;
  }

  @Override
  public long base() {
    return 0;
  }

  @Override
  public long readRegister(int offset, int size) {
    return -1;
  }

  @Override
  public void writeRegister(int offset, int size, long value) {
    // Nothing answers at the address of a disabled APIC.
  }

  @Override
  public long readMsr(int index) throws InvalidMsrException {
    throw new InvalidMsrException(index);
  }

  @Override
  public void writeMsr(int index, long value) throws InvalidMsrException {
    throw new InvalidMsrException(index);
  }

  @Override
  public int taskPriority() {
    return 0;
  }

  @Override
  public void taskPriority(int cr8) {
    // Without an APIC there is no priority to keep.
  }

  @Override
  public String name() {
    return "absent-apic";
  }

  @Override
  public void reset() {
    // No state.
  }

  @Override
  public void save(StateWriter out) {
    throw new UnsupportedOperationException("a processor that is compared is not saved");
  }

  @Override
  public void load(StateReader in) {
    throw new UnsupportedOperationException("a processor that is compared is not saved");
  }
}
