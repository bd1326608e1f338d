package org.wardian.processor;

import org.wardian.memory.RawMemory;
import org.wardian.x86.Cpuid;
import org.wardian.x86.StateLayout;

/** What a processor holds after power on and RESET. Source: Intel SDM vol. 3 table 10-1. */
public final class PowerOnState {
  private static final int RDX = 2;

  /** Attributes of a real-mode data segment: present, writable, accessed. */
  private static final int DATA = 0x93;

  private PowerOnState() {}

  /** Writes the state to the block at host address {@code state}. */
  public static void write(long state) {
    RawMemory.fill(state, StateLayout.ARCHITECTURAL_SIZE, (byte) 0);
    RawMemory.putLong(state + StateLayout.CR0, 0x60000010L);
    for (int s = 0; s < 6; s++) {
      segment(state, s, 0, DATA, 0);
    }
    segment(state, StateLayout.CS, 0xf000, 0x9b, 0xffff0000L);
    segment(state, StateLayout.LDTR, 0, 0x82, 0);
    segment(state, StateLayout.TR, 0, 0x8b, 0);
    RawMemory.putInt(state + StateLayout.GDTR_LIMIT, 0xffff);
    RawMemory.putInt(state + StateLayout.IDTR_LIMIT, 0xffff);
    RawMemory.putLong(state + StateLayout.RIP, 0xfff0);
    RawMemory.putLong(state + StateLayout.GPR + 8 * RDX, Cpuid.SIGNATURE & 0xffffffffL);
    RawMemory.putLong(state + StateLayout.DR6, 0xffff0ff0L);
    RawMemory.putLong(state + StateLayout.DR7, 0x400);
    RawMemory.putLong(state + StateLayout.PAT, 0x0007040600070406L);
    RawMemory.putLong(state + StateLayout.MISC_ENABLE, 1);
    RawMemory.putLong(state + StateLayout.XCR0, 1);
    RawMemory.putShort(state + StateLayout.FCW, (short) 0x40);
    RawMemory.putInt(state + StateLayout.MXCSR, 0x1f80);
    RawMemory.putLong(state + StateLayout.EFLAGS, 2);
    Flags.set(state, 0);
  }

  private static void segment(long state, int number, int selector, int attributes, long base) {
    long at = state + StateLayout.segment(number);
    RawMemory.putShort(at + StateLayout.SELECTOR, (short) selector);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, 0xffff);
    RawMemory.putLong(at + StateLayout.BASE, base);
  }
}
