package org.wardian.processor.kvm;

import java.util.random.RandomGenerator;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.processor.PowerOnState;
import org.wardian.x86.StateLayout;

/** Random states that a processor of the first x86-64 level can be in. */
final class RandomStates {
  /** Real mode, 32-bit protected mode, 64-bit mode. */
  enum Mode {
    REAL,
    PROTECTED,
    LONG
  }

  private static final int UNUSABLE = 1 << 16;

  /** CF to OF, IOPL, NT, RF, AC, ID; neither TF nor VM. */
  private static final long FLAGS = 0x25_7ed5;

  private final RandomGenerator random;
  private final long block;

  private RandomStates(RandomGenerator random, long block) {
    this.random = random;
    this.block = block;
  }

  /** Fills {@code block} with a state of {@code mode}, without events. */
  static void fill(RandomGenerator random, long block, Mode mode) {
    PowerOnState.write(block);
    RandomStates states = new RandomStates(random, block);
    states.general(mode);
    states.control(mode);
    states.segments(mode);
    states.extended();
    states.debug();
    states.registers();
    states.ranges();
    states.activity();
  }

  private void put(int offset, long value) {
    RawMemory.putLong(block + offset, value);
  }

  private long canonical() {
    return random.nextLong() << 16 >> 16;
  }

  private void general(Mode mode) {
    for (int i = 0; i < 16; i++) {
      put(StateLayout.GPR + 8 * i, random.nextLong());
    }
    put(
        StateLayout.RIP,
        switch (mode) {
          case REAL -> random.nextInt(0x10000);
          case PROTECTED -> random.nextInt() & 0xffff_ffffL;
          case LONG -> canonical();
        });
    long flags = random.nextLong() & FLAGS;
    put(StateLayout.EFLAGS, flags & ~Flags.STATUS | 2);
    Flags.set(block, flags);
  }

  private void control(Mode mode) {
    // MP, TS, NE, WP, AM and CD; ET is always set.
    long cr0 = random.nextLong() & 0x4005_002aL | 0x10;
    // DE, PSE, PGE, OSFXSR, OSXMMEXCPT, TSD
    long cr4 = random.nextLong() & 0x69cL;
    long efer = random.nextLong() & 0x801;
    switch (mode) {
      case REAL -> {
        // neither PE nor PG
      }
      case PROTECTED -> cr0 |= 1;
      case LONG -> {
        cr0 |= 0x8000_0001L;
        cr4 |= 1 << 5;
        efer |= 0x500;
      }
    }
    put(StateLayout.CR0, cr0);
    put(StateLayout.CR2, random.nextLong());
    put(StateLayout.CR3, random.nextInt(TinyMachine.RAM) & ~0xfffL);
    put(StateLayout.CR4, cr4);
    put(StateLayout.EFER, efer);
    put(StateLayout.GDTR_BASE, canonical());
    put(StateLayout.IDTR_BASE, canonical());
    RawMemory.putInt(block + StateLayout.GDTR_LIMIT, random.nextInt(0x10000));
    RawMemory.putInt(block + StateLayout.IDTR_LIMIT, random.nextInt(0x10000));
  }

  private void segments(Mode mode) {
    int privilege = mode == Mode.REAL ? 0 : random.nextBoolean() ? 3 : 0;
    for (int s = StateLayout.ES; s <= StateLayout.GS; s++) {
      int selector = random.nextInt(0x10000);
      if (mode == Mode.REAL) {
        segment(s, selector, s == StateLayout.CS ? 0x9b : 0x93, 0xffff, (long) selector << 4);
        continue;
      }
      selector = selector & ~3 | privilege;
      boolean wide = random.nextBoolean();
      int limit = wide ? random.nextInt() | 0xfff : random.nextInt(1 << 20);
      // Present, code or data, accessed; D/B and AVL at random.
      int attributes =
          0x91 | privilege << 5 | (wide ? 1 << 15 : 0) | random.nextInt() & (1 << 14 | 1 << 12);
      boolean full = s >= StateLayout.FS && mode == Mode.LONG;
      long base = full ? canonical() : random.nextInt() & 0xffff_ffffL;
      if (s == StateLayout.CS) {
        attributes |= 0xa;
        if (mode == Mode.LONG) {
          attributes = attributes & ~(1 << 14) | 1 << 13;
        }
      } else if (s == StateLayout.SS) {
        attributes |= 2;
      } else if (random.nextInt(3) == 0) {
        selector = 0;
        attributes = UNUSABLE;
      } else {
        attributes |= random.nextBoolean() ? 2 : 0;
      }
      segment(s, selector, attributes, limit, base);
    }
    if (random.nextBoolean()) {
      segment(StateLayout.LDTR, 0, UNUSABLE, 0, 0);
    } else {
      segment(StateLayout.LDTR, random.nextInt(0x10000) & ~7, 0x82, 0xfff, system(mode));
    }
    segment(StateLayout.TR, random.nextInt(0x10000) & ~7, 0x8b, 0x67, system(mode));
  }

