package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** Descriptors and the loading of segment registers. Source: Intel SDM vol. 3 chapter 3 and 5. */
final class Segmentation {
  /** Bits 8..15 and 20..23 of a descriptor's upper half, as {@link StateLayout#ATTRIBUTES}. */
  private static final int ATTRIBUTE_BITS = 0xf0ff;

  static final int UNUSABLE = 1 << 16;
  static final int PRESENT = 1 << 7;
  static final int NOT_SYSTEM = 1 << 4;
  static final int CODE = 1 << 3;

  /** Attributes of a real-mode or virtual-8086 segment: present, writable, accessed. */
  static final int REAL = 0x93;

  private final Cpu cpu;

  Segmentation(Cpu cpu) {
    this.cpu = cpu;
  }

  /** Error code that names a selector. */
  int error(int selector) {
    return selector & 0xfffc | cpu.external;
  }

  /** Linear address of the descriptor, or a fault with {@code vector} if outside its table. */
  long descriptorAddress(int selector, int vector, int bytes) {
    long base;
    long limit;
    if ((selector & 4) != 0) {
      if ((cpu.attributes(StateLayout.LDTR) & UNUSABLE) != 0) {
        throw cpu.fault(vector, error(selector));
      }
      base = cpu.base(StateLayout.LDTR);
      limit = cpu.limit(StateLayout.LDTR);
    } else {
      base = RawMemory.getLong(cpu.state + StateLayout.GDTR_BASE);
      limit = RawMemory.getInt(cpu.state + StateLayout.GDTR_LIMIT) & 0xffff;
    }
    if ((selector & 0xfff8) + bytes - 1 > limit) {
      throw cpu.fault(vector, error(selector));
    }
    return base + (selector & 0xfff8);
  }

  /** The 8-byte descriptor of {@code selector}. */
  long descriptor(int selector, int vector) {
    return cpu.systemLoad(descriptorAddress(selector, vector, 8), 8);
  }

  static int attributes(long descriptor) {
    return (int) (descriptor >>> 40) & ATTRIBUTE_BITS;
  }

  static long base(long descriptor) {
    return descriptor >>> 16 & 0xffffff | descriptor >>> 32 & 0xff000000L;
  }

  static long limit(long descriptor) {
    long limit = descriptor & 0xffff | descriptor >>> 32 & 0xf0000;
    return (descriptor & 1L << 55) != 0 ? limit << 12 | 0xfff : limit;
  }

  static int dpl(long descriptor) {
    return (int) (descriptor >>> 45) & 3;
  }

  static boolean present(long descriptor) {
    return (descriptor & 1L << 47) != 0;
  }

  /** Sets the accessed bit of a code or data descriptor in its table. */
  void markAccessed(int selector, long descriptor) {
    if ((descriptor & 1L << 40) == 0) {
      long at = descriptorAddress(selector, Vector.GP, 8) + 5;
      cpu.systemChange(at, 0, 1);
    }
  }

  /** Fills a segment register's hidden part. */
  void install(int segment, int selector, long descriptor) {
    cpu.segment(segment, selector, attributes(descriptor) | 1, limit(descriptor), base(descriptor));
  }

  /** Real-mode load: base is the selector times 16; limit and attributes stay (unreal mode). */
  void loadReal(int segment, int selector) {
    long at = cpu.state + StateLayout.segment(segment);
    RawMemory.putShort(at, (short) selector);
    RawMemory.putLong(at + StateLayout.BASE, (selector & 0xffffL) << 4);
    if (segment == StateLayout.CS) {
      int a = RawMemory.getInt(at + StateLayout.ATTRIBUTES);
      RawMemory.putInt(at + StateLayout.ATTRIBUTES, a & ~0x600f & ~UNUSABLE | REAL);
    }
  }

  /** Virtual-8086 load: everything is fixed. */
  void loadVm86(int segment, int selector) {
    cpu.segment(segment, selector, REAL | 3 << 5, 0xffff, (selector & 0xffffL) << 4);
  }

  private void loadNull(int segment, int selector) {
    // A null data segment keeps DPL 0 and, in 64-bit mode, base 0.
    cpu.segment(segment, selector, UNUSABLE | (segment == StateLayout.SS ? cpu.cpl << 5 : 0), 0, 0);
  }

  /** MOV, POP, LxS to DS, ES, FS, GS or SS, in any mode. */
  void load(int segment, int selector) {
    if (!cpu.protectedMode) {
      loadReal(segment, selector);
    } else if (cpu.vm86) {
      loadVm86(segment, selector);
    } else if (segment == StateLayout.SS) {
      loadStack(selector);
    } else {
      loadData(segment, selector);
    }
    cpu.updateMode();
  }

