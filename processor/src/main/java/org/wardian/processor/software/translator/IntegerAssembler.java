package org.wardian.processor.software.translator;

/**
 * Two-operand arithmetic, moves and the stack. Sizes are in bytes: 1, 2, 4 or 8. "Load" means a
 * register destination and a memory source, "Store" a memory destination.
 */
abstract sealed class IntegerAssembler extends OperandEncoder permits BitAssembler {
  public static final int ADD = 0;
  public static final int OR = 1;
  public static final int ADC = 2;
  public static final int SBB = 3;
  public static final int AND = 4;
  public static final int SUB = 5;
  public static final int XOR = 6;
  public static final int CMP = 7;

  // Single operand operations of opcodes F6 and F7.
  public static final int NOT = 2;
  public static final int NEG = 3;
  public static final int MUL = 4;
  public static final int IMUL = 5;
  public static final int DIV = 6;
  public static final int IDIV = 7;

  /** The opcode word of an even opcode for 1 byte, of the odd one behind it for other sizes. */
  static int sized(int opcode, int size) {
    return switch (size) {
      case 1 -> opcode | BYTE_REG | BYTE_RM;
      case 2 -> opcode | 1 | WORD;
      case 4 -> opcode | 1;
      case 8 -> opcode | 1 | WIDE;
      default -> throw new IllegalArgumentException("operand of " + size + " bytes");
    };
  }

  /** Prefixes of an opcode that has no form for bytes. */
  static int wide(int opcode, int size) {
    return switch (size) {
      case 2 -> opcode | WORD;
      case 4 -> opcode;
      case 8 -> opcode | WIDE;
      default -> throw new IllegalArgumentException("operand of " + size + " bytes");
    };
  }

  /** The opcode word with an opcode extension in ModRM.reg. */
  private static int digit(int opcode, int size) {
    return sized(opcode, size) & ~BYTE_REG;
  }

  /** An immediate as an instruction of that size sees it. */
  private static int truncated(int size, int value) {
    return size == 1 ? (byte) value : size == 2 ? (short) value : value;
  }

  private static boolean isByte(int value) {
    return value == (byte) value;
  }

  /** {@code op} is {@link #ADD} to {@link #CMP}: {@code destination op= source}. */
  public final void alu(int op, int size, int destination, int source) {
    register(sized(op << 3, size), source, destination);
  }

  /** A memory source. */
  public final void aluLoad(int op, int size, int destination, long source) {
    memory(sized(op << 3 | 2, size), destination, source, 0);
  }

  /** A memory destination (of CMP, the left side). */
  public final void aluStore(int op, int size, long destination, int source) {
    memory(sized(op << 3, size), source, destination, 0);
  }

  /** An immediate, sign-extended to 8 bytes for that size. */
  public final void aluImmediate(int op, int size, int destination, int value) {
    int immediate = truncated(size, value);
    if (size != 1 && isByte(immediate)) {
      register(digit(0x82, size), op, destination);
      put8(immediate);
    } else if (destination == HostRegister.RAX) {
      plain(sized(op << 3 | 4, size));
      putImmediate(size, immediate);
    } else {
      register(digit(0x80, size), op, destination);
      putImmediate(size, immediate);
    }
  }

  /** A memory destination and an immediate. */
  public final void aluStoreImmediate(int op, int size, long destination, int value) {
    int immediate = truncated(size, value);
    boolean small = size != 1 && isByte(immediate);
    int width = small ? 1 : Math.min(4, size);
    memory(digit(small ? 0x82 : 0x80, size), op, destination, width);
    putImmediate(width, immediate);
  }

  /** TEST of two registers. */
  public final void test(int size, int left, int right) {
    register(sized(0x84, size), right, left);
  }

  public final void testStore(int size, long left, int right) {
    memory(sized(0x84, size), right, left, 0);
  }

  public final void testImmediate(int size, int left, int value) {
    if (left == HostRegister.RAX) {
      plain(sized(0xa8, size));
    } else {
      register(digit(0xf6, size), 0, left);
    }
    putImmediate(size, value);
  }

