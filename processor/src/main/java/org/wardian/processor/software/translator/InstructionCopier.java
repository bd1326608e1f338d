package org.wardian.processor.software.translator;

import org.wardian.x86.Form;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Writes a guest's instruction anew for the host: same operation, sizes, immediate and LOCK, other
 * registers and another memory operand. Works for guests of 16, 32 and 64 bits; 66 and REX are
 * chosen from the instruction's operand size, segment overrides, stray repetition prefixes and
 * address size are dropped: the caller's memory operand says it all.
 */
public final class InstructionCopier {
  private final HostAssembler assembler;

  /** A copier that writes with {@code assembler}. */
  public InstructionCopier(HostAssembler assembler) {
    this.assembler = assembler;
  }

  /**
   * Whether instructions of this form can be copied: those that only compute. Branches, stack and
   * string operations, what needs privilege or reads the processor's identity, and the decimal
   * operations of 32-bit code cannot.
   */
  public static boolean isCopyable(Form form) {
    return FormEncoding.of(form).copyable;
  }

  /**
   * Writes {@code in} with each guest register at the host register that a map gives; vector and
   * x87 registers keep their numbers.
   *
   * @param hosts for each guest register 0 to 15 its host register, or {@link
   *     HostRegister#IN_MEMORY} if it is at {@code memory} (then the operand must be one that may
   *     be memory, and no other may be)
   * @param memory the memory operand, if there is one
   */
  public void copy(Instruction in, byte[] hosts, long memory) {
    copy(
        in,
        host(in.kind0, in.reg0, hosts),
        host(in.kind1, in.reg1, hosts),
        host(in.kind2, in.reg2, hosts),
        memory);
  }

  private static int host(int kind, int register, byte[] hosts) {
    switch (kind) {
      case Instruction.REGISTER -> {
        return hosts[register];
      }
      case Instruction.HIGH_BYTE -> {
        int host = hosts[register];
        if (host < 0 || host > HostRegister.RBX) {
          throw new IllegalArgumentException("a high byte in host register " + host);
        }
        return host + HostRegister.AH;
      }
      case Instruction.MEMORY -> {
        return HostRegister.IN_MEMORY;
      }
      default -> {
        return register;
      }
    }
  }

  /**
   * Writes {@code in} with each operand at a given place.
   *
   * @param first host register of the first operand if it is a general, vector or MMX register (AH
   *     to BH as {@link HostRegister} has them), or {@link HostRegister#IN_MEMORY}; ignored for
   *     constants, implied and x87 registers
   * @param second of the second operand, in the same way
   * @param third of the third operand, in the same way
   * @throws IllegalArgumentException if the form is not copyable or the places cannot be encoded: a
   *     fixed register elsewhere, a second memory operand, a high byte together with REX
   */
  public void copy(Instruction in, int first, int second, int third, long memory) {
    FormEncoding encoding = FormEncoding.of(in.form);
    if (!encoding.copyable) {
      throw new IllegalArgumentException("not to be copied: " + in.form);
    }
    int op = opcode(in, encoding);
    int reg = Math.max(0, encoding.digit);
    int rm = HostRegister.IN_MEMORY;
    boolean modrm = encoding.modrm;
    for (int i = 0; i < encoding.places.length; i++) {
      int host = i == 0 ? first : i == 1 ? second : third;
      int byteFlag = i == 0 ? byteFlag(in.kind0, in.size0) : byteFlag(in.kind1, in.size1);
      switch (encoding.places[i]) {
        case FormEncoding.RM -> {
          rm = host;
          op |= byteFlag != 0 ? OperandEncoder.BYTE_RM : 0;
        }
        case FormEncoding.REG -> {
          reg = host;
          op |= byteFlag != 0 ? OperandEncoder.BYTE_REG : 0;
        }
        case FormEncoding.OPCODE -> {
          rm = host;
          op |= byteFlag != 0 ? OperandEncoder.BYTE_RM : 0;
        }
        case FormEncoding.FIXED -> {
          if (host != encoding.fixed) {
            throw new IllegalArgumentException("register " + host + " in " + in.form);
          }
        }
        default -> {
          // Implied, or an immediate.
        }
      }
    }
    if (!modrm) {
      modrm = replacesOpcode(in, op, rm);
      if (modrm) {
        writeReplaced(in, op, rm, memory);
        return;
      }
    }
    if (in.lock) {
      assembler.lock();
    }
    int immediateBytes = immediateBytes(in, encoding.immediate);
    if (encoding.wholeModrm) {
      assembler.plain(op);
      assembler.put8(in.modrm);
    } else if (modrm && !encoding.hasRm) {
      assembler.register(op, reg, 0);
    } else if (modrm && rm == HostRegister.IN_MEMORY) {
      assembler.memory(op, reg, memory, immediateBytes);
    } else if (modrm) {
      assembler.register(op, reg, rm);
    } else if (encodesRegister(encoding)) {
      assembler.embedded(op, rm);
    } else {
      assembler.plain(op);
    }
    if (immediateBytes == 8) {
      assembler.put64(in.immediate);
    } else if (immediateBytes != 0) {
      assembler.putImmediate(immediateBytes, in.immediate);
    }
  }