  private void loadData(int segment, int selector) {
    if ((selector & 0xfffc) == 0) {
      loadNull(segment, selector);
      return;
    }
    long d = descriptor(selector, Vector.GP);
    int a = attributes(d);
    boolean code = (a & CODE) != 0;
    if ((a & NOT_SYSTEM) == 0 || (code && (a & 2) == 0)) {
      throw cpu.fault(Vector.GP, error(selector));
    }
    boolean conforming = code && (a & 4) != 0;
    if (!conforming && (dpl(d) < (selector & 3) || dpl(d) < cpu.cpl)) {
      throw cpu.fault(Vector.GP, error(selector));
    }
    if (!present(d)) {
      throw cpu.fault(Vector.NP, error(selector));
    }
    markAccessed(selector, d);
    install(segment, selector, d);
  }

  private void loadStack(int selector) {
    if ((selector & 0xfffc) == 0) {
      if (!cpu.code64 || cpu.cpl == 3 || (selector & 3) != cpu.cpl) {
        throw cpu.fault(Vector.GP, error(0));
      }
      loadNull(StateLayout.SS, selector);
      return;
    }
    long d = stackDescriptor(selector, cpu.cpl, Vector.GP);
    install(StateLayout.SS, selector, d);
  }

  /**
   * Checks a stack selector for privilege {@code cpl} and returns its descriptor; {@code vector} is
   * #GP for a load, #TS for one from a TSS.
   */
  long stackDescriptor(int selector, int cpl, int vector) {
    if ((selector & 0xfffc) == 0) {
      throw cpu.fault(vector, error(selector));
    }
    long d = descriptor(selector, vector);
    int a = attributes(d);
    if ((selector & 3) != cpl
        || dpl(d) != cpl
        || (a & NOT_SYSTEM) == 0
        || (a & CODE) != 0
        || (a & 2) == 0) {
      throw cpu.fault(vector, error(selector));
    }
    if (!present(d)) {
      throw cpu.fault(Vector.SS, error(selector));
    }
    markAccessed(selector, d);
    return d;
  }

  /** Installs CS from a checked descriptor with RPL set to {@code cpl}. */
  void installCode(int selector, long descriptor, int cpl) {
    markAccessed(selector, descriptor);
    install(StateLayout.CS, selector & 0xfffc | cpl, descriptor);
  }

  /** Drops data segments that a less privileged level may not keep; after a return outwards. */
  void dropPrivilegedData(int cpl) {
    for (int segment : new int[] {StateLayout.ES, StateLayout.DS, StateLayout.FS, StateLayout.GS}) {
      int a = cpu.attributes(segment);
      boolean conforming = (a & (CODE | 4)) == (CODE | 4);
      if ((a & UNUSABLE) == 0 && !conforming && (a >> 5 & 3) < cpl) {
        cpu.segment(segment, 0, UNUSABLE, 0, 0);
      }
    }
  }

  /** LLDT. */
  void loadLdt(int selector) {
    if ((selector & 0xfffc) == 0) {
      cpu.segment(StateLayout.LDTR, selector, UNUSABLE, 0, 0);
      return;
    }
    systemSegment(StateLayout.LDTR, selector, 2, 2);
  }

  /** LTR: an available TSS becomes busy. */
  void loadTask(int selector) {
    if ((selector & 0xfffc) == 0) {
      throw cpu.fault(Vector.GP, 0);
    }
    systemSegment(StateLayout.TR, selector, 9, cpu.longMode() ? 9 : 1);
    long at = descriptorAddress(selector, Vector.GP, 8) + 5;
    cpu.systemChange(at, 0, 2);
    long hidden = cpu.state + StateLayout.segment(StateLayout.TR) + StateLayout.ATTRIBUTES;
    RawMemory.putInt(hidden, RawMemory.getInt(hidden) | 2);
  }

  private void systemSegment(int register, int selector, int type, int otherType) {
    if ((selector & 4) != 0) {
      throw cpu.fault(Vector.GP, error(selector));
    }
    int bytes = cpu.longMode() ? 16 : 8;
    long at = descriptorAddress(selector, Vector.GP, bytes);
    long d = cpu.systemLoad(at, 8);
    int a = attributes(d);
    int found = a & 15;
    if ((a & NOT_SYSTEM) != 0 || (found != type && found != otherType)) {
      throw cpu.fault(Vector.GP, error(selector));
    }
    if (!present(d)) {
      throw cpu.fault(Vector.NP, error(selector));
    }
    long base = base(d);
    if (bytes == 16) {
      long upper = cpu.systemLoad(at + 8, 8);
      if ((upper >>> 32 & 0x1f00) != 0) {
        throw cpu.fault(Vector.GP, error(selector));
      }
      base |= upper << 32;
      if (base << 16 >> 16 != base) {
        throw cpu.fault(Vector.GP, error(selector));
      }
    }
    cpu.segment(register, selector, a, limit(d), base);
  }
}
