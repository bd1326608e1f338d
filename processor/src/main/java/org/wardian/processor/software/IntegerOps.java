package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.processor.software.sse.Crc32;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * General-purpose instructions on decoded operands: the path of whatever is not in the hot loop.
 */
final class IntegerOps {
  private static final Operation[] OPERATIONS = Operation.values();
  private static final int RAX = 0;
  private static final int RCX = 1;
  private static final int RDX = 2;
  private static final int RBX = 3;

  private final Cpu cpu;
  private final SoftwareVcpu vcpu;
  private final long s;
  private final Multiplication multiplication;
  private final Decimal decimal;
  private final LockedOps locked;

  IntegerOps(SoftwareVcpu cpu) {
    this.cpu = cpu;
    this.vcpu = cpu;
    this.locked = new LockedOps(cpu);
    this.s = cpu.state;
    this.multiplication = new Multiplication(cpu);
    this.decimal = new Decimal(cpu);
  }

  static int aluKind(Operation op) {
    return switch (op) {
      case ADD -> 0;
      case OR -> 1;
      case ADC -> 2;
      case SBB -> 3;
      case AND -> 4;
      case SUB -> 5;
      case XOR -> 6;
      case CMP -> 7;
      default -> -1;
    };
  }

  static int shiftKind(Operation op) {
    return switch (op) {
      case ROL -> 0;
      case ROR -> 1;
      case RCL -> 2;
      case RCR -> 3;
      case SHL -> 4;
      case SHR -> 5;
      case SAR -> 7;
      default -> -1;
    };
  }

  private static int sh(int size) {
    return 64 - 8 * size;
  }

