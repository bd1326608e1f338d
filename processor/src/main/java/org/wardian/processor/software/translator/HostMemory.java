package org.wardian.processor.software.translator;

/**
 * Memory operands of host instructions, each packed into a {@code long} so that assembling makes no
 * garbage: bits 31:0 the displacement, 36:32 the base, 41:37 the index, 43:42 the shift of the
 * index. A register number of 16 means none; base 17 is a label of the code that is being written
 * (RIP-relative), whose number is in the displacement.
 */
public final class HostMemory {
  static final int NONE = 16;
  static final int LABEL = 17;

  private HostMemory() {}

  /** [base + displacement]. */
  public static long at(int base, int displacement) {
    return pack(base, NONE, 0, displacement);
  }

  /**
   * [base + (index &lt;&lt; shift) + displacement].
   *
   * @param index not RSP, unless {@code shift} is 0 and {@code base} is not RSP
   * @param shift 0 to 3
   */
  public static long at(int base, int index, int shift, int displacement) {
    if (index == HostRegister.RSP) {
      if (shift != 0 || base == HostRegister.RSP) {
        throw new IllegalArgumentException("rsp as a scaled index");
      }
      return pack(index, base, 0, displacement);
    }
    return pack(base, index, shift, displacement);
  }

  /** [(index &lt;&lt; shift) + displacement], without a base. */
  public static long indexed(int index, int shift, int displacement) {
    return shift == 0 ? at(index, displacement) : at(NONE, index, shift, displacement);
  }

  /** [displacement], sign-extended to 64 bits. */
  public static long absolute(int displacement) {
    return pack(NONE, NONE, 0, displacement);
  }

  /** The place of a label of the same code. */
  public static long label(int label) {
    return pack(LABEL, NONE, 0, label);
  }

  /** The same operand {@code delta} bytes further; not for labels. */
  public static long plus(long memory, int delta) {
    return (memory & ~0xffff_ffffL) | ((int) memory + delta & 0xffff_ffffL);
  }

  static int displacement(long memory) {
    return (int) memory;
  }

  static int base(long memory) {
    return (int) (memory >>> 32) & 31;
  }

  static int index(long memory) {
    return (int) (memory >>> 37) & 31;
  }

  static int shift(long memory) {
    return (int) (memory >>> 42) & 3;
  }

  private static long pack(int base, int index, int shift, int displacement) {
    if ((base | index) < 0 || base > LABEL || index > NONE || (shift & ~3) != 0) {
      throw new IllegalArgumentException("memory operand of " + base + ", " + index + ", " + shift);
    }
    return (long) shift << 42
        | (long) index << 37
        | (long) base << 32
        | (displacement & 0xffff_ffffL);
  }
}
