package org.wardian.processor.software.translator;

import java.util.Arrays;
import org.wardian.memory.RawMemory;

/**
 * Writes x86-64 machine code for the host into memory that the caller owns: one call, one
 * instruction, in its shortest encoding, and no garbage. One instance serves one thread and any
 * number of pieces of code, one after the other.
 *
 * <p>Registers are those of {@link HostRegister}, memory operands those of {@link HostMemory}. What
 * cannot be encoded is an {@link IllegalArgumentException}; code that does not fit its buffer is a
 * {@link CodeBufferFullException}, after which only {@link #start} may be called.
 */
public final class HostAssembler extends BitAssembler {
  /** Mandatory prefixes of {@link #sse}. */
  public static final int NO_PREFIX = 0;

  public static final int P66 = 1;
  public static final int PF3 = 2;
  public static final int PF2 = 3;

  /** Opcode maps of {@link #sse}: 0F, 0F 38 and 0F 3A. */
  public static final int M0F = 1;

  public static final int M0F38 = 2;
  public static final int M0F3A = 3;

  /** Recommended NOPs of 1 to 9 bytes: Intel SDM vol. 2, NOP, table 4-12. */
  private static final byte[][] NOPS = {
    {},
    {(byte) 0x90},
    {0x66, (byte) 0x90},
    {0x0f, 0x1f, 0x00},
    {0x0f, 0x1f, 0x40, 0x00},
    {0x0f, 0x1f, 0x44, 0x00, 0x00},
    {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
    {0x0f, 0x1f, (byte) 0x80, 0x00, 0x00, 0x00, 0x00},
    {0x0f, 0x1f, (byte) 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
    {0x66, 0x0f, 0x1f, (byte) 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
  };

  private long[] poolLow = new long[8];
  private long[] poolHigh = new long[8];
  private int[] poolLabels = new int[8];
  private int pool;

  /** An assembler without a buffer; {@link #start} gives it one. */
  public HostAssembler() {}

  @Override
  void clear() {
    pool = 0;
  }

  // Branches.

  /** A jump inside the code: 2 bytes where the label is bound and near, else 5. */
  public void jmp(int label) {
    boolean near = isNear(label);
    plain(near ? 0xeb : 0xe9);
    use(label, near, 0);
  }

  /** A 2-byte jump; {@link #bind} throws if the label turns out to be too far. */
  public void jmpShort(int label) {
    plain(0xeb);
    use(label, true, 0);
  }

  /** A conditional jump inside the code: 2 bytes where the label is bound and near, else 6. */
  public void jcc(int condition, int label) {
    boolean near = isNear(label);
    plain(near ? 0x70 | condition : MAP_0F | 0x80 | condition);
    use(label, near, 0);
  }

  /** A 2-byte conditional jump; {@link #bind} throws if the label turns out to be too far. */
  public void jccShort(int condition, int label) {
    plain(0x70 | condition);
    use(label, true, 0);
  }

  /** Jumps if RCX is zero, without a look at the flags; always short. */
  public void jrcxz(int label) {
    plain(0xe3);
    use(label, true, 0);
  }

  /** A call inside the code. */
  public void call(int label) {
    plain(0xe8);
    use(label, false, 0);
  }

  /**
   * A jump to an address outside the code.
   *
   * @throws IllegalArgumentException if it is more than 2 GiB away
   */
  public void jmpTo(long target) {
    plain(0xe9);
    relative(target);
  }

  public void jccTo(int condition, long target) {
    plain(MAP_0F | 0x80 | condition);
    relative(target);
  }

  public void callTo(long target) {
    plain(0xe8);
    relative(target);
  }

  /**
   * A jump to an address outside the code whose displacement {@link #patch} can replace while other
   * threads run the code.
   *
   * @return offset of the displacement
   */
  public int jmpPatchable(long target) {
    alignDisplacement(1);
    jmpTo(target);
    return offset() - 4;
  }

  /** As {@link #jmpPatchable}, conditional. */
  public int jccPatchable(int condition, long target) {
    alignDisplacement(2);
    jccTo(condition, target);
    return offset() - 4;
  }

  /** Pads so that the 4 bytes behind an opcode of that length lie in one aligned quadword. */
  private void alignDisplacement(int opcodeLength) {
    int at = (int) (address() + opcodeLength) & 7;
    if (at > 4) {
      nop(8 - at);
    }
  }

  private void relative(long target) {
    long distance = target - (address() + 4);
    if (distance != (int) distance) {
      throw new IllegalArgumentException("a jump over " + distance + " bytes");
    }
    put32((int) distance);
  }

  /**
   * Sets the target of a patchable jump: one store, which a processor that runs the code sees whole
   * or not at all (Intel SDM vol. 3 §9.1.1, unaligned accesses inside a cache line).
   *
   * @param write where the displacement is written
   * @param run the address at which it is executed
   */
  public static void patch(long write, long run, long target) {
    long distance = target - (run + 4);
    if (distance != (int) distance || (run & 7) > 4) {
      throw new IllegalArgumentException("a patch at " + Long.toHexString(run));
    }
    RawMemory.putInt(write, (int) distance);
  }

  public void jmpRegister(int register) {
    register(0xff, 4, register);
  }

  public void jmpLoad(long target) {
    memory(0xff, 4, target, 0);
  }

  public void callRegister(int register) {
    register(0xff, 2, register);
  }

  public void callLoad(long target) {
    memory(0xff, 2, target, 0);
  }

  public void ret() {
    plain(0xc3);
  }

  public void ud2() {
    plain(MAP_0F | 0x0b);
  }

  public void pause() {
    plain(PREFIX_F3 | 0x90);
  }

  public void lfence() {
    plain(MAP_0F | 0xae);
    put8(0xe8);
  }

  public void mfence() {
    plain(MAP_0F | 0xae);
    put8(0xf0);
  }

  public void sfence() {
    plain(MAP_0F | 0xae);
    put8(0xf8);
  }

  /** {@code length} bytes that do nothing. */
  public void nop(int length) {
    for (int left = length; left > 0; left -= 9) {
      ensure();
      for (byte b : NOPS[Math.min(9, left)]) {
        put8(b);
      }
    }
  }

  /** Pads with NOPs until the address of execution is a multiple of {@code alignment}. */
  public void align(int alignment) {
    nop((int) (-address() & alignment - 1));
  }

  // Constants.

  /** A memory operand that holds 8 bytes; {@link #writeConstants} gives it its place. */
  public long constant(long value) {
    return constant(value, 0, 8);
  }

  /** A memory operand that holds 16 aligned bytes. */
  public long constant(long low, long high) {
    return constant(low, high, 16);
  }

  private long constant(long low, long high, int size) {
    for (int i = 0; i < pool; i++) {
      if (poolLow[i] == low && (size == 8 || poolHigh[i] == high)) {
        return HostMemory.label(poolLabels[i]);
      }
    }
    if (pool == poolLow.length) {
      poolLow = Arrays.copyOf(poolLow, 2 * pool);
      poolHigh = Arrays.copyOf(poolHigh, 2 * pool);
      poolLabels = Arrays.copyOf(poolLabels, 2 * pool);
    }
    poolLow[pool] = low;
    poolHigh[pool] = high;
    poolLabels[pool] = newLabel();
    return HostMemory.label(poolLabels[pool++]);
  }

  /** Writes the constants behind the code, each at a multiple of 16; the number of their bytes. */
  public int writeConstants() {
    if (pool == 0) {
      return 0;
    }
    int before = offset();
    while ((address() & 15) != 0) {
      ensure();
      put8(0xcc);
    }
    for (int i = 0; i < pool; i++) {
      ensure();
      bind(poolLabels[i]);
      put64(poolLow[i]);
      put64(poolHigh[i]);
    }
    pool = 0;
    return offset() - before;
  }

  // SSE, MMX and x87 in their generic form.

  private static int op(int prefix, int map, int opcode, boolean wide) {
    return prefix << 10 | map << 8 | opcode & 0xff | (wide ? WIDE : 0);
  }

  /**
   * An instruction of SSE to SSE4.2, AES or MMX with two registers.
   *
   * @param prefix {@link #NO_PREFIX}, {@link #P66}, {@link #PF3} or {@link #PF2}
   * @param map {@link #M0F}, {@link #M0F38} or {@link #M0F3A}
   * @param reg register (or opcode extension) of ModRM.reg
   * @param rm register of ModRM.rm
   */
  public void sse(int prefix, int map, int opcode, int reg, int rm) {
    register(op(prefix, map, opcode, false), reg, rm);
  }

  /** As {@link #sse(int, int, int, int, int)}, with REX.W: a general register of 8 bytes. */
  public void sseWide(int prefix, int map, int opcode, int reg, int rm) {
    register(op(prefix, map, opcode, true), reg, rm);
  }

  /** With an 8-bit immediate. */
  public void sseImmediate(int prefix, int map, int opcode, int reg, int rm, int value) {
    register(op(prefix, map, opcode, false), reg, rm);
    put8(value);
  }

  /** A memory operand as ModRM.rm. */
  public void sseMemory(int prefix, int map, int opcode, int reg, long memory) {
    memory(op(prefix, map, opcode, false), reg, memory, 0);
  }

  public void sseMemoryWide(int prefix, int map, int opcode, int reg, long memory) {
    memory(op(prefix, map, opcode, true), reg, memory, 0);
  }

  public void sseMemoryImmediate(int prefix, int map, int opcode, int reg, long memory, int value) {
    memory(op(prefix, map, opcode, false), reg, memory, 1);
    put8(value);
  }

  /** An x87 instruction without memory: opcode D8 to DF and the whole ModRM byte, C0 to FF. */
  public void x87(int opcode, int modrm) {
    plain(opcode);
    put8(modrm);
  }

  /** An x87 instruction with memory: opcode D8 to DF and ModRM.reg. */
  public void x87Memory(int opcode, int digit, long memory) {
    memory(opcode, digit, memory, 0);
  }

  public void ldmxcsr(long source) {
    memory(MAP_0F | 0xae, 2, source, 0);
  }

  public void stmxcsr(long destination) {
    memory(MAP_0F | 0xae, 3, destination, 0);
  }

  /** The format of 64-bit pointers where {@code wide}. */
  public void fxsave(boolean wide, long destination) {
    memory(MAP_0F | 0xae | (wide ? WIDE : 0), 0, destination, 0);
  }

  public void fxrstor(boolean wide, long source) {
    memory(MAP_0F | 0xae | (wide ? WIDE : 0), 1, source, 0);
  }

  public void fldcw(long source) {
    x87Memory(0xd9, 5, source);
  }

  public void fnstcw(long destination) {
    x87Memory(0xd9, 7, destination);
  }

  public void fnstsw(long destination) {
    x87Memory(0xdd, 7, destination);
  }
}
