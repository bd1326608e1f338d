package org.wardian.x86;

/**
 * How a form is encoded: mandatory prefix, opcode map, opcode and what ModRM must be.
 *
 * @param prefixes columns of {@link DecodeTable} that the form claims: bit 0 no prefix, 1 66, 2 F3,
 *     3 F2
 * @param anyPrefix whether the row names no prefix, so that rows which do go before it
 * @param map 0 one byte, 1 0F, 2 0F 38, 3 0F 3A
 * @param opcode the (first) opcode byte
 * @param opcodes how many consecutive opcodes: 1, 8 (register) or 16 (condition)
 * @param modrm whether a ModRM byte follows
 * @param digit value of ModRM.reg, or -1 if it is an operand or ignored
 * @param fixed the (first) whole ModRM byte, or -1
 * @param fixedCount 1, or 8 if its low bits select ST(i)
 * @param mods bit 0: memory allowed, bit 1: register allowed; 0 if mod is ignored
 * @param extra 0, or one of the constants
 */
record Encoding(
    int prefixes,
    boolean anyPrefix,
    int map,
    int opcode,
    int opcodes,
    boolean modrm,
    int digit,
    int fixed,
    int fixedCount,
    int mods,
    int extra) {
  static final int MEMORY = 1;
  static final int REGISTER = 2;

  /** Only without REX.W; the row with {@link #W1} serves the other case. */
  static final int W0 = 1;

  static final int W1 = 2;

  /** Only without REX.B; the +r row serves the other case. */
  static final int B0 = 3;

  boolean allowsMemory() {
    return (mods & MEMORY) != 0;
  }

  boolean allowsRegister() {
    return modrm && mods != MEMORY;
  }

  /** Whether the form is chosen by ModRM besides the opcode. */
  boolean dependsOnModrm() {
    return modrm && (digit >= 0 || fixed >= 0 || mods == MEMORY || mods == REGISTER);
  }
}