  private long system(Mode mode) {
    return mode == Mode.LONG ? canonical() : random.nextInt() & 0xffff_ffffL;
  }

  private void segment(int number, int selector, int attributes, int limit, long base) {
    long at = block + StateLayout.segment(number);
    RawMemory.putShort(at + StateLayout.SELECTOR, (short) selector);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, limit);
    RawMemory.putLong(at + StateLayout.BASE, base);
  }

  private void extended() {
    RawMemory.putShort(block + StateLayout.FCW, (short) (random.nextInt() & 0x1f3f | 0x40));
    RawMemory.putShort(block + StateLayout.FSW, (short) random.nextInt());
    RawMemory.putByte(block + StateLayout.FTW, (byte) random.nextInt());
    RawMemory.putShort(block + StateLayout.FOP, (short) random.nextInt(0x800));
    put(StateLayout.FIP, canonical());
    put(StateLayout.FDP, canonical());
    RawMemory.putInt(block + StateLayout.MXCSR, random.nextInt(0x10000));
    for (int i = 0; i < 8; i++) {
      put(StateLayout.ST + StateLayout.ST_STRIDE * i, random.nextLong());
      put(StateLayout.ST + StateLayout.ST_STRIDE * i + 8, random.nextInt(0x10000));
    }
    for (int i = 0; i < 16; i++) {
      put(StateLayout.VECTOR + StateLayout.VECTOR_STRIDE * i, random.nextLong());
      put(StateLayout.VECTOR + StateLayout.VECTOR_STRIDE * i + 8, random.nextLong());
    }
  }

  private void debug() {
    for (int i = 0; i < 4; i++) {
      put(StateLayout.DR + 8 * i, canonical());
    }
    put(StateLayout.DR6, 0xffff_0ff0L | random.nextInt() & 0xe00f);
    // Enabled and general detection, conditions and lengths.
    put(StateLayout.DR7, 0x400 | random.nextLong() & 0xffff_23ffL);
  }

  private void registers() {
    put(StateLayout.STAR, random.nextLong());
    put(StateLayout.LSTAR, canonical());
    put(StateLayout.CSTAR, canonical());
    put(StateLayout.FMASK, random.nextInt() & 0xffff_ffffL);
    put(StateLayout.KERNEL_GS_BASE, canonical());
    put(StateLayout.SYSENTER_CS, random.nextInt(0x10000));
    put(StateLayout.SYSENTER_ESP, canonical());
    put(StateLayout.SYSENTER_EIP, canonical());
    put(StateLayout.TSC_ADJUST, random.nextInt());
    put(StateLayout.SYSTEM_TIME, random.nextInt(TinyMachine.RAM) & ~63L | 1);
    put(StateLayout.WALL_CLOCK, random.nextInt(TinyMachine.RAM) & ~63L);
    long[] types = {0, 1, 4, 5, 6, 7};
    long pat = 0;
    for (int i = 0; i < 8; i++) {
      pat = pat << 8 | types[random.nextInt(types.length)];
    }
    put(StateLayout.PAT, pat);
  }

  private long memoryType() {
    long[] types = {0, 1, 4, 5, 6};
    return types[random.nextInt(types.length)];
  }

  private void ranges() {
    for (int i = 0; i < 8; i++) {
      put(StateLayout.MTRR_VARIABLE + 16 * i, random.nextLong() & 0xf_ffff_f000L | memoryType());
      put(StateLayout.MTRR_VARIABLE + 16 * i + 8, random.nextLong() & 0xf_ffff_f800L);
    }
    for (int i = 0; i < 11; i++) {
      long eight = 0;
      for (int j = 0; j < 8; j++) {
        eight = eight << 8 | memoryType();
      }
      put(StateLayout.MTRR_FIXED + 8 * i, eight);
    }
    put(StateLayout.MTRR_DEFAULT, random.nextLong() & 0xc00 | memoryType());
  }

  private void activity() {
    RawMemory.putInt(block + StateLayout.ACTIVITY, random.nextInt(3));
    RawMemory.putInt(block + StateLayout.INTERRUPT_SHADOW, random.nextInt(3));
    RawMemory.putByte(block + StateLayout.NMI_BLOCKED, (byte) random.nextInt(2));
    RawMemory.putByte(block + StateLayout.NMI_PENDING, (byte) random.nextInt(2));
  }
}
