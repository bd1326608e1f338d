package org.wardian.conformance.oracle;

import org.wardian.x86.StateLayout;

/**
 * Every piece of a {@link CaseState} by a number, so that recording, comparing and printing are one
 * loop each.
 */
public final class Slots {
  /** Sixteen general registers. */
  public static final int GPR = 0;

  public static final int FLAGS = 16;
  public static final int RIP = 17;
  public static final int FS_BASE = 18;
  public static final int GS_BASE = 19;

  /** Six selectors. */
  public static final int SELECTOR = 20;

  public static final int FCW = 26;
  public static final int FSW = 27;
  public static final int FTW = 28;
  public static final int MXCSR = 29;

  /** Eight pairs, relative to the top of the stack: significand, then sign and exponent. */
  public static final int ST = 30;

  /** Sixteen pairs: low half, high half. */
  public static final int XMM = 46;

  /** The changeable memory in words of 8 bytes. */
  public static final int MEMORY = 78;

  public static final int COUNT = MEMORY + ScratchLayout.DATA_SIZE / 8;

  private static final String[] REGISTERS = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15"
  };
  private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};

  private Slots() {}

  /** The slot of the 8 bytes of memory at window offset {@code offset}, a multiple of 8. */
  public static int memory(int offset) {
    return MEMORY + (offset - ScratchLayout.DATA) / 8;
  }

  /** Reads a slot. */
  public static long get(CaseState state, int slot) {
    if (slot < FLAGS) {
      return state.gpr[slot];
    }
    if (slot >= MEMORY) {
      return state.memoryLong(ScratchLayout.DATA + (slot - MEMORY) * 8);
    }
    if (slot >= XMM) {
      return state.fxLong(CaseState.FX_XMM + (slot - XMM) * 8);
    }
    if (slot >= ST) {
      int at = CaseState.FX_ST + (slot - ST) * 8;
      return ((slot - ST) & 1) == 0 ? state.fxLong(at) : state.fxShort(at);
    }
    if (slot >= SELECTOR && slot < FCW) {
      return state.selectors[slot - SELECTOR];
    }
    return switch (slot) {
      case FLAGS -> state.flags;
      case RIP -> state.rip;
      case FS_BASE -> state.fsBase;
      case GS_BASE -> state.gsBase;
      case FCW -> state.fxShort(CaseState.FX_FCW);
      case FSW -> state.fxShort(CaseState.FX_FSW);
      case FTW -> state.fxShort(CaseState.FX_FTW);
      default -> Integer.toUnsignedLong(state.fxInt(CaseState.FX_MXCSR));
    };
  }

  /** Writes a slot. */
  public static void set(CaseState state, int slot, long value) {
    if (slot < FLAGS) {
      state.gpr[slot] = value;
    } else if (slot >= MEMORY) {
      state.memoryLong(ScratchLayout.DATA + (slot - MEMORY) * 8, value);
    } else if (slot >= XMM) {
      state.fxLong(CaseState.FX_XMM + (slot - XMM) * 8, value);
    } else if (slot >= ST) {
      int at = CaseState.FX_ST + (slot - ST) * 8;
      if (((slot - ST) & 1) == 0) {
        state.fxLong(at, value);
      } else {
        state.fxShort(at, (int) value);
      }
    } else if (slot >= SELECTOR && slot < FCW) {
      state.selectors[slot - SELECTOR] = (int) value;
    } else {
      switch (slot) {
        case FLAGS -> state.flags = value;
        case RIP -> state.rip = value;
        case FS_BASE -> state.fsBase = value;
        case GS_BASE -> state.gsBase = value;
        case FCW -> state.fxShort(CaseState.FX_FCW, (int) value);
        case FSW -> state.fxShort(CaseState.FX_FSW, (int) value);
        case FTW -> state.fxShort(CaseState.FX_FTW, (int) value);
        default -> state.fxInt(CaseState.FX_MXCSR, (int) value);
      }
    }
  }

  /** What the slot is called in a report. */
  public static String name(int slot) {
    if (slot < FLAGS) {
      return REGISTERS[slot];
    }
    if (slot >= MEMORY) {
      return "[window+" + Integer.toHexString(ScratchLayout.DATA + (slot - MEMORY) * 8) + "]";
    }
    if (slot >= XMM) {
      return "xmm" + (slot - XMM) / 2 + ((slot - XMM) % 2 == 0 ? ".low" : ".high");
    }
    if (slot >= ST) {
      return "st" + (slot - ST) / 2 + ((slot - ST) % 2 == 0 ? ".significand" : ".exponent");
    }
    if (slot >= SELECTOR && slot < FCW) {
      return SEGMENTS[slot - SELECTOR];
    }
    return switch (slot) {
      case FLAGS -> "rflags";
      case RIP -> "rip";
      case FS_BASE -> "fs.base";
      case GS_BASE -> "gs.base";
      case FCW -> "fcw";
      case FSW -> "fsw";
      case FTW -> "ftw";
      default -> "mxcsr";
    };
  }

  /** The selector slot of segment register {@code segment} of {@link StateLayout}. */
  public static int selector(int segment) {
    return SELECTOR + segment;
  }
}
