package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** The four breakpoints of DR0 to DR3, as DR7 has them. Source: Intel SDM vol. 3 section 18.2. */
final class Breakpoints {
  /** R/W fields of DR7. */
  private static final int ON_EXECUTION = 0;

  private static final int ON_WRITE = 1;
  private static final int ON_PORT = 2;
  private static final int ON_ACCESS = 3;

  /** Lengths in bytes by the LEN field. */
  private static final int[] LENGTH = {1, 2, 8, 4};

  private final Cpu cpu;

  Breakpoints(Cpu cpu) {
    this.cpu = cpu;
  }

  private long dr7() {
    return RawMemory.getLong(cpu.state + StateLayout.DR7);
  }

  /** Whether any is enabled. */
  boolean any() {
    return (dr7() & 0xff) != 0;
  }

  private static boolean enabled(long dr7, int n) {
    return (dr7 >>> (2 * n) & 3) != 0;
  }

  private static int kind(long dr7, int n) {
    return (int) (dr7 >>> (16 + 4 * n)) & 3;
  }

  private boolean meets(long dr7, int n, long start, int size) {
    int length = LENGTH[(int) (dr7 >>> (18 + 4 * n)) & 3];
    long at = RawMemory.getLong(cpu.state + StateLayout.DR + 8L * n) & -length;
    return start < at + length && at < start + size;
  }

  /** Bits of DR6 for those that an access to {@code size} bytes at {@code va} meets. */
  long data(long va, int size, boolean write) {
    long dr7 = dr7();
    long hits = 0;
    for (int n = 0; n < 4; n++) {
      int kind = kind(dr7, n);
      if (enabled(dr7, n)
          && (kind == ON_ACCESS || kind == ON_WRITE && write)
          && meets(dr7, n, va, size)) {
        hits |= 1L << n;
      }
    }
    return hits;
  }

  /** As {@link #data}, for ports: with CR4.DE. */
  long port(int port, int size) {
    long dr7 = dr7();
    if ((dr7 & 0xff) == 0 || (cpu.cr(4) & Cpu.CR4_DE) == 0) {
      return 0;
    }
    long hits = 0;
    for (int n = 0; n < 4; n++) {
      if (enabled(dr7, n) && kind(dr7, n) == ON_PORT && meets(dr7, n, port, size)) {
        hits |= 1L << n;
      }
    }
    return hits;
  }

  /** As {@link #data}, for the execution of the instruction at {@code linear}. */
  long execution(long linear) {
    long dr7 = dr7();
    if ((dr7 & 0xff) == 0) {
      return 0;
    }
    long hits = 0;
    for (int n = 0; n < 4; n++) {
      boolean wanted = enabled(dr7, n) && (dr7 >>> (16 + 4 * n) & 15) == ON_EXECUTION;
      if (wanted && RawMemory.getLong(cpu.state + StateLayout.DR + 8L * n) == linear) {
        hits |= 1L << n;
      }
    }
    return hits;
  }
}
