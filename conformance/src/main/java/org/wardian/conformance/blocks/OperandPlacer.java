package org.wardian.conformance.blocks;

import java.util.Arrays;
import org.wardian.conformance.oracle.EdgeValues;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Directs memory operands: some registers of a block point to data, some hold small numbers, and
 * addresses are made of these.
 */
final class OperandPlacer {
  private static final int FREE = 0;
  private static final int POINTER = 1;
  private static final int INDEX = 2;

  /** Points where nothing may be. */
  private static final int WILD = 3;

  private final Decoder decoder;
  private final Instruction trial = new Instruction();
  private EdgeValues random;
  private long origin;
  private long dataOrigin;
  private BlockState state;
  private final int[] roles = new int[16];
  private final long[] values = new long[16];

  OperandPlacer(Decoder decoder) {
    this.decoder = decoder;
  }

  void start(EdgeValues numbers, long codeOrigin, long data, BlockState first) {
    random = numbers;
    origin = codeOrigin;
    dataOrigin = data;
    state = first;
  }

  /** Chooses the roles of registers and gives them their values. */
  void registers(BlockState s) {
    Arrays.fill(roles, FREE);
    for (int n = 0; n < 5; n++) {
      assign(random.below(16), POINTER, dataOrigin + BlockLayout.DATA + 0x800 + random.below(2048));
    }
    assign(
        random.oneOf(10, 11, 14, 15), POINTER, dataOrigin + BlockLayout.DATA + random.below(8192));
    for (int n = 0; n < 3; n++) {
      assign(random.below(16), INDEX, random.below(512) - 256L);
    }
    assign(random.oneOf(10, 11, 14, 15), INDEX, random.below(512) - 256L);
    if (random.oneIn(4)) {
      long hole = 0x0000_9000_0000_0000L + (random.bits() & 0x3fff_ffff_fff0L);
      assign(random.below(16), WILD, random.oneIn(2) ? hole : random.bits());
    }
    values[BlockGenerator.RSP] = stack();
    roles[BlockGenerator.RSP] = POINTER;
    for (int i = 0; i < 16; i++) {
      if (roles[i] != FREE) {
        s.gpr[i] = values[i];
      }
    }
    s.fsBase = random.below(0x100) * 16L;
    s.gsBase = random.oneIn(2) ? -16L * random.below(0x100) : random.below(0x10000);
  }

  private void assign(int register, int role, long value) {
    roles[register] = role;
    values[register] = value;
  }

  boolean isFree(int register) {
    return roles[register] == FREE;
  }

  /** A register that points to data. */
  int pointer() {
    int register = random.below(16);
    while (roles[register] != POINTER) {
      register = register + 1 & 15;
    }
    return register;
  }

  long value(int register) {
    return values[register];
  }

  /** An address in the middle of the stack. */
  long stack() {
    long at = dataOrigin + BlockLayout.STACK + 0x400 + random.below(0x100) * 8L;
    if (random.oneIn(30)) {
      at = dataOrigin + BlockLayout.STACK + random.below(2) * 0x1000 + random.below(33) - 16;
    } else if (random.oneIn(8)) {
      at += random.below(8);
    }
    return at;
  }

  /** An address of data with {@code room} bytes behind it. */
  long data(int room) {
    return dataOrigin + BlockLayout.DATA + random.below(BlockLayout.DATA_SIZE - room);
  }

  /** Whether the instruction writes a register that others count on. */
  boolean spoils(Instruction i) {
    boolean first = i.kind0 == Instruction.REGISTER && !onlyReads(i) && !isFree(i.reg0);
    first |= i.kind0 == Instruction.HIGH_BYTE && !onlyReads(i) && !isFree(i.reg0 & 3);
    return switch (i.form.operation()) {
      case XCHG, XADD -> first || i.kind1 == Instruction.REGISTER && !isFree(i.reg1);
      case MUL, DIV, IDIV, CMPXCHG8B, CMPXCHG16B -> !isFree(0) || !isFree(2);
      case IMUL -> first || i.operands == 1 && (!isFree(0) || !isFree(2));
      case CMPXCHG -> first || !isFree(0);
      case CPUID -> !isFree(0) || !isFree(1) || !isFree(2) || !isFree(3);
      case LEAVE -> !isFree(BlockGenerator.RBP);
      default -> first;
    };
  }