  void execute(Instruction i) {
    Operation op = OPERATIONS[i.operation];
    if (i.lock || op == Operation.XCHG && i.hasMemory()) {
      locked.execute(op, i);
      return;
    }
    switch (op) {
      case ADD, OR, ADC, SBB, AND, SUB, XOR -> {
        long b = cpu.read1(i);
        long a = cpu.read0ForWrite(i);
        cpu.write0Modified(i, Alu.operate(aluKind(op), s, a, b, sh(i.size0)));
      }
      case CMP -> Alu.sub(s, cpu.read0(i), cpu.read1(i), sh(i.size0));
      case TEST -> Alu.logic(s, cpu.read0(i) & cpu.read1(i), sh(i.size0));
      case INC -> cpu.write0Modified(i, Alu.inc(s, cpu.read0ForWrite(i), sh(i.size0)));
      case DEC -> cpu.write0Modified(i, Alu.dec(s, cpu.read0ForWrite(i), sh(i.size0)));
      case NEG -> cpu.write0Modified(i, Alu.sub(s, 0, cpu.read0ForWrite(i), sh(i.size0)));
      case NOT -> cpu.write0Modified(i, ~cpu.read0ForWrite(i));
      case ROL, ROR, RCL, RCR, SHL, SHR, SAR -> {
        int count = (int) cpu.read1(i) & 0xff;
        long a = cpu.read0ForWrite(i);
        cpu.write0Modified(i, Alu.shift(shiftKind(op), s, a, count, sh(i.size0)));
      }
      case SHLD, SHRD -> {
        int count = (int) cpu.read2(i) & 0xff;
        long a = cpu.read0ForWrite(i);
        long b = cpu.read1(i);
        long r =
            op == Operation.SHLD
                ? Alu.shld(s, a, b, count, sh(i.size0))
                : Alu.shrd(s, a, b, count, sh(i.size0));
        cpu.write0Modified(i, r);
      }
      case MOV, MOVNTI -> cpu.write0(i, cpu.read1(i));
      case MOVZX -> cpu.write0(i, cpu.read1(i));
      case MOVSX, MOVSXD -> {
        int n = sh(i.size1);
        cpu.write0(i, cpu.read1(i) << n >> n);
      }
      case LEA -> cpu.gpr(i.reg0, i.size0, cpu.address(i));
      case XCHG -> exchange(i);
      case CMOVCC -> {
        long value = cpu.read1(i);
        long old = cpu.read0(i);
        cpu.write0(i, Flags.condition(s, i.condition) ? value : old);
      }
      case SETCC -> cpu.write0(i, Flags.condition(s, i.condition) ? 1 : 0);
      case BT, BTS, BTR, BTC -> bitTest(op, i);
      case BSF, BSR -> bitScan(op, i);
      case POPCNT -> {
        long v = cpu.read1(i);
        cpu.write0(i, Long.bitCount(v));
        Flags.set(s, v == 0 ? Flags.ZF : 0);
      }
      case BSWAP -> bswap(i);
      case MOVBE -> movbe(i);
      case CRC32 ->
          cpu.gpr(i.reg0, Crc32.update((int) cpu.gpr(i.reg0), cpu.read1(i), i.size1) & 0xffffffffL);
      case CBW -> {
        int half = i.operandSize / 2;
        long v = cpu.gpr(RAX) << sh(half) >> sh(half);
        cpu.gpr(RAX, i.operandSize, v);
      }
      case CWD -> {
        int n = sh(i.operandSize);
        cpu.gpr(RDX, i.operandSize, cpu.gpr(RAX) << n >> 63);
      }
      case CLC -> Flags.carry(s, 0);
      case STC -> Flags.carry(s, 1);
      case CMC -> Flags.carry(s, Flags.carry(s) ^ 1);
      case CLD -> cpu.eflags(cpu.eflags() & ~Cpu.DF);
      case STD -> cpu.eflags(cpu.eflags() | Cpu.DF);
      case LAHF -> setAh(Flags.get(s) & 0xd5 | 2);
      case SAHF -> {
        long ah = cpu.gpr(RAX) >>> 8 & 0xd5;
        Flags.set(s, Flags.get(s) & Flags.OF | ah);
      }
      case XADD -> {
        long a = cpu.read0ForWrite(i);
        long b = cpu.read1(i);
        long sum = Alu.add(s, a, b, sh(i.size0));
        if (i.kind0 == Instruction.MEMORY) {
          cpu.storePrepared(i.size0, sum);
          cpu.writeRegister(i.kind1, i.reg1, i.size1, a);
        } else {
          cpu.writeRegister(i.kind1, i.reg1, i.size1, a);
          cpu.writeRegister(i.kind0, i.reg0, i.size0, sum);
        }
      }
      case CMPXCHG -> compareExchange(i);
      case CMPXCHG8B -> compareExchange8(i);
      case CMPXCHG16B -> compareExchange16(i);
      case MUL, IMUL, DIV, IDIV -> multiplication.execute(op, i);
      case AAA, AAS, AAD, AAM, DAA, DAS -> decimal.execute(op, i);
      case SALC -> cpu.gpr(RAX, 1, -Flags.carry(s));
      case XLAT -> {
        long at = cpu.gpr(RBX) + (cpu.gpr(RAX) & 0xff) & Cpu.mask(i.addressSize);
        cpu.gpr(RAX, 1, cpu.load(i.segment, at, 1));
      }
      case CLFLUSH -> cpu.probeLoad(i.segment, cpu.address(i), 1);
      case PAUSE -> vcpu.pause();
      case MFENCE, SFENCE -> RawMemory.fullFence();
      // Loads are in order as they are.
      case NOP, LFENCE -> {}
      default -> throw cpu.fault(Vector.UD, 0);
    }
  }

  private void setAh(int value) {
    RawMemory.putByte(s + 1, (byte) value);
  }

  private void exchange(Instruction i) {
    long a = cpu.read0(i);
    long b = cpu.read1(i);
    cpu.writeRegister(i.kind0, i.reg0, i.size0, b);
    cpu.writeRegister(i.kind1, i.reg1, i.size1, a);
  }

  private void bitTest(Operation op, Instruction i) {
    int size = i.size0;
    int bits = size * 8;
    if (i.kind0 == Instruction.MEMORY && i.kind1 == Instruction.REGISTER) {
      // A register bit offset is signed and reaches beyond the operand.
      long address = bitAddress(cpu, i);
      int n = (int) cpu.read1(i) & bits - 1;
      boolean write = op != Operation.BT;
      long va = cpu.linear(i.segment, address, size, write);
      long v = write ? cpu.loadForWrite(va, size) : cpu.loadLinear(va, size);
      if (write) {
        cpu.storePrepared(size, changeBit(op, v, n));
      }
      Flags.carry(s, v >>> n & 1);
      return;
    }
    int n = (int) cpu.read1(i) & bits - 1;
    if (op == Operation.BT) {
      Flags.carry(s, cpu.read0(i) >>> n & 1);
      return;
    }
    long v = cpu.read0ForWrite(i);
    cpu.write0Modified(i, changeBit(op, v, n));
    Flags.carry(s, v >>> n & 1);
  }

