package org.wardian.processor.software.translator;

import java.util.Arrays;
import org.wardian.memory.RawMemory;

/**
 * Writes prefixes, opcodes, ModRM, SIB and displacements into off-heap memory, and keeps labels.
 * Source: Intel SDM vol. 2, chapter 2.
 *
 * <p>An opcode word is the opcode byte with the constants of this class added.
 */
abstract sealed class OperandEncoder permits IntegerAssembler {
  static final int MAP_0F = 1 << 8;
  static final int MAP_38 = 2 << 8;
  static final int MAP_3A = 3 << 8;
  static final int PREFIX_66 = 1 << 10;
  static final int PREFIX_F3 = 2 << 10;
  static final int PREFIX_F2 = 3 << 10;
  static final int WIDE = 1 << 12;

  /** The ModRM.reg operand is a 1-byte register. */
  static final int BYTE_REG = 1 << 13;

  /** The ModRM.rm operand is a 1-byte register. */
  static final int BYTE_RM = 1 << 14;

  /** Operand size prefix 66, besides a mandatory one. */
  static final int WORD = 1 << 15;

  /** Longest instruction and the 8 bytes that one store may write. */
  private static final int SLACK = 24;

  private static final int UNBOUND = -1;

  private long start;
  private long limit;
  private long execute;
  private long position;

  /** Offset of each label, or {@link #UNBOUND}. */
  private int[] labelOffsets = new int[64];

  /** First of the uses of each label that wait for its offset, or -1. */
  private int[] labelUses = new int[64];

  private int labels;

  /** Offset of the displacement, its end as the instruction counts, and the next use. */
  private int[] useAt = new int[64];

  private int[] useEnd = new int[64];
  private int[] useNext = new int[64];
  private boolean[] useShort = new boolean[64];
  private int uses;
  private int openUses;

  /**
   * Starts a new piece of code.
   *
   * @param write host address that the bytes are written to
   * @param capacity bytes that may be written there
   * @param run host address that they will be executed at; differs from {@code write} where the
   *     memory is mapped twice
   */
  public final void start(long write, int capacity, long run) {
    start = write;
    position = write;
    limit = write + capacity - SLACK;
    execute = run;
    labels = 0;
    uses = 0;
    openUses = 0;
    clear();
  }

  /** Forgets what a subclass collected. */
  abstract void clear();

  /** Bytes written since {@link #start}. */
  public final int offset() {
    return (int) (position - start);
  }

  /** The address at which the next instruction will be executed. */
  public final long address() {
    return execute + (position - start);
  }

  /** The address at which the byte at {@code offset} will be executed. */
  public final long address(int offset) {
    return execute + offset;
  }

  /** Makes sure that one more instruction fits. */
  final void ensure() {
    if (position > limit) {
      throw CodeBufferFullException.INSTANCE;
    }
  }

  final void put8(int value) {
    RawMemory.putByte(position++, (byte) value);
  }

  final void put16(int value) {
    RawMemory.putShort(position, (short) value);
    position += 2;
  }

  final void put32(int value) {
    RawMemory.putInt(position, value);
    position += 4;
  }

  final void put64(long value) {
    RawMemory.putLong(position, value);
    position += 8;
  }

  /** An immediate of {@code size} bytes, at most 4. */
  final void putImmediate(int size, long value) {
    switch (size) {
      case 1 -> put8((int) value);
      case 2 -> put16((int) value);
      default -> put32((int) value);
    }
  }

  /** An opcode without ModRM. */
  final void plain(int op) {
    ensure();
    head(op, op & WIDE, false, 0, 0, 0);
  }

  /** An opcode whose low 3 bits hold a register. */
  final void embedded(int op, int register) {
    ensure();
    boolean high = HostRegister.isHighByte(register);
    boolean rex = (op & BYTE_RM) != 0 && register >= 4 && register < 8;
    int low = high ? register - 12 : register & 7;
    head(op + low, op & WIDE, rex, 0, 0, high ? 0 : register >> 3);
  }