  private static boolean onlyReads(Instruction i) {
    return switch (i.form.operation()) {
      case CMP, TEST, BT, PUSH, DIV, IDIV, MUL, WRFSBASE, WRGSBASE -> true;
      default -> false;
    };
  }

  /** A linear address for an operand of {@code size} bytes, as an offset in the data's window. */
  private int offset(int size, int alignment) {
    int kind = random.below(200);
    if (kind == 0) {
      return BlockLayout.READ_ONLY + random.below(0xff0);
    }
    if (kind == 1) {
      return BlockLayout.ABSENT + random.below(0xff0);
    }
    if (kind == 2) {
      return BlockLayout.SYSTEM + random.below(0xff0);
    }
    if (kind == 3) {
      return BlockLayout.BUS + random.below(0xff0);
    }
    if (kind == 4) {
      // The last bytes of a page with nothing behind it.
      return BlockLayout.DATA + BlockLayout.DATA_SIZE - 1 - random.below(Math.max(size, 2));
    }
    if (kind == 5) {
      return BlockLayout.DATA - random.below(Math.max(size, 2));
    }
    if (kind < 14) {
      return BlockLayout.DATA + BlockLayout.PAGE - random.below(Math.max(size, 2));
    }
    if (kind < 20) {
      return BlockLayout.DATA_AGAIN + random.below(0xfe0);
    }
    int at = random.below(0x1f00);
    int step = random.oneIn(16) ? 1 : Math.max(alignment, random.oneOf(1, 4, 8));
    return BlockLayout.DATA + at / step * step;
  }

  private static int size(Instruction i) {
    int size = i.kind0 == Instruction.MEMORY ? i.size0 : 0;
    size = i.kind1 == Instruction.MEMORY ? i.size1 : size;
    size = i.kind2 == Instruction.MEMORY ? i.size2 : size;
    return Math.max(1, size);
  }

  /** Gives the instruction another memory operand; null where that fails. */
  byte[] place(byte[] code, Instruction i) {
    byte[] changed = i.modrm < 0 ? absolute(code, i) : rewrite(code, i);
    if (changed == null
        || changed.length > Decoder.MAX_LENGTH
        || decoder.decode(changed, 0, changed.length, 8, trial) != Decoder.OK
        || trial.length != changed.length
        || trial.form != i.form) {
      return null;
    }
    return changed;
  }

  private long segmentBase(Instruction i) {
    return i.segment == StateLayout.FS
        ? state.fsBase
        : i.segment == StateLayout.GS ? state.gsBase : 0;
  }

  /** MOV with an absolute offset. */
  private byte[] absolute(byte[] code, Instruction i) {
    int bytes = i.addressSize == 8 ? 8 : 4;
    long value = dataOrigin + offset(size(i), 1) - segmentBase(i);
    byte[] out = code.clone();
    for (int k = 0; k < bytes; k++) {
      out[out.length - bytes + k] = (byte) (value >>> 8 * k);
    }
    return out;
  }

  private byte[] rewrite(byte[] code, Instruction i) {
    byte[] out = new byte[24];
    int length = 0;
    int p = 0;
    boolean narrow = false;
    while (isPrefix(code[p] & 0xff)) {
      // 32-bit addresses reach only the low window.
      if (code[p] != 0x67) {
        out[length++] = code[p];
      } else if (dataOrigin >>> 32 == 0 && !narrow) {
        out[length++] = code[p];
        narrow = true;
      }
      p++;
    }
    int rex = 0;
    if ((code[p] & 0xf0) == 0x40) {
      rex = code[p++] & 0xfc | 0x40;
    }
    int opcode = p;
    if (code[p] == 0x0f) {
      p++;
      if (code[p] == 0x38 || code[p] == 0x3a) {
        p++;
      }
    }
    p++;
    int modrm = code[p];
    int tail = p + modrmLength(code, p);
    byte[] address = address(i, modrm & 0x38, code.length - tail);
    rex |= address[0];
    if (rex != 0) {
      out[length++] = (byte) (rex | 0x40);
    }
    for (int k = opcode; k < p; k++) {
      out[length++] = code[k];
    }
    for (int k = 1; k < address.length; k++) {
      out[length++] = address[k];
    }
    if (length + code.length - tail > Decoder.MAX_LENGTH) {
      return null;
    }
    for (int k = tail; k < code.length; k++) {
      out[length++] = code[k];
    }
    return Arrays.copyOf(out, length);
  }

