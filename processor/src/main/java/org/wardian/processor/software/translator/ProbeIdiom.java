package org.wardian.processor.software.translator;

/**
 * Recognizes by their bytes the sequences that make up most of emitted code, so that {@link
 * HostVerifier} judges them as a whole: the check of an address against the TLB, the way out, and
 * padding. Only a short cut: the same sequences, and all others, are understood one instruction at
 * a time.
 */
final class ProbeIdiom {
  // The sequences.

  static final int NONE = 0;
  static final int EXIT = 1;
  static final int SELECT = 2;
  static final int CHECK = 3;
  static final int PADDING = 4;

  /** Bytes of {@code mov dword [rbp + d32], i32} and {@code jmp rel32}. */
  static final int EXIT_LENGTH = 15;

  /** {@code shr r15d, 7} and the start of {@code and r15d, i32}. */
  private static final byte[] SHIFT_AND = {
    0x41, (byte) 0xc1, (byte) 0xef, 0x07, 0x41, (byte) 0x81, (byte) 0xe7
  };

  /** {@code and r14, -4096}. */
  private static final byte[] AND = {
    0x49, (byte) 0x81, (byte) 0xe6, 0x00, (byte) 0xf0, (byte) 0xff, (byte) 0xff
  };

  /** Bytes of the two instructions that select an entry. */
  static final int SELECT_LENGTH = 11;

  /** Bytes of the four that compare its tag and load its addend. */
  static final int CHECK_LENGTH = 29;

  /** {@code cmp r14, [rbp + r15 + d32]}, {@code jne rel32}, {@code mov r15, [rbp + r15 + d32]}. */
  private static final int COMPARE = 0x3db43b4e;

  private static final int BRANCH = 0x850f;
  private static final int LOAD = 0x3dbc8b4e;

  private final StateRules rules;

  /** Whether the check found last is one for stores. */
  boolean write;

  ProbeIdiom(StateRules rules) {
    this.rules = rules;
  }

  /** Little-endian; not by a VarHandle, which is slow until it is compiled. */
  static int int32(byte[] code, int at) {
    return code[at] & 0xff
        | (code[at + 1] & 0xff) << 8
        | (code[at + 2] & 0xff) << 16
        | code[at + 3] << 24;
  }

  private static boolean starts(byte[] code, int at, byte[] sequence) {
    for (int i = 1; i < sequence.length; i++) {
      if (code[at + i] != sequence[i]) {
        return false;
      }
    }
    return code[at] == sequence[0];
  }

  /** Whether the way out is at {@code at}. */
  boolean isExit(byte[] code, int at, int end) {
    return at + EXIT_LENGTH <= end
        && code[at] == (byte) 0xc7
        && code[at + 1] == (byte) 0x85
        && code[at + 10] == (byte) 0xe9
        && int32(code, at + 2) == rules.exitNumber;
  }

  /** Whether the selection of an entry by the address in R15 is at {@code at}. */
  boolean isSelect(byte[] code, int at, int end) {
    return at + SELECT_LENGTH <= end
        && starts(code, at, SHIFT_AND)
        && int32(code, at + 7) == rules.tlbMask
        && rules.entrySize == 32;
  }

  /** Whether the check of the entry at R15 for the address in R14 is at {@code at}. */
  boolean isCheck(byte[] code, int at, int end, int tlb) {
    if (at + CHECK_LENGTH > end
        || !starts(code, at, AND)
        || int32(code, at + 7) != COMPARE
        || (int32(code, at + 15) & 0xffff) != BRANCH
        || int32(code, at + 21) != LOAD
        || int32(code, at + 25) != tlb + rules.addend) {
      return false;
    }
    int tag = int32(code, at + 11);
    write = tag == tlb + rules.writeTag;
    return write || tag == tlb + rules.readTag;
  }

  /** Bytes of the instruction at {@code at} if it is one of the recommended NOPs, else 0. */
  static int nop(byte[] code, int at, int end) {
    int first = code[at];
    if (first == (byte) 0x90) {
      return 1;
    }
    int prefix = first == 0x66 ? 1 : 0;
    if (at + 9 > end || first != 0x66 && first != 0x0f) {
      return 0;
    }
    if (prefix != 0 && code[at + 1] == (byte) 0x90) {
      return 2;
    }
    if (code[at + prefix] != 0x0f || code[at + prefix + 1] != 0x1f) {
      return 0;
    }
    return prefix
        + switch (code[at + prefix + 2] & 0xff) {
          case 0x00 -> 3;
          case 0x40 -> 4;
          case 0x44 -> 5;
          case 0x80 -> 7;
          case 0x84 -> 8;
          default -> -prefix;
        };
  }
}
