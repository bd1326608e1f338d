package org.wardian.processor.software.translator;

/**
 * Numbers of the host's general registers as ModRM, SIB and REX encode them: 0 to 15, and 16 to 19
 * for AH, CH, DH and BH, which exist for 1-byte operands without a REX prefix only. Plain ints, so
 * that assembling makes no garbage. Source: Intel SDM vol. 2 §2.1.5, table 2-2, and §2.2.1.2.
 */
public final class HostRegister {
  public static final int RAX = 0;
  public static final int RCX = 1;
  public static final int RDX = 2;
  public static final int RBX = 3;
  public static final int RSP = 4;
  public static final int RBP = 5;
  public static final int RSI = 6;
  public static final int RDI = 7;
  public static final int R8 = 8;
  public static final int R9 = 9;
  public static final int R10 = 10;
  public static final int R11 = 11;
  public static final int R12 = 12;
  public static final int R13 = 13;
  public static final int R14 = 14;
  public static final int R15 = 15;

  public static final int AH = 16;
  public static final int CH = 17;
  public static final int DH = 18;
  public static final int BH = 19;

  /** Not a register: the operand is the instruction's memory operand. */
  public static final int IN_MEMORY = -1;

  private static final String[] WIDE = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
  };

  private HostRegister() {}

  /** Whether {@code register} is AH, CH, DH or BH. */
  public static boolean isHighByte(int register) {
    return register >= AH;
  }

  /** The 64-bit name of register 0 to 15. */
  public static String name(int register) {
    return WIDE[register];
  }
}
