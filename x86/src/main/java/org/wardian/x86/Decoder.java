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

  private final DecodeTable legacyTable;
  private final DecodeTable longTable;

  private byte[] code;
  private int position;
  private int limit;
  private boolean exhausted;

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
    this.code = code;
    this.position = offset;
    this.limit = offset + Math.min(available, MAX_LENGTH);
    this.exhausted = false;
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
      opcode = next();
      int prefix = prefixes[opcode];
      if (prefix == 0 || exhausted) {
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
      opcode = next();
      if (opcode == 0x38 || opcode == 0x3a) {
        map = opcode == 0x38 ? 2 : 3;
        opcode = next();
      }
    }
    if (exhausted) {
      return exhaustion(available);
    }
    int column = repeat == REP ? 2 : repeat == REPNE ? 3 : operandPrefix ? 1 : 0;
    DecodeTable table = wide ? longTable : legacyTable;
    int cell = table.primary[map << 10 | opcode << 2 | column];
    int modrm = -1;
    if (cell < 0) {
      modrm = next();
      if (exhausted) {
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
    Form form = InstructionTable.form(cell - 1);
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
      modrm = next();
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
    boolean valid = operands(out, form, opcode, modrm, rex);
    if (exhausted) {
      return exhaustion(available);
    }
    if (lock && (out.kind0 != Instruction.MEMORY || !form.lockable())) {
      return INVALID;
    }
    out.length = position - offset;
    return valid ? OK : INVALID;
  }

  private static int exhaustion(int available) {
    return available >= MAX_LENGTH ? TOO_LONG : TRUNCATED;
  }

  /** The form of a w0 or b0 row in the presence of REX; null if there is none. */
  private static Form alternate(Form form, int rex, int alternate) {
    int bit = form.encoding.extra() == Encoding.W0 ? 8 : 1;
    if ((rex & bit) == 0) {
      return form;
    }
    return alternate < 0 ? null : InstructionTable.form(alternate - 1);
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
    out.segment =
        override >= 0 ? override : out.codeSize == 8 ? StateLayout.NO_SEGMENT : standard;
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
      int sib = next();
      base = sib & 7;
      scale = sib >> 6;
      index = (sib >> 3 & 7) | (rex & 2) << 2;
      if (index == 4) {
        index = NO_REGISTER;
        scale = 0;
      }
      if (base == 5 && mod == 0) {
        base = NO_REGISTER;
        out.displacement = next32();
      } else {
        base |= (rex & 1) << 3;
      }
    } else if (base == 5 && mod == 0) {
      base = out.codeSize == 8 ? RIP_RELATIVE : NO_REGISTER;
      out.displacement = next32();
    } else {
      base |= (rex & 1) << 3;
    }
    if (mod == 1) {
      out.displacement = (byte) next();
    } else if (mod == 2) {
      out.displacement = next32();
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
      out.displacement = (short) next16();
    } else if (mod == 0) {
      out.displacement = 0;
    } else {
      out.displacement = mod == 1 ? (byte) next() : (short) next16();
    }
    out.base = base;
    out.index = index;
    out.scale = 0;
    segment(out, base == 5 ? StateLayout.SS : StateLayout.DS, override);
  }

  /** Fills the operands, reading immediates; false if a register number makes the encoding #UD. */
  private boolean operands(Instruction out, Form form, int opcode, int modrm, int rex) {
    int[] templates = form.operands;
    out.operands = templates.length;
    out.kind0 = Instruction.NONE;
    out.kind1 = Instruction.NONE;
    out.kind2 = Instruction.NONE;
    out.kind3 = Instruction.NONE;
    int mode = (out.codeSize == 8 ? 4 : 0) | (out.operandSize >> 2);
    boolean valid = true;
    for (int i = 0; i < templates.length; i++) {
      int template = templates[i];
      int width = OperandTemplate.bytes(OperandTemplate.registerWidth(template), mode);
      int kind = Instruction.IMMEDIATE;
      int register = 0;
      switch (OperandTemplate.place(template)) {
        case OperandTemplate.RM_GENERAL, OperandTemplate.RM_MMX, OperandTemplate.RM_XMM -> {
          if (modrm < 0xc0 && form.encoding.mods() != 0) {
            kind = Instruction.MEMORY;
            width = OperandTemplate.bytes(OperandTemplate.memoryWidth(template), mode);
          } else if (OperandTemplate.place(template) == OperandTemplate.RM_MMX) {
            kind = Instruction.MMX;
            register = modrm & 7;
          } else {
            register = (modrm & 7) | (rex & 1) << 3;
            kind =
                OperandTemplate.place(template) == OperandTemplate.RM_XMM
                    ? Instruction.XMM
                    : Instruction.REGISTER;
          }
        }
        case OperandTemplate.REG_GENERAL -> {
          kind = Instruction.REGISTER;
          register = (modrm >> 3 & 7) | (rex & 4) << 1;
        }
        case OperandTemplate.REG_XMM -> {
          kind = Instruction.XMM;
          register = (modrm >> 3 & 7) | (rex & 4) << 1;
        }
        case OperandTemplate.REG_MMX -> {
          kind = Instruction.MMX;
          register = modrm >> 3 & 7;
        }
        case OperandTemplate.OPCODE_GENERAL -> {
          kind = Instruction.REGISTER;
          register = (opcode & 7) | (rex & 1) << 3;
        }
        case OperandTemplate.REG_SEGMENT -> {
          kind = Instruction.SEGMENT;
          register = modrm >> 3 & 7;
          valid = register <= StateLayout.GS && (i > 0 || register != StateLayout.CS);
        }
        case OperandTemplate.REG_CONTROL -> {
          kind = Instruction.CONTROL;
          register = (modrm >> 3 & 7) | (rex & 4) << 1;
          // CR0, CR2, CR3, CR4 and CR8 exist.
          valid = (0x11d >> register & 1) != 0;
        }
        case OperandTemplate.REG_DEBUG -> {
          kind = Instruction.DEBUG;
          register = (modrm >> 3 & 7) | (rex & 4) << 1;
          valid = register < 8;
        }
        case OperandTemplate.FIXED_GENERAL -> {
          kind = Instruction.REGISTER;
          register = OperandTemplate.fixed(template);
        }
        case OperandTemplate.STRING_SOURCE -> kind = Instruction.STRING_SOURCE;
        case OperandTemplate.STRING_DESTINATION -> kind = Instruction.STRING_DESTINATION;
        case OperandTemplate.OFFSET -> {
          kind = Instruction.MEMORY;
          out.displacement =
              out.addressSize == 8
                  ? next64()
                  : out.addressSize == 4 ? next32() & 0xffff_ffffL : next16();
        }
        default -> {
          kind = constantOperand(out, template, i);
          register = OperandTemplate.fixed(template);
          if (kind == Instruction.ST && OperandTemplate.place(template) == OperandTemplate.ST_I) {
            register = modrm & 7;
          }
        }
      }
      if (width == 1 && kind == Instruction.REGISTER && rex == 0 && register >= 4) {
        kind = Instruction.HIGH_BYTE;
        register -= 4;
      }
      set(out, i, kind, register, width);
    }
    return valid;
  }

  /** Reads an immediate or takes an implied constant or register; the operand's kind. */
  private int constantOperand(Instruction out, int template, int i) {
    switch (OperandTemplate.place(template)) {
      case OperandTemplate.IMMEDIATE_BYTE -> {
        if (i > 0 && out.kind0 == Instruction.IMMEDIATE) {
          out.immediate2 = next();
          return Instruction.IMMEDIATE2;
        }
        out.immediate = next();
      }
      case OperandTemplate.IMMEDIATE_BYTE_SIGNED -> out.immediate = (byte) next();
      case OperandTemplate.IMMEDIATE_WORD -> out.immediate = next16();
      case OperandTemplate.IMMEDIATE_Z ->
          out.immediate = out.operandSize == 2 ? (short) next16() : next32();
      case OperandTemplate.IMMEDIATE_V ->
          out.immediate =
              out.operandSize == 8
                  ? next64()
                  : out.operandSize == 4 ? next32() : (short) next16();
      case OperandTemplate.RELATIVE_BYTE -> {
        out.immediate = (byte) next();
        return Instruction.RELATIVE;
      }
      case OperandTemplate.RELATIVE_Z -> {
        out.immediate = out.operandSize == 2 ? (short) next16() : next32();
        return Instruction.RELATIVE;
      }
      case OperandTemplate.FAR_POINTER -> {
        out.immediate = out.operandSize == 2 ? next16() : next32() & 0xffff_ffffL;
        out.immediate2 = next16();
        return Instruction.FAR_POINTER;
      }
      case OperandTemplate.FIXED_SEGMENT -> {
        return Instruction.SEGMENT;
      }
      case OperandTemplate.FIXED_XMM -> {
        return Instruction.XMM;
      }
      case OperandTemplate.FIXED_ST, OperandTemplate.ST_I -> {
        return Instruction.ST;
      }
      default -> {
        out.immediate = OperandTemplate.fixed(template);
        return Instruction.CONSTANT;
      }
    }
    return Instruction.IMMEDIATE;
  }

  private static void set(Instruction out, int i, int kind, int register, int size) {
    switch (i) {
      case 0 -> {
        out.kind0 = kind;
        out.reg0 = register;
        out.size0 = size;
      }
      case 1 -> {
        out.kind1 = kind;
        out.reg1 = register;
        out.size1 = size;
      }
      case 2 -> {
        out.kind2 = kind;
        out.reg2 = register;
        out.size2 = size;
      }
      default -> {
        out.kind3 = kind;
        out.reg3 = register;
        out.size3 = size;
      }
    }
  }

  /** The next byte; 0 and {@link #exhausted} behind the last. */
  private int next() {
    if (position >= limit) {
      exhausted = true;
      return 0;
    }
    return code[position++] & 0xff;
  }

  private int next16() {
    int low = next();
    return low | next() << 8;
  }

  private int next32() {
    int low = next16();
    return low | next16() << 16;
  }

  private long next64() {
    long low = next32() & 0xffff_ffffL;
    return low | (long) next32() << 32;
  }
}
