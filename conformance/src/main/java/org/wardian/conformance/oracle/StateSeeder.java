package org.wardian.conformance.oracle;

import org.wardian.x86.StateLayout;

/**
 * The random state that a case starts from, wholly decided by a number. Recorded cases depend on
 * this algorithm: whoever changes it must record them again ({@link VectorFile} notices).
 */
final class StateSeeder {
  /** Bytes of memory of one kind: integers, singles, doubles ... */
  static final int CHUNK = 64;

  /** Kinds of chunk, in turn through the memory. */
  static final int KINDS = 8;

  static final int SINGLES = 2;
  static final int DOUBLES = 3;
  static final int EXTENDED = 4;
  static final int DECIMALS = 5;
  static final int STRINGS = 6;

  private static final long MEMORY_SEED = 0x5741_5244_4941_4e31L;

  /** What memory holds before a case changes it. */
  static final byte[] MEMORY = memory();

  private StateSeeder() {}

  /** Fills the whole state for code of {@code codeSize} bytes (2, 4 or 8). */
  static void fill(CaseState state, long seed, int codeSize) {
    EdgeValues values = new EdgeValues(seed);
    int flavour = values.below(4);
    for (int i = 0; i < 16; i++) {
      long value = values.integer();
      state.gpr[i] = codeSize == 8 ? value : i < 8 ? value & 0xffff_ffffL : 0;
    }
    state.flags = 0x202 | values.bits() & 0x8d5;
    if (values.oneIn(4)) {
      state.flags |= 0x400;
    }
    if (values.oneIn(40)) {
      state.flags |= 0x40000;
    }
    state.rip = 0;
    state.fsBase = 0;
    state.gsBase = 0;
    state.segmentsFor(codeSize);
    if (codeSize != 8) {
      state.fsBase = Selectors.of(state.selectors[StateLayout.FS]).base;
      state.gsBase = Selectors.of(state.selectors[StateLayout.GS]).base;
    }
    java.util.Arrays.fill(state.fx, (byte) 0);
    floatingPoint(state, values);
    for (int i = 0; i < (codeSize == 8 ? 32 : 16); i++) {
      long half =
          switch (flavour) {
            case 0 -> values.integer();
            case 1 -> values.singles();
            case 2 -> values.twice();
            default -> values.vectorHalf();
          };
      state.fxLong(CaseState.FX_XMM + 8 * i, half);
    }
    System.arraycopy(MEMORY, 0, state.memory, 0, MEMORY.length);
  }

  private static void floatingPoint(CaseState state, EdgeValues values) {
    int control = 0x40 | (values.oneIn(3) ? values.below(64) : 0x3f);
    control |= (values.oneIn(3) ? values.below(4) : 3) << 8;
    control |= values.below(4) << 10;
    int status = values.below(8) << 11 | (int) values.bits() & 0x4700;
    if (values.oneIn(4)) {
      status |= values.below(128);
    }
    if (!values.oneIn(16)) {
      status &= ~(~control & 0x3f);
    }
    if ((status & ~control & 0x3f) != 0) {
      status |= 0x8080;
    }
    int tags =
        switch (values.below(4)) {
          case 0 -> 0;
          case 1 -> 0xff;
          default -> values.below(256);
        };
    state.fxShort(CaseState.FX_FCW, control);
    state.fxShort(CaseState.FX_FSW, status);
    state.fxShort(CaseState.FX_FTW, tags);
    int exceptions = values.oneIn(3) ? values.below(64) : 0x3f;
    int mxcsr = exceptions << 7 | values.below(4) << 13;
    mxcsr |= values.oneIn(3) ? values.below(64) : 0;
    mxcsr |= values.oneIn(8) ? 0x8000 : 0;
    mxcsr |= values.oneIn(8) ? 0x40 : 0;
    state.fxInt(CaseState.FX_MXCSR, mxcsr);
    for (int i = 0; i < 8; i++) {
      int exponent = values.exponent80();
      long significand = values.significand(exponent);
      state.fxLong(CaseState.FX_ST + 16 * i, significand);
      state.fxShort(CaseState.FX_ST + 16 * i + 8, exponent);
    }
  }

  private static byte[] memory() {
    CaseState state = new CaseState();
    EdgeValues values = new EdgeValues(MEMORY_SEED);
    for (int at = 0; at < ScratchLayout.DATA_SIZE; at += 8) {
      long value =
          switch (at / CHUNK % KINDS) {
            case SINGLES -> values.singles();
            case DOUBLES -> values.twice();
            case EXTENDED -> extended(values, (at & 8) != 0);
            case DECIMALS -> decimal(values, (at & 8) != 0);
            case STRINGS -> text(values);
            case 7 -> values.bits();
            default -> values.integer();
          };
      state.memoryLong(ScratchLayout.DATA + at, value);
    }
    return state.memory;
  }

  /** An 80-bit number and 6 bytes more; the significand gets its integer bit. */
  private static long extended(EdgeValues values, boolean upper) {
    return upper
        ? values.exponent80() | values.bits() << 16
        : values.significand(values.oneIn(6) ? 0 : 1);
  }

  /** Packed decimal digits, seldom with a wrong one. */
  private static long decimal(EdgeValues values, boolean upper) {
    long digits = 0;
    for (int i = 0; i < 16; i++) {
      digits = digits << 4 | (values.oneIn(60) ? values.below(16) : values.below(10));
    }
    return upper ? digits & 0xff | (long) values.below(2) << 15 | digits << 16 : digits;
  }

  /** A few letters, and here and there an end. */
  private static long text(EdgeValues values) {
    long word = 0;
    for (int i = 0; i < 8; i++) {
      word = word << 8 | (values.oneIn(12) ? 0 : 'a' + values.below(3));
    }
    return word;
  }
}
