package org.wardian.conformance.oracle;

import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * A case in the making: the seeded state, the instruction, and the changes that were made to
 * either. The parts of the generator work on it in turn.
 */
final class CaseBuilder {
  static final int RSP = 4;

  final EdgeValues random;
  final Decoder decoder;
  final Instruction instruction = new Instruction();
  final CaseState state = new CaseState();
  int codeSize;
  private final Instruction trial = new Instruction();
  private long seed;
  private byte[] bytes = {};
  private int[] slots = new int[16];
  private long[] values = new long[16];
  private int count;

  /** Makes cases of what {@code model} has. */
  CaseBuilder(EdgeValues random, CpuModel model) {
    this.random = random;
    this.decoder = new Decoder(model);
  }

  /** Begins a case from a random state. */
  void start(long seed, int codeSize) {
    this.seed = seed;
    this.codeSize = codeSize;
    this.count = 0;
    StateSeeder.fill(state, seed, codeSize);
  }

  /** Takes an instruction; false where the decoder does not accept exactly these bytes. */
  boolean instruction(byte[] code) {
    bytes = code.clone();
    return decode(bytes, instruction);
  }

  private boolean decode(byte[] code, Instruction out) {
    return decoder.decode(code, 0, code.length, codeSize, out) == Decoder.OK
        && out.length == code.length;
  }

  /** The instruction's bytes as they are now. */
  byte[] bytes() {
    return bytes;
  }

  /** Linear address of offset 0 of the flat segments: the window's base outside 64-bit code. */
  long origin() {
    return codeSize == 8 ? ScratchLayout.WINDOW : 0;
  }

  /** Changes the state. */
  void put(int slot, long value) {
    Slots.set(state, slot, value);
    for (int i = 0; i < count; i++) {
      if (slots[i] == slot) {
        values[i] = value;
        return;
      }
    }
    if (count == slots.length) {
      slots = java.util.Arrays.copyOf(slots, count * 2);
      values = java.util.Arrays.copyOf(values, count * 2);
    }
    slots[count] = slot;
    values[count++] = value;
  }

  /** Changes a general register; outside 64-bit code only its low half exists. */
  void register(int number, long value) {
    put(number, codeSize == 8 ? value : value & 0xffff_ffffL);
  }

  /** Stores {@code size} bytes (1 to 8) at window offset {@code offset}, where it is changeable. */
  void memory(long offset, int size, long value) {
    for (int i = 0; i < size; i++) {
      long at = offset + i;
      if (!ScratchLayout.inData(at, 1)) {
        return;
      }
      int word = (int) at & -8;
      int shift = 8 * ((int) at & 7);
      long old = state.memoryLong(word);
      long piece = value >>> (8 * i) & 0xff;
      put(Slots.memory(word), old & ~(0xffL << shift) | piece << shift);
    }
  }

  /** Reads {@code size} bytes (1 to 8) at window offset {@code offset}; 0 outside. */
  long memory(long offset, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      if (ScratchLayout.inData(offset + i, 1)) {
        value |= (state.memory[(int) offset + i - ScratchLayout.DATA] & 0xffL) << (8 * i);
      }
    }
    return value;
  }

  /** Base of a segment register (0 to 5, or none) as this case has it. */
  long segmentBase(int segment) {
    if (codeSize == 8) {
      return segment == StateLayout.FS
          ? state.fsBase
          : segment == StateLayout.GS ? state.gsBase : 0;
    }
    return segment > StateLayout.GS ? 0 : Selectors.of(state.selectors[segment]).base;
  }

  /** Effective address of the memory operand. */
  long effectiveAddress() {
    Instruction i = instruction;
    long address = i.displacement;
    if (i.index < 16) {
      address += state.gpr[i.index] << i.scale;
    }
    if (i.base == StateLayout.REGISTER_CODE_PAGE) {
      address += state.rip + i.length;
    } else if (i.base < 16) {
      address += state.gpr[i.base];
    }
    return i.addressSize == 8 ? address : address & (-1L >>> (64 - 8 * i.addressSize));
  }

  /** Linear address of the memory operand less the window's: its offset in the window. */
  long operandOffset() {
    long linear = effectiveAddress() + segmentBase(instruction.segment);
    return (codeSize == 8 ? linear : linear & 0xffff_ffffL) - ScratchLayout.WINDOW;
  }

  /** What a patch is meant to change. */
  enum Field {
    DISPLACEMENT,
    IMMEDIATE,
    SELECTOR
  }

  /**
   * Finds where the instruction encodes a number and writes another there; the field is found by
   * trial, so it needs no second knowledge of encodings.
   *
   * @return false where no place in the bytes is this field alone, or the value does not fit
   */
  boolean patch(Field field, long value) {
    long old = value(field, instruction);
    for (int size = 8; size >= 1; size >>= 1) {
      for (int at = bytes.length - size; at >= 1; at--) {
        if (truncated(bytes, at, size) != (old & (-1L >>> (64 - 8 * size)))) {
          continue;
        }
        byte[] changed = bytes.clone();
        for (int i = 0; i < size; i++) {
          changed[at + i] = (byte) (value >>> (8 * i));
        }
        // Fields that the encoding lacks keep what the decoder found there before.
        trial.displacement = instruction.displacement;
        trial.immediate = instruction.immediate;
        trial.immediate2 = instruction.immediate2;
        if (decode(changed, trial)
            && trial.form == instruction.form
            && value(field, trial) == value
            && (field == Field.DISPLACEMENT || trial.displacement == instruction.displacement)
            && (field == Field.IMMEDIATE || trial.immediate == instruction.immediate)
            && (field == Field.SELECTOR || trial.immediate2 == instruction.immediate2)
            && trial.reg0 == instruction.reg0
            && trial.reg1 == instruction.reg1) {
          return instruction(changed);
        }
      }
    }
    return false;
  }

  private static long value(Field field, Instruction i) {
    return switch (field) {
      case DISPLACEMENT -> i.displacement;
      case IMMEDIATE -> i.immediate;
      case SELECTOR -> i.immediate2;
    };
  }

  private static long truncated(byte[] code, int at, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (code[at + i] & 0xffL) << (8 * i);
    }
    return value;
  }

  /** The finished case. */
  OracleCase build() {
    return new OracleCase(
        seed,
        codeSize,
        bytes.clone(),
        java.util.Arrays.copyOf(slots, count),
        java.util.Arrays.copyOf(values, count));
  }
}
