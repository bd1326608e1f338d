package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * What the words of a dense operation name, as {@link Ops} lays them out: registers, addresses,
 * widths, and where the operation is. {@code s} is the state block.
 */
final class DenseOperands {
  /** RIP of offset 0 of the page that runs; also the base of RIP-relative operands. */
  static final long RIP_BASE = StateLayout.CODE_PAGE;

  private DenseOperands() {}

  /** The linear address of a memory operand. */
  static long address(long s, long w0, long w1) {
    long a =
        RawMemory.getLong(s + ((w0 >>> 17) & 0xf8))
            + (RawMemory.getLong(s + ((w0 >>> 22) & 0xf8)) << ((w0 >>> 30) & 3))
            + (int) w1;
    return (w0 & Ops.COMPLEX) == 0 ? a : complex(s, w0, a);
  }

  private static long complex(long s, long w0, long address) {
    long a = (w0 & Ops.ADDRESS_32) != 0 ? address & 0xffffffffL : address;
    return a
        + RawMemory.getLong(s + StateLayout.SEGMENTS + StateLayout.BASE + ((w0 >>> 38) & 7) * 32);
  }

  /** Register a, all 64 bits. */
  static long a(long s, long w0) {
    return RawMemory.getLong(s + ((w0 >>> 7) & 0xf8));
  }

  /** Register b, all 64 bits. */
  static long b(long s, long w0) {
    return RawMemory.getLong(s + ((w0 >>> 12) & 0xf8));
  }

  /** Writes register a, all 64 bits. */
  static void put(long s, long w0, long value) {
    RawMemory.putLong(s + ((w0 >>> 7) & 0xf8), value);
  }

  /** Writes a 32 or 64-bit result to register a: zero-extended. */
  static void putWidth(long s, long w0, long value) {
    RawMemory.putLong(s + ((w0 >>> 7) & 0xf8), value & -1L >>> (int) (w0 >>> 32));
  }

  /** Writes register a by any width: 32 bits extend, 16 and 8 merge. */
  static void putNarrow(long s, long w0, long value) {
    long at = s + ((w0 >>> 7) & 0xf8);
    switch (sh(w0)) {
      case 0 -> RawMemory.putLong(at, value);
      case 32 -> RawMemory.putLong(at, value & 0xffffffffL);
      case 48 -> RawMemory.putShort(at, (short) value);
      default -> RawMemory.putByte(at, (byte) value);
    }
  }

  /** 64 minus the operands' width in bits. */
  static int sh(long w0) {
    return (int) (w0 >>> 32) & 63;
  }

  /** RIP of the operation. */
  static long ripOf(SoftwareVcpu cpu, long w0) {
    return RawMemory.getLong(cpu.state + RIP_BASE) + (w0 >>> Ops.OFFSET) & cpu.ripMask;
  }

  /** RIP after the operation. */
  static long ripAfter(SoftwareVcpu cpu, long w0) {
    return RawMemory.getLong(cpu.state + RIP_BASE)
            + (w0 >>> Ops.OFFSET)
            + ((w0 >>> Ops.LENGTH) & 15)
        & cpu.ripMask;
  }
}