  public final void testStoreImmediate(int size, long left, int value) {
    memory(digit(0xf6, size), 0, left, Math.min(4, size));
    putImmediate(size, value);
  }

  /** {@code op} is {@link #NOT} to {@link #IDIV}. */
  public final void unary(int op, int size, int register) {
    register(digit(0xf6, size), op, register);
  }

  public final void unaryStore(int op, int size, long operand) {
    memory(digit(0xf6, size), op, operand, 0);
  }

  public final void inc(int size, int register) {
    register(digit(0xfe, size), 0, register);
  }

  public final void dec(int size, int register) {
    register(digit(0xfe, size), 1, register);
  }

  public final void incStore(int size, long operand) {
    memory(digit(0xfe, size), 0, operand, 0);
  }

  public final void decStore(int size, long operand) {
    memory(digit(0xfe, size), 1, operand, 0);
  }

  /** Two-operand IMUL; 2, 4 or 8 bytes. */
  public final void imul(int size, int destination, int source) {
    register(wide(MAP_0F | 0xaf, size), destination, source);
  }

  public final void imulLoad(int size, int destination, long source) {
    memory(wide(MAP_0F | 0xaf, size), destination, source, 0);
  }

  /** Three-operand IMUL; 2, 4 or 8 bytes. */
  public final void imulImmediate(int size, int destination, int source, int value) {
    int immediate = truncated(size, value);
    boolean small = isByte(immediate);
    register(wide(small ? 0x6b : 0x69, size), destination, source);
    putImmediate(small ? 1 : size, immediate);
  }

  public final void imulLoadImmediate(int size, int destination, long source, int value) {
    int immediate = truncated(size, value);
    boolean small = isByte(immediate);
    int width = small ? 1 : Math.min(4, size);
    memory(wide(small ? 0x6b : 0x69, size), destination, source, width);
    putImmediate(width, immediate);
  }

  public final void mov(int size, int destination, int source) {
    register(sized(0x88, size), source, destination);
  }

  public final void movLoad(int size, int destination, long source) {
    memory(sized(0x8a, size), destination, source, 0);
  }

  public final void movStore(int size, long destination, int source) {
    memory(sized(0x88, size), source, destination, 0);
  }

  /** Loads a constant into a register of that size (of 4 bytes: zero-extended); no flags change. */
  public final void movImmediate(int size, int destination, long value) {
    if (size == 8) {
      movConstant(destination, value);
    } else {
      int op = size == 1 ? 0xb0 | BYTE_RM : wide(0xb8, size);
      embedded(op, destination);
      putImmediate(size, value);
    }
  }

  /** Loads 64 bits in the shortest way that leaves the flags alone. */
  private void movConstant(int destination, long value) {
    if (value >>> 32 == 0) {
      embedded(0xb8, destination);
      put32((int) value);
    } else if (value == (int) value) {
      register(WIDE | 0xc7, 0, destination);
      put32((int) value);
    } else {
      embedded(WIDE | 0xb8, destination);
      put64(value);
    }
  }

  /** Of 8 bytes: sign-extended. */
  public final void movStoreImmediate(int size, long destination, int value) {
    memory(digit(0xc6, size), 0, destination, Math.min(4, size));
    putImmediate(size, value);
  }

  /**
   * Zero-extension.
   *
   * @param size of the destination; 8 is done as 4, which clears the upper half
   * @param sourceSize 1, 2 or 4
   */
  public final void movzx(int size, int destination, int sourceSize, int source) {
    if (sourceSize == 4) {
      mov(4, destination, source);
    } else {
      register(extension(0xb6, Math.min(4, size), sourceSize), destination, source);
    }
  }

  public final void movzxLoad(int size, int destination, int sourceSize, long source) {
    if (sourceSize == 4) {
      movLoad(4, destination, source);
    } else {
      memory(extension(0xb6, Math.min(4, size), sourceSize), destination, source, 0);
    }
  }

  /** Sign-extension of 1, 2 or 4 bytes. */
  public final void movsx(int size, int destination, int sourceSize, int source) {
    int op = sourceSize == 4 ? WIDE | 0x63 : extension(0xbe, size, sourceSize);
    register(op, destination, source);
  }

