package org.wardian.x86;

/**
 * Turns bytes into {@link Instruction}s, by the instruction table and the features of one {@link
 * CpuModel}. Holds a cursor, so each thread needs its own; decoding allocates nothing.
 *
 * <p>Source: Intel SDM vol. 2, chapter 2 (instruction format) and appendix A.
 */
public final class Decoder {
  /** Decoded. */
  public static final int OK = 0;

  /** The instruction goes on behind the last available byte. */
  public static final int TRUNCATED = 1;

  /** Longer than {@link #MAX_LENGTH}: #GP(0). */
  public static final int TOO_LONG = 2;

  /** No such instruction: #UD. */
  public static final int INVALID = 3;

  /** Longest instruction in bytes. */
  public static final int MAX_LENGTH = 15;

  private static final int NO_REGISTER = 16;
  private static final int RIP_RELATIVE = 17;

  // Values of PREFIXES: 1 to 6 are segment overrides ES to GS.
  private static final int OPERAND_SIZE = 7;
  private static final int ADDRESS_SIZE = 8;
  private static final int LOCK = 9;
  private static final int REPNE = 10;
  private static final int REP = 11;
  private static final int REX = 12;

  private static final byte[] PREFIXES = new byte[256];
  private static final byte[] PREFIXES_64;

  static {
    PREFIXES[0x26] = 1;
    PREFIXES[0x2e] = 2;
    PREFIXES[0x36] = 3;
    PREFIXES[0x3e] = 4;
    PREFIXES[0x64] = 5;
    PREFIXES[0x65] = 6;
    PREFIXES[0x66] = OPERAND_SIZE;
    PREFIXES[0x67] = ADDRESS_SIZE;
    PREFIXES[0xf0] = LOCK;
    PREFIXES[0xf2] = REPNE;
    PREFIXES[0xf3] = REP;
    PREFIXES_64 = PREFIXES.clone();
    for (int i = 0x40; i < 0x50; i++) {
      PREFIXES_64[i] = REX;
    }
  }

  /** Bases of 16-bit addressing by ModRM.rm: BX BX BP BP none none BP BX. */
  private static final byte[] BASE_16 = {3, 3, 5, 5, NO_REGISTER, NO_REGISTER, 5, 3};

  /** Indices of 16-bit addressing by ModRM.rm: SI DI SI DI SI DI none none. */
  private static final byte[] INDEX_16 = {6, 7, 6, 7, 6, 7, NO_REGISTER, NO_REGISTER};

  private final Form[] forms = InstructionTable.array();
  private final DecodeTable legacyTable;
  private final DecodeTable longTable;

  private final CodeCursor cursor = new CodeCursor();
  private final OperandReader operands = new OperandReader(cursor);

  /** A decoder of what {@code model} has. */
  public Decoder(CpuModel model) {
    DecodeTable[] tables = model.decodeTables();
    this.legacyTable = tables[0];
    this.longTable = tables[1];
  }

  /**
   * Decodes one instruction.
   *
   * @param code holds the bytes
   * @param offset of the first byte
   * @param available number of bytes that may be read from {@code offset} on
   * @param codeSize 2, 4 or 8: default operand size of the code segment, or 64-bit mode
   * @param out filled if the result is {@link #OK}, else of unspecified content
   * @return {@link #OK}, {@link #TRUNCATED}, {@link #TOO_LONG} or {@link #INVALID}
   */
  public int decode(byte[] code, int offset, int available, int codeSize, Instruction out) {
    CodeCursor cursor = this.cursor;
    cursor.start(code, offset, offset + Math.min(available, MAX_LENGTH));
    boolean wide = codeSize == 8;
    byte[] prefixes = wide ? PREFIXES_64 : PREFIXES;
    int rex = 0;
    int repeat = 0;
    int override = -1;
    boolean operandPrefix = false;
    boolean addressPrefix = false;
    boolean lock = false;
    int opcode;
    while (true) {
      opcode = cursor.next();
      int prefix = prefixes[opcode];
      if (prefix == 0 || cursor.exhausted) {
        break;
      }
      if (prefix == REX) {
        rex = opcode;
        continue;
      }
      // REX counts only right before the opcode.
      rex = 0;
      switch (prefix) {
        case OPERAND_SIZE -> operandPrefix = true;
        case ADDRESS_SIZE -> addressPrefix = true;
        case LOCK -> lock = true;
        case REPNE -> repeat = REPNE;
        case REP -> repeat = REP;
        default -> {
          if (!wide || prefix >= 5) {
            override = prefix - 1;
          }
        }
      }
    }
    int map = 0;
    if (opcode == 0x0f) {
      map = 1;
      opcode = cursor.next();
      if (opcode == 0x38 || opcode == 0x3a) {
        map = opcode == 0x38 ? 2 : 3;
        opcode = cursor.next();
      }
    }
    if (cursor.exhausted) {
      return exhaustion(available);
    }
    int column = repeat == REP ? 2 : repeat == REPNE ? 3 : operandPrefix ? 1 : 0;
    DecodeTable table = wide ? longTable : legacyTable;
    int cell = table.primary[map << 10 | opcode << 2 | column];
    int modrm = -1;
    if (cell < 0) {
      modrm = cursor.next();
      if (cursor.exhausted) {
        return exhaustion(available);
      }
      cell = table.cells[-cell + ((modrm >> 2 & 14) | (modrm >= 0xc0 ? 1 : 0))];
      if (cell < 0) {
        cell = table.cells[-cell + (modrm & 7)];
      }
    }
    if (cell == 0) {
      return INVALID;
    }
    Form form = forms[cell - 1];
    if (rex != 0 && table.alternate[form.id] != 0) {
      form = alternate(form, rex, table.alternate[form.id]);
      if (form == null) {
        return INVALID;
      }
    }
    Encoding encoding = form.encoding;
    if (!encoding.anyPrefix()) {
      int prefix = encoding.prefixes();
      if (prefix == 2) {
        operandPrefix = false;
      } else if (prefix >= 4) {
        repeat = 0;
      }
    }
    if (encoding.modrm() && modrm < 0) {
      modrm = cursor.next();
    }
    out.form = form;
    out.operation = form.operationOrdinal;
    out.condition = encoding.opcodes() == 16 ? opcode & 15 : 0;
    out.codeSize = codeSize;
    out.lock = lock;
    out.rep = repeat == REP;
    out.repne = repeat == REPNE;
    out.modrm = modrm;
    out.addressSize = addressPrefix ? (wide || codeSize == 2 ? 4 : 2) : codeSize;
    out.operandSize = operandSize(codeSize, operandPrefix, rex, form.attributes);
    if (modrm >= 0 && modrm < 0xc0 && encoding.mods() != 0) {
      memory(out, modrm, rex, override);
    } else {
      out.base = NO_REGISTER;
      out.index = NO_REGISTER;
      out.scale = 0;
      out.displacement = 0;
      segment(out, StateLayout.DS, override);
    }
    boolean valid = operands.read(out, form, opcode, modrm, rex);
    if (cursor.exhausted) {
      return exhaustion(available);
    }
    if (lock && (out.kind0 != Instruction.MEMORY || !form.lockable())) {
      return INVALID;
    }
    out.length = cursor.position - offset;
    return valid ? OK : INVALID;
  }

