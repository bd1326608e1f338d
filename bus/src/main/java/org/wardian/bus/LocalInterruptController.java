package org.wardian.bus;

/**
 * What a vCPU asks of its local interrupt controller, on the vCPU's own thread (Intel SDM vol. 3,
 * chapter "Advanced Programmable Interrupt Controller").
 */
public interface LocalInterruptController extends Device {

  /** MSR IA32_APIC_BASE. */
  int IA32_APIC_BASE = 0x1b;

  /** MSR IA32_TSC_DEADLINE. */
  int IA32_TSC_DEADLINE = 0x6e0;

  /**
   * Takes the deliverable vector of highest priority and marks it in service; falls through to the
   * PIC's vector when an external interrupt is asked for.
   *
   * @return the vector, 0 to 255, or -1 when nothing is deliverable
   */
  int acknowledge();

  /** Whether {@link #acknowledge} would return a vector now. */
  boolean pending();

  /**
   * The value of IA32_APIC_BASE. The vCPU itself decodes the page at {@code base & ~0xfff} (within
   * its physical address width) before the MMIO bus, when bit 11 (enabled) is set and bit 10
   * (x2APIC) is clear.
   */
  long base();

  /** Reads the 4 KiB register page: offset 0 to 0xfff, size 1, 2, 4 or 8. */
  long readRegister(int offset, int size);

  /** Writes the 4 KiB register page: offset 0 to 0xfff, size 1, 2, 4 or 8. */
  void writeRegister(int offset, int size, long value);

  /**
   * Reads MSR 0x1b, 0x6e0 or 0x800 to 0x8ff.
   *
   * @throws InvalidMsrException where the processor raises #GP(0)
   */
  long readMsr(int index) throws InvalidMsrException;

  /**
   * Writes MSR 0x1b, 0x6e0 or 0x800 to 0x8ff.
   *
   * @throws InvalidMsrException where the processor raises #GP(0)
   */
  void writeMsr(int index, long value) throws InvalidMsrException;

  /** The task priority as CR8 shows it, 0 to 15. */
  int taskPriority();

  /** Sets the task priority as a write to CR8 does, 0 to 15. */
  void taskPriority(int cr8);

  /**
   * Tells the controller that the time-stamp counter jumped (a write to IA32_TSC or
   * IA32_TSC_ADJUST), so that an armed TSC deadline is reckoned anew.
   */
  default void timestampCounterChanged() {}
}