  /**
   * An instruction with a register as ModRM.rm.
   *
   * @param reg register or opcode extension of ModRM.reg
   */
  final void register(int op, int reg, int rm) {
    ensure();
    int regBits = bits(op & BYTE_REG, reg);
    int rmBits = bits(op & BYTE_RM, rm);
    boolean needs = ((regBits | rmBits) & 16) != 0;
    if (((regBits | rmBits) & 32) != 0
        && (needs || (op & WIDE) != 0 || ((regBits | rmBits) & 8) != 0)) {
      throw new IllegalArgumentException("a high byte register in an instruction with REX");
    }
    head(op, op & WIDE, needs, regBits >> 3 & 1, 0, rmBits >> 3 & 1);
    put8(0xc0 | (regBits & 7) << 3 | rmBits & 7);
  }

  /** Bits 2:0 the field, 3 its extension, 4 REX needed, 5 REX impossible. */
  private static int bits(int byteFlag, int register) {
    if (register < 0 || register > HostRegister.BH || register > 15 && byteFlag == 0) {
      throw new IllegalArgumentException("register " + register);
    }
    if (byteFlag == 0 || register < 4 || register >= 8 && register < 16) {
      return register;
    }
    return register >= HostRegister.AH ? register - 12 | 32 : register | 16;
  }

  /**
   * An instruction with a memory operand.
   *
   * @param reg register or opcode extension of ModRM.reg
   * @param immediateBytes bytes of immediate that the caller appends
   */
  final void memory(int op, int reg, long memory, int immediateBytes) {
    ensure();
    int base = HostMemory.base(memory);
    int index = HostMemory.index(memory);
    int displacement = HostMemory.displacement(memory);
    int regBits = bits(op & BYTE_REG, reg);
    int x = index < HostMemory.NONE ? index >> 3 : 0;
    int b = base < HostMemory.NONE ? base >> 3 : 0;
    boolean needs = (regBits & 16) != 0;
    if ((regBits & 32) != 0 && (needs || (op & WIDE) != 0 || (x | b) != 0)) {
      throw new IllegalArgumentException("a high byte register in an instruction with REX");
    }
    head(op, op & WIDE, needs, regBits >> 3 & 1, x, b);
    place((regBits & 7) << 3, base, index, HostMemory.shift(memory), displacement, immediateBytes);
  }

  /** ModRM, SIB and displacement of a memory operand; {@code reg} is the shifted field. */
  final void place(int reg, int base, int index, int shift, int displacement, int immediateBytes) {
    if (base == HostMemory.LABEL) {
      put8(reg | 5);
      use(displacement, false, immediateBytes);
      return;
    }
    if (base == HostMemory.NONE) {
      put8(reg | 4);
      put8(shift << 6 | (index == HostMemory.NONE ? 4 : index & 7) << 3 | 5);
      put32(displacement);
      return;
    }
    int mod =
        displacement == 0 && (base & 7) != 5 ? 0 : displacement == (byte) displacement ? 1 : 2;
    if (index == HostMemory.NONE && (base & 7) != 4) {
      put8(mod << 6 | reg | base & 7);
    } else {
      put8(mod << 6 | reg | 4);
      put8(shift << 6 | (index == HostMemory.NONE ? 4 : index & 7) << 3 | base & 7);
    }
    if (mod == 1) {
      put8(displacement);
    } else if (mod == 2) {
      put32(displacement);
    }
  }