  /** Offset of the unit with the bit that a register names, of a bit string in memory. */
  static long bitAddress(Cpu cpu, Instruction i) {
    int size = i.size0;
    long bit = cpu.read1(i) << sh(size) >> sh(size);
    long address = cpu.address(i) + (bit >> (size == 2 ? 4 : size == 4 ? 5 : 6)) * size;
    return address & Cpu.mask(i.addressSize);
  }

  static long changeBit(Operation op, long v, int n) {
    return switch (op) {
      case BTS -> v | 1L << n;
      case BTR -> v & ~(1L << n);
      default -> v ^ 1L << n;
    };
  }

  private void bitScan(Operation op, Instruction i) {
    long v = cpu.read1(i);
    if (v == 0) {
      // The destination keeps its value on every processor in use; 32-bit forms still clear
      // nothing above.
      Flags.set(s, Flags.get(s) & ~Flags.STATUS | Flags.ZF | Flags.PF);
      return;
    }
    int n = op == Operation.BSF ? Long.numberOfTrailingZeros(v) : 63 - Long.numberOfLeadingZeros(v);
    cpu.write0(i, n);
    Flags.set(s, Flags.get(s) & ~(Flags.STATUS));
  }

  private void bswap(Instruction i) {
    long v = cpu.gpr(i.reg0);
    switch (i.size0) {
      case 8 -> cpu.gpr(i.reg0, Long.reverseBytes(v));
      case 4 -> cpu.gpr(i.reg0, Integer.reverseBytes((int) v) & 0xffffffffL);
      // Undefined by the manual; processors clear the low half.
      default -> cpu.gpr(i.reg0, 2, 0);
    }
  }

  private void movbe(Instruction i) {
    cpu.write0(i, Long.reverseBytes(cpu.read1(i)) >>> sh(i.size0));
  }

  private void compareExchange(Instruction i) {
    long old = cpu.read0ForWrite(i);
    long source = cpu.read1(i);
    int n = sh(i.size0);
    boolean equal = (cpu.gpr(RAX) ^ old) << n == 0;
    Alu.sub(s, cpu.gpr(RAX) & Cpu.mask(i.size0), old, n);
    if (i.kind0 == Instruction.MEMORY) {
      cpu.storePrepared(i.size0, equal ? source : old);
    } else if (equal) {
      cpu.writeRegister(i.kind0, i.reg0, i.size0, source);
    }
    if (!equal) {
      cpu.gpr(RAX, i.size0, old);
    }
  }

  static void zero(long s, boolean set) {
    int flags = Flags.get(s) & ~Flags.ZF;
    Flags.set(s, set ? flags | Flags.ZF : flags);
  }

  private void compareExchange8(Instruction i) {
    long va = cpu.linear(i.segment, cpu.address(i), 8, true);
    long old = cpu.loadForWrite(va, 8);
    long expected = cpu.gprLow(RAX, 4) | cpu.gpr(RDX) << 32;
    if (old == expected) {
      cpu.storePrepared(8, cpu.gprLow(RBX, 4) | cpu.gpr(RCX) << 32);
      zero(s, true);
    } else {
      cpu.storePrepared(8, old);
      cpu.gpr(RAX, 4, old);
      cpu.gpr(RDX, 4, old >>> 32);
      zero(s, false);
    }
  }

  private void compareExchange16(Instruction i) {
    long va = cpu.linear(i.segment, cpu.address(i), 16, true);
    if ((va & 15) != 0) {
      throw cpu.fault(Vector.GP, 0);
    }
    cpu.probe(va, 16, Mmu.WRITE, cpu.mmuMode);
    locked.exchange16(va);
  }
}
