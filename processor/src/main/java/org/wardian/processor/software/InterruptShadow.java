package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * The instruction after STI, MOV SS and POP SS, before which no interrupt is taken. Source: Intel
 * SDM vol. 3 section 6.8.
 */
final class InterruptShadow {
  /** {@link StateLayout#INTERRUPT_SHADOW} after STI: interrupts wait. */
  static final int STI = 1;

  /** {@link StateLayout#INTERRUPT_SHADOW} after a load of SS: debug traps wait too. */
  static final int STACK = 2;

  /** No address of an instruction. */
  private static final long NOWHERE = 1L << 62;

  private final Cpu cpu;

  InterruptShadow(Cpu cpu) {
    this.cpu = cpu;
  }

  /** Whether one is in force. */
  boolean isCast() {
    return RawMemory.getInt(cpu.state + StateLayout.INTERRUPT_SHADOW) != 0;
  }

  /** None from here on. */
  void lift() {
    RawMemory.putInt(cpu.state + StateLayout.INTERRUPT_SHADOW, 0);
  }

  /** MOV SS and POP SS: no interrupt and no debug trap before the instruction after the next. */
  void stack() {
    RawMemory.putInt(cpu.state + StateLayout.INTERRUPT_SHADOW, STACK);
    cpu.raise(Cpu.PENDING_STEP);
  }

  /**
   * STI, where nothing is pending: only if something is when the instruction at {@code rip} is
   * reached, that is executed alone.
   */
  void lazily(long rip) {
    shielded(rip);
  }

  /** {@link #lazily} no longer holds. */
  void forget() {
    shielded(NOWHERE);
  }

  /** Makes the shadow of STI real where its instruction is still to come. */
  void cast() {
    if (shielded() == NOWHERE) {
      return;
    }
    if (cpu.rip() == shielded()
        && RawMemory.getInt(cpu.state + StateLayout.INTERRUPT_SHADOW) == 0) {
      RawMemory.putInt(cpu.state + StateLayout.INTERRUPT_SHADOW, STI);
      cpu.raise(Cpu.PENDING_STEP);
    }
    shielded(NOWHERE);
  }

  private long shielded() {
    return RawMemory.getLong(cpu.state + SystemWords.SHIELDED);
  }

  private void shielded(long rip) {
    RawMemory.putLong(cpu.state + SystemWords.SHIELDED, rip);
  }
}