  public final void movsxLoad(int size, int destination, int sourceSize, long source) {
    int op = sourceSize == 4 ? WIDE | 0x63 : extension(0xbe, size, sourceSize);
    memory(op, destination, source, 0);
  }

  private static int extension(int opcode, int size, int sourceSize) {
    int op = MAP_0F | (sourceSize == 1 ? opcode | BYTE_RM : opcode | 1);
    return wide(op, size);
  }

  /** 2, 4 or 8 bytes. */
  public final void lea(int size, int destination, long source) {
    memory(wide(0x8d, size), destination, source, 0);
  }

  public final void xchg(int size, int left, int right) {
    boolean accumulator = left == HostRegister.RAX || right == HostRegister.RAX;
    int other = left == HostRegister.RAX ? right : left;
    // 90 alone would be NOP, which does not clear the upper half of RAX.
    if (size != 1 && accumulator && other != HostRegister.RAX) {
      embedded(wide(0x90, size), other);
    } else {
      register(sized(0x86, size), right, left);
    }
  }

  /** Locked by nature. */
  public final void xchgStore(int size, long destination, int source) {
    memory(sized(0x86, size), source, destination, 0);
  }

  /** Prefix of the next instruction. */
  public final void lock() {
    ensure();
    put8(0xf0);
  }

  /** Without a LOCK prefix, as are all of this class. */
  public final void cmpxchg(int size, int destination, int source) {
    register(sized(MAP_0F | 0xb0, size), source, destination);
  }

  public final void cmpxchgStore(int size, long destination, int source) {
    memory(sized(MAP_0F | 0xb0, size), source, destination, 0);
  }

  public final void xadd(int size, int destination, int source) {
    register(sized(MAP_0F | 0xc0, size), source, destination);
  }

  public final void xaddStore(int size, long destination, int source) {
    memory(sized(MAP_0F | 0xc0, size), source, destination, 0);
  }

  public final void cmpxchg8b(long destination) {
    memory(MAP_0F | 0xc7, 1, destination, 0);
  }

  public final void cmpxchg16b(long destination) {
    memory(WIDE | MAP_0F | 0xc7, 1, destination, 0);
  }

  /** 8 bytes, as all pushes and pops. */
  public final void push(int register) {
    embedded(0x50, register);
  }

  public final void pop(int register) {
    embedded(0x58, register);
  }

  public final void pushLoad(long source) {
    memory(0xff, 6, source, 0);
  }

  public final void popStore(long destination) {
    memory(0x8f, 0, destination, 0);
  }

  public final void pushImmediate(int value) {
    plain(isByte(value) ? 0x6a : 0x68);
    putImmediate(isByte(value) ? 1 : 4, value);
  }

  public final void pushfq() {
    plain(0x9c);
  }

  public final void popfq() {
    plain(0x9d);
  }

  public final void lahf() {
    plain(0x9f);
  }

  public final void sahf() {
    plain(0x9e);
  }

  public final void clc() {
    plain(0xf8);
  }

  public final void stc() {
    plain(0xf9);
  }

  public final void cmc() {
    plain(0xf5);
  }

  public final void setcc(int condition, int destination) {
    register(MAP_0F | BYTE_RM | 0x90 | condition, 0, destination);
  }

  public final void setccStore(int condition, long destination) {
    memory(MAP_0F | 0x90 | condition, 0, destination, 0);
  }

  /** 2, 4 or 8 bytes. */
  public final void cmovcc(int condition, int size, int destination, int source) {
    register(wide(MAP_0F | 0x40 | condition, size), destination, source);
  }

  public final void cmovccLoad(int condition, int size, int destination, long source) {
    memory(wide(MAP_0F | 0x40 | condition, size), destination, source, 0);
  }

  /** Sign-extends the low half of the accumulator to {@code size}: CBW, CWDE, CDQE. */
  public final void extendAccumulator(int size) {
    plain(wide(0x98, size));
  }

  /** Fills rDX with the sign of rAX: CWD, CDQ, CQO. */
  public final void extendToData(int size) {
    plain(wide(0x99, size));
  }
}