  private static boolean isPrefix(int b) {
    return switch (b) {
      case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
      default -> false;
    };
  }

  /** Bytes of ModRM, SIB and displacement. */
  private static int modrmLength(byte[] code, int at) {
    int mod = code[at] >> 6 & 3;
    int rm = code[at] & 7;
    int length = 1;
    boolean wide = mod == 0 && rm == 5;
    if (rm == 4) {
      length++;
      wide |= mod == 0 && (code[at + 1] & 7) == 5;
    }
    return length + (mod == 1 ? 1 : mod == 2 || wide ? 4 : 0);
  }

  /** Bits X and B of REX, then ModRM, SIB and displacement. */
  private byte[] address(Instruction i, int reg, int behind) {
    long wanted = dataOrigin + offset(size(i), i.form.alignment()) - segmentBase(i);
    boolean low = dataOrigin >>> 32 == 0;
    int kind = random.below(10);
    if (kind == 0 && random.oneIn(2)) {
      int wild = find(WILD);
      if (wild >= 0) {
        return based(reg, wild, -1, 0, random.below(256) - 128);
      }
    }
    if (kind == 1 && low | dataOrigin < 0) {
      return sib(reg, -1, -1, 0, (int) wanted);
    }
    if (kind == 2 && dataOrigin == origin && i.segment == StateLayout.NO_SEGMENT) {
      return ripRelative(reg, wanted, behind);
    }
    int index = find(INDEX);
    int scale = random.below(4);
    if (kind == 3 && low && index >= 0) {
      return sib(reg, -1, index, scale, (int) (wanted - (values[index] << scale)));
    }
    int base = pointer();
    if (kind < 7 && index >= 0) {
      return based(
          reg, base, index, scale, (int) (wanted - values[base] - (values[index] << scale)));
    }
    return based(reg, base, -1, 0, (int) (wanted - values[base]));
  }

  /** The place of the code is not settled: the operand lies somewhere in its neighbourhood. */
  private byte[] ripRelative(int reg, long wanted, int behind) {
    int distance = (int) (wanted - origin - BlockLayout.CODE) - random.below(2048) - behind;
    return number(new byte[] {0, (byte) (reg | 5), 0, 0, 0, 0}, 2, distance);
  }

  private int find(int role) {
    int from = random.below(16);
    for (int n = 0; n < 16; n++) {
      int register = from + n & 15;
      if (roles[register] == role && register != BlockGenerator.RSP) {
        return register;
      }
    }
    return -1;
  }

  private static byte[] number(byte[] out, int at, int value) {
    for (int k = 0; k < 4; k++) {
      out[at + k] = (byte) (value >> 8 * k);
    }
    return out;
  }

  private byte[] based(int reg, int base, int index, int scale, int displacement) {
    if (index >= 0 || (base & 7) == 4 || random.oneIn(10)) {
      return sib(reg, base, index, scale, displacement);
    }
    if (displacement == (byte) displacement) {
      return new byte[] {(byte) (base >> 3), (byte) (0x40 | reg | base & 7), (byte) displacement};
    }
    byte[] out = {(byte) (base >> 3), (byte) (0x80 | reg | base & 7), 0, 0, 0, 0};
    return number(out, 2, displacement);
  }

  private byte[] sib(int reg, int base, int index, int scale, int displacement) {
    int x = index < 0 ? 4 : index;
    int b = base < 0 ? 5 : base;
    int rex = (x >> 3) << 1 | b >> 3;
    byte sib = (byte) (scale << 6 | (x & 7) << 3 | b & 7);
    if (base >= 0 && displacement == (byte) displacement) {
      return new byte[] {(byte) rex, (byte) (0x44 | reg), sib, (byte) displacement};
    }
    byte[] out = {(byte) rex, (byte) ((base < 0 ? 0x04 : 0x84) | reg), sib, 0, 0, 0, 0};
    return number(out, 3, displacement);
  }
}