  private static int opcode(Instruction in, FormEncoding encoding) {
    int op = encoding.op + (encoding.condition ? in.condition : 0);
    if (encoding.wide && in.operandSize == 8) {
      op |= OperandEncoder.WIDE;
    } else if (encoding.word && in.operandSize == 2) {
      op |= OperandEncoder.WORD;
    }
    // The alias of group 1 that 64-bit mode lacks.
    return op == 0x82 ? 0x80 : op;
  }

  private static int byteFlag(int kind, int size) {
    return size == 1 && (kind == Instruction.REGISTER || kind == Instruction.HIGH_BYTE) ? 1 : 0;
  }

  private static boolean encodesRegister(FormEncoding encoding) {
    for (int place : encoding.places) {
      if (place == FormEncoding.OPCODE) {
        return true;
      }
    }
    return false;
  }

  /** Whether an opcode without ModRM means something else in the host's 64-bit mode, or here. */
  private static boolean replacesOpcode(Instruction in, int op, int rm) {
    return switch (in.form.operation()) {
      // 40 to 4F are REX; 90 with register 0 would be NOP.
      case INC, DEC -> true;
      case XCHG -> rm == HostRegister.RAX || rm == HostRegister.IN_MEMORY;
      // A0 to A3 take an absolute address.
      case MOV ->
          (op & 0xfc) == 0xa0 || rm == HostRegister.IN_MEMORY && in.immediate == (int) in.immediate;
      default -> {
        if (rm == HostRegister.IN_MEMORY && in.kind0 == Instruction.REGISTER && encodes(in)) {
          throw new IllegalArgumentException("a register in memory: " + in.form);
        }
        yield false;
      }
    };
  }

  private static boolean encodes(Instruction in) {
    return encodesRegister(FormEncoding.of(in.form));
  }

  private void writeReplaced(Instruction in, int op, int rm, long memory) {
    boolean inMemory = rm == HostRegister.IN_MEMORY;
    int size = in.size0;
    switch (in.form.operation()) {
      case INC, DEC -> {
        boolean inc = in.form.operation() == Operation.INC;
        if (inMemory && inc) {
          assembler.incStore(size, memory);
        } else if (inMemory) {
          assembler.decStore(size, memory);
        } else if (inc) {
          assembler.inc(size, rm);
        } else {
          assembler.dec(size, rm);
        }
      }
      case XCHG -> {
        if (inMemory) {
          assembler.xchgStore(size, memory, HostRegister.RAX);
        } else {
          assembler.xchg(size, rm, rm);
        }
      }
      default -> {
        if ((op & 0xfc) != 0xa0) {
          assembler.movStoreImmediate(size, memory, (int) in.immediate);
        } else if ((op & 2) == 0) {
          assembler.movLoad(size, HostRegister.RAX, memory);
        } else {
          assembler.movStore(size, memory, HostRegister.RAX);
        }
      }
    }
  }

  private static int immediateBytes(Instruction in, char letter) {
    return switch (letter) {
      case 'b' -> 1;
      case 'w' -> 2;
      case 'z' -> Math.min(4, in.operandSize);
      case 'v' -> in.operandSize;
      default -> 0;
    };
  }
}