  private static int exhaustion(int available) {
    return available >= MAX_LENGTH ? TOO_LONG : TRUNCATED;
  }

  /** The form of a w0 or b0 row in the presence of REX; null if there is none. */
  private Form alternate(Form form, int rex, int alternate) {
    int bit = form.encoding.extra() == Encoding.W0 ? 8 : 1;
    if ((rex & bit) == 0) {
      return form;
    }
    return alternate < 0 ? null : forms[alternate - 1];
  }

  private static int operandSize(int codeSize, boolean prefix, int rex, int attributes) {
    if (codeSize != 8) {
      return prefix ? codeSize ^ 6 : codeSize;
    }
    if ((rex & 8) != 0 || (attributes & Form.FORCE_64) != 0) {
      return 8;
    }
    return prefix ? 2 : (attributes & Form.DEFAULT_64) != 0 ? 8 : 4;
  }

  private static void segment(Instruction out, int standard, int override) {
    out.segmentOverride = override >= 0;
    out.segment = override >= 0 ? override : out.codeSize == 8 ? StateLayout.NO_SEGMENT : standard;
  }

  private void memory(Instruction out, int modrm, int rex, int override) {
    if (out.addressSize == 2) {
      memory16(out, modrm, override);
      return;
    }
    int mod = modrm >> 6;
    int base = modrm & 7;
    int index = NO_REGISTER;
    int scale = 0;
    if (base == 4) {
      int sib = cursor.next();
      base = sib & 7;
      scale = sib >> 6;
      index = (sib >> 3 & 7) | (rex & 2) << 2;
      if (index == 4) {
        index = NO_REGISTER;
        scale = 0;
      }
      if (base == 5 && mod == 0) {
        base = NO_REGISTER;
        out.displacement = cursor.next32();
      } else {
        base |= (rex & 1) << 3;
      }
    } else if (base == 5 && mod == 0) {
      base = out.codeSize == 8 ? RIP_RELATIVE : NO_REGISTER;
      out.displacement = cursor.next32();
    } else {
      base |= (rex & 1) << 3;
    }
    if (mod == 1) {
      out.displacement = (byte) cursor.next();
    } else if (mod == 2) {
      out.displacement = cursor.next32();
    } else if (base < NO_REGISTER) {
      out.displacement = 0;
    }
    out.base = base;
    out.index = index;
    out.scale = scale;
    segment(out, base == 4 || base == 5 ? StateLayout.SS : StateLayout.DS, override);
  }

  private void memory16(Instruction out, int modrm, int override) {
    int mod = modrm >> 6;
    int rm = modrm & 7;
    int base = BASE_16[rm];
    int index = INDEX_16[rm];
    // SI and DI alone are bases, so that a consumer finds a lone register in one place.
    if (base == NO_REGISTER) {
      base = index;
      index = NO_REGISTER;
    }
    if (mod == 0 && rm == 6) {
      base = NO_REGISTER;
      out.displacement = (short) cursor.next16();
    } else if (mod == 0) {
      out.displacement = 0;
    } else {
      out.displacement = mod == 1 ? (byte) cursor.next() : (short) cursor.next16();
    }
    out.base = base;
    out.index = index;
    out.scale = 0;
    segment(out, base == 5 ? StateLayout.SS : StateLayout.DS, override);
  }
}
