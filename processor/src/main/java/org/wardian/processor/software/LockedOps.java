package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Instructions that read, change and write memory in one, with a LOCK prefix or as XCHG (Intel SDM
 * vol. 3, "Locked Atomic Operations").
 *
 * <p>Within a cache line the host's processor makes them so, by compare and exchange. What lies in
 * two lines or pages is done while all other vCPUs stand still: the host's own locked access would
 * hold up all of the host, and on some is a fault. So is CMPXCHG16B where there is no host code for
 * it.
 */
final class LockedOps {
  private static final int RAX = 0;
  private static final int RCX = 1;
  private static final int RDX = 2;
  private static final int RBX = 3;

  private final SoftwareVcpu cpu;
  private final long s;

  LockedOps(SoftwareVcpu cpu) {
    this.cpu = cpu;
    this.s = cpu.state;
  }

  private static int sh(int size) {
    return 64 - 8 * size;
  }

  void execute(Operation op, Instruction i) {
    if (op == Operation.CMPXCHG16B) {
      compareExchange16(i);
      return;
    }
    int size = i.kind0 == Instruction.MEMORY ? i.size0 : i.size1;
    if (op == Operation.CMPXCHG8B) {
      size = 8;
    }
    boolean bitString =
        i.kind0 == Instruction.MEMORY
            && i.kind1 == Instruction.REGISTER
            && switch (op) {
              case BTS, BTR, BTC -> true;
              default -> false;
            };
    long offset = bitString ? IntegerOps.bitAddress(cpu, i) : cpu.address(i);
    long va = cpu.linear(i.segment, offset, size, true);
    if (cpu.splits(va, size) && !cpu.group().single()) {
      // What faults does so before the others are troubled.
      cpu.probe(va, size, Mmu.WRITE, cpu.mmuMode);
      int width = size;
      cpu.group().exclusively(cpu, other -> true, () -> execute(op, i, va, width));
    } else {
      execute(op, i, va, size);
    }
  }

  private void execute(Operation op, Instruction i, long va, int size) {
    long result = RawMemory.getLong(s + StateLayout.FLAG_RESULT);
    long auxiliary = RawMemory.getLong(s + StateLayout.FLAG_AUX);
    long old = cpu.loadLocked(va, size);
    while (!cpu.storeLocked(size, old, changed(op, i, old))) {
      RawMemory.putLong(s + StateLayout.FLAG_RESULT, result);
      RawMemory.putLong(s + StateLayout.FLAG_AUX, auxiliary);
      old = cpu.reloadLocked(size);
    }
    finish(op, i, old);
  }

  /** What memory holds afterwards; sets flags, and nothing else. */
  private long changed(Operation op, Instruction i, long old) {
    return switch (op) {
      case ADD, OR, ADC, SBB, AND, SUB, XOR ->
          Alu.operate(IntegerOps.aluKind(op), s, old, cpu.read1(i), sh(i.size0));
      case INC -> Alu.inc(s, old, sh(i.size0));
      case DEC -> Alu.dec(s, old, sh(i.size0));
      case NEG -> Alu.sub(s, 0, old, sh(i.size0));
      case NOT -> ~old;
      case XADD -> Alu.add(s, old, cpu.read1(i), sh(i.size0));
      case XCHG -> i.kind0 == Instruction.MEMORY ? cpu.read1(i) : cpu.read0(i);
      case BTS, BTR, BTC -> {
        int n = bit(i);
        Flags.carry(s, old >>> n & 1);
        yield IntegerOps.changeBit(op, old, n);
      }
      case CMPXCHG -> {
        int n = sh(i.size0);
        Alu.sub(s, cpu.gpr(RAX) & Cpu.mask(i.size0), old, n);
        yield equal(i, old) ? cpu.read1(i) : old;
      }
      case CMPXCHG8B -> {
        boolean equal = old == expected8();
        IntegerOps.zero(s, equal);
        yield equal ? cpu.gprLow(RBX, 4) | cpu.gpr(RCX) << 32 : old;
      }
      default -> throw cpu.fault(Vector.UD, 0);
    };
  }

  private int bit(Instruction i) {
    return (int) cpu.read1(i) & i.size0 * 8 - 1;
  }

  private boolean equal(Instruction i, long old) {
    return (cpu.gpr(RAX) ^ old) << sh(i.size0) == 0;
  }

  private long expected8() {
    return cpu.gprLow(RAX, 4) | cpu.gpr(RDX) << 32;
  }

  /** Writes registers, once memory is changed. */
  private void finish(Operation op, Instruction i, long old) {
    switch (op) {
      case XADD -> cpu.writeRegister(i.kind1, i.reg1, i.size1, old);
      case XCHG -> {
        if (i.kind0 == Instruction.MEMORY) {
          cpu.writeRegister(i.kind1, i.reg1, i.size1, old);
        } else {
          cpu.writeRegister(i.kind0, i.reg0, i.size0, old);
        }
      }
      case CMPXCHG -> {
        if (!equal(i, old)) {
          cpu.gpr(RAX, i.size0, old);
        }
      }
      case CMPXCHG8B -> {
        if (old != expected8()) {
          cpu.gpr(RAX, 4, old);
          cpu.gpr(RDX, 4, old >>> 32);
        }
      }
      default -> {
        // Memory and flags are all.
      }
    }
  }

  /** CMPXCHG16B with a LOCK prefix. */
  private void compareExchange16(Instruction i) {
    long va = cpu.linear(i.segment, cpu.address(i), 16, true);
    if ((va & 15) != 0) {
      throw cpu.fault(Vector.GP, 0);
    }
    cpu.probe(va, 16, Mmu.WRITE, cpu.mmuMode);
    if (cpu.group().single()) {
      exchange16(va);
    } else {
      cpu.group().exclusively(cpu, other -> true, () -> exchange16(va));
    }
  }

  /** CMPXCHG16B, atomic only where nobody else accesses the memory. */
  void exchange16(long va) {
    long low = cpu.load64(va);
    long high = cpu.load64(va + 8);
    boolean equal = low == cpu.gpr(RAX) && high == cpu.gpr(RDX);
    if (equal) {
      cpu.store64(va, cpu.gpr(RBX));
      cpu.store64(va + 8, cpu.gpr(RCX));
    } else {
      cpu.gpr(RAX, low);
      cpu.gpr(RDX, high);
    }
    IntegerOps.zero(s, equal);
  }
}
