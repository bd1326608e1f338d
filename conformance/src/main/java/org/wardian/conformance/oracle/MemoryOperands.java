package org.wardian.conformance.oracle;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Puts an instruction's memory operand where it may be: chooses a place in the window, then solves
 * for the base register, the index register or the displacement.
 */
final class MemoryOperands {
  /** Bytes kept free behind a target for operands without a fixed size (FXSAVE and the like). */
  private static final int ROOM = 0x400;

  private final CaseBuilder builder;

  MemoryOperands(CaseBuilder builder) {
    this.builder = builder;
  }

  /** Places the operand; false where this instruction cannot be directed into the window. */
  boolean place() {
    Instruction i = builder.instruction;
    if (builder.codeSize == 8 && i.segment == StateLayout.FS) {
      builder.put(Slots.FS_BASE, builder.random.below(0x100) * 16L);
    }
    if (builder.codeSize == 8 && i.segment == StateLayout.GS) {
      builder.put(Slots.GS_BASE, builder.random.below(0x100) * 16L);
    }
    if (builder.codeSize == 8 && reachesFar(i) && builder.random.oneIn(50)) {
      return outOfCanonicalForm(i);
    }
    long offset = target(i);
    long linear = ScratchLayout.WINDOW + offset;
    long effective = linear - builder.segmentBase(i.segment);
    if (builder.codeSize != 8) {
      effective &= 0xffff_ffffL;
      if (i.addressSize == 2 && effective > 0xffff) {
        effective &= 0xffff;
      }
    }
    return solve(i, effective);
  }

  private static boolean reachesFar(Instruction i) {
    return i.addressSize == 8 && (i.base < 16 || i.index < 16);
  }

  /** An address in neither half: #GP or #SS, by the segment. */
  private boolean outOfCanonicalForm(Instruction i) {
    long hole = 0x0000_9000_0000_0000L + (builder.random.bits() & 0x3fff_ffff_fff0L);
    return solve(i, hole);
  }

  /** A window offset for the operand: mostly in the data page, seldom where an access faults. */
  private long target(Instruction i) {
    EdgeValues random = builder.random;
    int size = size(i);
    int kind = random.below(100);
    if (kind == 0) {
      return ScratchLayout.READ_ONLY + random.below(0xf00);
    }
    // Whether BOUND reads its upper limit after it has failed the lower one is not documented.
    if (kind == 1 && i.form.operation() != Operation.BOUND) {
      // the last bytes of the changeable memory and the first behind it
      return ScratchLayout.DATA + ScratchLayout.DATA_SIZE - 1 - random.below(Math.max(size, 2));
    }
    if (kind == 2) {
      return 0x2000 + random.below(0x1000);
    }
    if (kind == 3) {
      // across the two changeable pages
      return ScratchLayout.STACK - random.below(Math.max(size, 2));
    }
    int chunk = chunk(i);
    int step = alignment(i, size);
    int within = random.below(StateSeeder.CHUNK) / step * step;
    if (step < 16 && size > 1 && random.oneIn(5)) {
      within += random.below(size);
    }
    int offset = chunk * StateSeeder.CHUNK + within;
    return ScratchLayout.DATA + Math.min(offset, 0x1000 - ROOM);
  }

  private int alignment(Instruction i, int size) {
    int needed = i.form.alignment();
    if (needed > 1) {
      return builder.random.oneIn(16) ? Math.min(size, 8) : needed;
    }
    if (size >= 10) {
      return 16;
    }
    return Math.max(1, Integer.highestOneBit(size));
  }

  /** Width of the memory operand in bytes, at least 1. */
  static int size(Instruction i) {
    int size = 1;
    if (i.kind0 == Instruction.MEMORY) {
      size = i.size0;
    } else if (i.kind1 == Instruction.MEMORY) {
      size = i.size1;
    } else if (i.kind2 == Instruction.MEMORY) {
      size = i.size2;
    }
    return Math.max(size, 1);
  }

  /** Index of a chunk of memory whose content suits the operation. */
  private int chunk(Instruction i) {
    EdgeValues random = builder.random;
    int row = random.below(6) * StateSeeder.KINDS;
    String name = i.form.operation().name();
    int kind;
    int size = size(i);
    if (random.oneIn(5)) {
      kind = random.below(StateSeeder.KINDS);
    } else if (name.equals("FBLD")) {
      kind = StateSeeder.DECIMALS;
    } else if (name.startsWith("F") && !name.startsWith("FI")) {
      kind =
          size == 4
              ? StateSeeder.SINGLES
              : size == 8 ? StateSeeder.DOUBLES : size == 10 ? StateSeeder.EXTENDED : 0;
    } else if (name.endsWith("PS") || name.endsWith("SS") || name.startsWith("CVTPS")) {
      kind = StateSeeder.SINGLES;
    } else if (name.endsWith("PD") || name.endsWith("SD") || name.startsWith("CVTPD")) {
      kind = StateSeeder.DOUBLES;
    } else if (name.startsWith("PCMPESTR") || name.startsWith("PCMPISTR")) {
      kind = StateSeeder.STRINGS;
    } else {
      kind = random.below(StateSeeder.KINDS);
    }
    return row + kind;
  }

  /** Makes the effective address {@code effective}. */
  private boolean solve(Instruction i, long effective) {
    boolean based = i.base < 16;
    boolean indexed = i.index < 16;
    if (i.base == StateLayout.REGISTER_CODE_PAGE) {
      long next = builder.state.rip + i.length;
      return builder.patch(CaseBuilder.Field.DISPLACEMENT, (int) (effective - next));
    }
    if (!based && !indexed) {
      return absolute(i, effective);
    }
    long rest = effective - i.displacement;
    if (based && indexed && i.base == i.index) {
      return sameRegister(i, rest);
    }
    if (based) {
      if (indexed && i.addressSize == 8 && builder.random.oneIn(2)) {
        builder.register(i.index, builder.random.below(4096) - 2048L);
      }
      long scaled = indexed ? builder.state.gpr[i.index] << i.scale : 0;
      assign(i, i.base, rest - scaled);
    } else {
      assign(i, i.index, rest >> i.scale);
    }
    return true;
  }

  /** Writes a register that takes part in an address, with other bits above the address size. */
  private void assign(Instruction i, int register, long value) {
    if (i.addressSize == 8) {
      builder.register(register, value);
      return;
    }
    long mask = -1L >>> (64 - 8 * i.addressSize);
    long above = builder.random.oneIn(2) && register != CaseBuilder.RSP ? builder.random.bits() : 0;
    builder.register(register, value & mask | above & ~mask);
  }

  /** Base and index are one register: it counts 2, 3, 5 or 9 times. */
  private boolean sameRegister(Instruction i, long rest) {
    long times = 1 + (1L << i.scale);
    long value = times == 2 ? rest >> 1 : rest * inverse(times);
    if (times == 2 && i.addressSize == 8 && (rest & 1) != 0) {
      return false;
    }
    assign(i, i.base, value);
    return true;
  }

  /** The inverse of an odd number modulo 2^64, by Newton's iteration. */
  private static long inverse(long odd) {
    long x = odd;
    for (int k = 0; k < 6; k++) {
      x *= 2 - odd * x;
    }
    return x;
  }

  private boolean absolute(Instruction i, long effective) {
    long value = effective;
    boolean moffs = i.modrm < 0;
    if (!moffs && i.addressSize == 4) {
      value = (int) effective;
    } else if (!moffs && i.addressSize == 2) {
      value = (short) effective;
    }
    return builder.patch(CaseBuilder.Field.DISPLACEMENT, value);
  }
}