  /** Prefixes and opcode: at most 7 bytes, written by one store. */
  private void head(int op, int wide, boolean needsRex, int r, int x, int b) {
    long bytes = 0;
    int n = 0;
    if ((op & WORD) != 0) {
      bytes = 0x66;
      n = 8;
    }
    int mandatory = op >> 10 & 3;
    if (mandatory != 0) {
      bytes |= (mandatory == 1 ? 0x66L : mandatory == 2 ? 0xf3L : 0xf2L) << n;
      n += 8;
    }
    int rex = (wide != 0 ? 8 : 0) | r << 2 | x << 1 | b;
    if (rex != 0 || needsRex) {
      bytes |= (0x40L | rex) << n;
      n += 8;
    }
    int map = op >> 8 & 3;
    if (map != 0) {
      bytes |= 0x0fL << n;
      n += 8;
      if (map != 1) {
        bytes |= (map == 2 ? 0x38L : 0x3aL) << n;
        n += 8;
      }
    }
    bytes |= (op & 0xffL) << n;
    RawMemory.putLong(position, bytes);
    position += (n >> 3) + 1;
  }

  /** A new label, not yet bound. */
  public final int newLabel() {
    if (labels == labelOffsets.length) {
      labelOffsets = Arrays.copyOf(labelOffsets, 2 * labels);
      labelUses = Arrays.copyOf(labelUses, 2 * labels);
    }
    labelOffsets[labels] = UNBOUND;
    labelUses[labels] = -1;
    return labels++;
  }

  /** A new label that is bound here. */
  public final int here() {
    int label = newLabel();
    bind(label);
    return label;
  }

  /**
   * Binds a label to the next byte and completes what refers to it.
   *
   * @throws IllegalStateException if it is bound already, or a short jump does not reach it
   */
  public final void bind(int label) {
    if (labelOffsets[label] != UNBOUND) {
      throw new IllegalStateException("label " + label + " is bound already");
    }
    int target = offset();
    labelOffsets[label] = target;
    for (int use = labelUses[label]; use >= 0; use = useNext[use]) {
      int distance = target - useEnd[use];
      if (!useShort[use]) {
        RawMemory.putInt(start + useAt[use], distance);
      } else if (distance == (byte) distance) {
        RawMemory.putByte(start + useAt[use], (byte) distance);
      } else {
        throw new IllegalStateException("a short jump over " + distance + " bytes");
      }
      openUses--;
    }
    labelUses[label] = -1;
  }

  /** Whether {@code label} is bound. */
  public final boolean isBound(int label) {
    return labelOffsets[label] != UNBOUND;
  }

  /** Offset of a bound label. */
  public final int offsetOf(int label) {
    if (labelOffsets[label] == UNBOUND) {
      throw new IllegalStateException("label " + label + " is not bound");
    }
    return labelOffsets[label];
  }

  /** Whether a label is used that is not bound yet. */
  public final boolean hasOpenLabels() {
    return openUses != 0;
  }

  /** Whether a 2-byte jump written now reaches a bound label. */
  final boolean isNear(int label) {
    int distance = labelOffsets[label] - offset() - 2;
    return labelOffsets[label] != UNBOUND && distance == (byte) distance;
  }

  /** Writes a displacement of 1 or 4 bytes to a label, now or when it is bound. */
  final void use(int label, boolean small, int bytesBehind) {
    int width = small ? 1 : 4;
    int end = offset() + width + bytesBehind;
    if (labelOffsets[label] != UNBOUND) {
      int distance = labelOffsets[label] - end;
      if (small && distance != (byte) distance) {
        throw new IllegalStateException("a short jump over " + distance + " bytes");
      }
      putImmediate(width, distance);
      return;
    }
    if (uses == useAt.length) {
      useAt = Arrays.copyOf(useAt, 2 * uses);
      useEnd = Arrays.copyOf(useEnd, 2 * uses);
      useNext = Arrays.copyOf(useNext, 2 * uses);
      useShort = Arrays.copyOf(useShort, 2 * uses);
    }
    useAt[uses] = offset();
    useEnd[uses] = end;
    useShort[uses] = small;
    useNext[uses] = labelUses[label];
    labelUses[label] = uses++;
    openUses++;
    putImmediate(width, 0);
  }
}
