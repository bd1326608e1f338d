package org.wardian.processor;

import org.wardian.memory.RawMemory;
import org.wardian.x86.Cpuid;
import org.wardian.x86.StateLayout;

/** What a processor holds after power on and RESET. Source: Intel SDM vol. 3 table 10-1. */
public final class PowerOnState {
  private static final int RDX = 2;

  private static final long CACHE_DISABLE = 1 << 30;
  private static final long NOT_WRITE_THROUGH = 1 << 29;
  private static final long EXTENSION_TYPE = 1 << 4;

  /** Attributes of a real-mode data segment: present, writable, accessed. */
  private static final int DATA = 0x93;

  private PowerOnState() {}

  /**
   * Writes the state to the block at host address {@code state}, but for {@link
   * StateLayout#PENDING}, which other threads write too.
   */
  public static void write(long state) {
    int behind = StateLayout.PENDING + 4;
    RawMemory.fill(state, StateLayout.PENDING, (byte) 0);
    RawMemory.fill(state + behind, StateLayout.ARCHITECTURAL_SIZE - behind, (byte) 0);
    RawMemory.putLong(state + StateLayout.CR0, CACHE_DISABLE | NOT_WRITE_THROUGH | EXTENSION_TYPE);
    RawMemory.putLong(state + StateLayout.GPR + 8 * RDX, Cpuid.SIGNATURE & 0xffffffffL);
    registers(state);
    RawMemory.putLong(state + StateLayout.PAT, 0x0007040600070406L);
    RawMemory.putLong(state + StateLayout.MISC_ENABLE, 1);
    RawMemory.putLong(state + StateLayout.XCR0, 1);
    RawMemory.putShort(state + StateLayout.FCW, (short) 0x40);
    RawMemory.putInt(state + StateLayout.MXCSR, 0x1f80);
  }

  /** What power on and INIT have in common. */
  private static void registers(long state) {
    for (int s = 0; s < 6; s++) {
      segment(state, s, 0, DATA, 0);
    }
    segment(state, StateLayout.CS, 0xf000, 0x9b, 0xffff0000L);
    segment(state, StateLayout.LDTR, 0, 0x82, 0);
    segment(state, StateLayout.TR, 0, 0x8b, 0);
    RawMemory.putInt(state + StateLayout.GDTR_LIMIT, 0xffff);
    RawMemory.putInt(state + StateLayout.IDTR_LIMIT, 0xffff);
    RawMemory.putLong(state + StateLayout.RIP, 0xfff0);
    RawMemory.putLong(state + StateLayout.DR6, 0xffff0ff0L);
    RawMemory.putLong(state + StateLayout.DR7, 0x400);
    RawMemory.putLong(state + StateLayout.EFLAGS, 2);
    Flags.set(state, 0);
  }

  /**
   * Writes the state after INIT, which keeps caches' bits of CR0, x87 and vector registers, XCR0,
   * the MTRRs and most MSRs. {@link StateLayout#PENDING} is left alone.
   */
  public static void initialize(long state) {
    long caches = RawMemory.getLong(state + StateLayout.CR0) & (CACHE_DISABLE | NOT_WRITE_THROUGH);
    RawMemory.fill(state + StateLayout.GPR, 16 * 8, (byte) 0);
    RawMemory.putLong(state + StateLayout.GPR + 8 * RDX, Cpuid.SIGNATURE & 0xffffffffL);
    registers(state);
    RawMemory.putLong(state + StateLayout.CR0, caches | EXTENSION_TYPE);
    RawMemory.putLong(state + StateLayout.CR2, 0);
    RawMemory.putLong(state + StateLayout.CR3, 0);
    RawMemory.putLong(state + StateLayout.CR4, 0);
    RawMemory.putLong(state + StateLayout.EFER, 0);
    RawMemory.fill(state + StateLayout.DR, 4 * 8, (byte) 0);
    RawMemory.putInt(state + StateLayout.INTERRUPT_SHADOW, 0);
    RawMemory.putLong(state + StateLayout.GDTR_BASE, 0);
    RawMemory.putLong(state + StateLayout.IDTR_BASE, 0);
    RawMemory.putLong(state + StateLayout.EVENT, 0);
  }

  private static void segment(long state, int number, int selector, int attributes, long base) {
    long at = state + StateLayout.segment(number);
    RawMemory.putShort(at + StateLayout.SELECTOR, (short) selector);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, 0xffff);
    RawMemory.putLong(at + StateLayout.BASE, base);
  }
}
