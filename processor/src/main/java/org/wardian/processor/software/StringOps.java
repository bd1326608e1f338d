package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * String instructions. A repeated one runs until its count is used up, its condition ends it, it
 * faults, or something is pending: then RIP stays on it and the registers say how far it got.
 */
final class StringOps {
  private static final Operation[] OPERATIONS = Operation.values();
  private static final int RAX = 0;
  private static final int RCX = 1;
  private static final int RDX = 2;
  private static final int RSI = 6;
  private static final int RDI = 7;

  private final Cpu cpu;
  private final long s;
  private final PortAccess ports;

  StringOps(Cpu cpu, PortAccess ports) {
    this.cpu = cpu;
    this.s = cpu.state;
    this.ports = ports;
  }

  /** Destination segment: ES always, without base in 64-bit mode. */
  private int destination() {
    return cpu.code64 ? StateLayout.NO_SEGMENT : StateLayout.ES;
  }

  private static int size(Instruction i) {
    return i.kind1 == Instruction.STRING_SOURCE ? i.size1 : i.size0;
  }

  void execute(Instruction i) {
    Operation op = OPERATIONS[i.operation];
    if (!i.rep && !i.repne) {
      step(op, i, size(i));
      return;
    }
    int size = size(i);
    int addressSize = i.addressSize;
    if (op == Operation.INS || op == Operation.OUTS) {
      ports.check((int) cpu.gpr(RDX) & 0xffff, size);
    }
    boolean conditional = op == Operation.CMPS || op == Operation.SCAS;
    long result = RawMemory.getLong(s + StateLayout.FLAG_RESULT);
    long aux = RawMemory.getLong(s + StateLayout.FLAG_AUX);
    try {
      repeat(op, i, size, addressSize, conditional);
    } catch (GuestFault f) {
      // A fault shows the flags from before the instruction (Intel SDM vol. 2, REP), and, as the
      // processors that were asked do, registers of 32-bit addresses without upper halves.
      RawMemory.putLong(s + StateLayout.FLAG_RESULT, result);
      RawMemory.putLong(s + StateLayout.FLAG_AUX, aux);
      cpu.gpr(RCX, addressSize, cpu.gpr(RCX));
      if (op == Operation.MOVS || op == Operation.STOS) {
        cpu.gpr(RDI, addressSize, cpu.gpr(RDI));
      }
      if (op == Operation.MOVS) {
        cpu.gpr(RSI, addressSize, cpu.gpr(RSI));
      }
      throw f;
    }
  }

  private void repeat(Operation op, Instruction i, int size, int addressSize, boolean conditional) {
    while (true) {
      long count = cpu.gpr(RCX) & Cpu.mask(addressSize);
      if (count == 0) {
        return;
      }
      long done = conditional ? 0 : bulk(op, i, size, count);
      if (done == 0) {
        step(op, i, size);
        done = 1;
      }
      count -= done;
      cpu.gpr(RCX, addressSize, count);
      if (conditional && Flags.condition(s, 4) != i.rep) {
        return;
      }
      if (count != 0 && (cpu.pending() & ~Cpu.PENDING_BRANCH) != 0) {
        // The next look at the pending events comes back to this instruction. That translated code
        // wants to go on is none: the flags of a fault shall be those of the first round.
        cpu.rip(cpu.instructionRip);
        cpu.midString = true;
        return;
      }
    }
  }

  private void advance(int register, int addressSize, long by) {
    cpu.gpr(register, addressSize, cpu.gpr(register) + by);
  }

  private void step(Operation op, Instruction i, int size) {
    int a = i.addressSize;
    long mask = Cpu.mask(a);
    long delta = (cpu.eflags() & Cpu.DF) != 0 ? -size : size;
    long si = cpu.gpr(RSI) & mask;
    long di = cpu.gpr(RDI) & mask;
    switch (op) {
      case MOVS -> {
        cpu.store(destination(), di, size, cpu.load(i.segment, si, size));
        advance(RSI, a, delta);
        advance(RDI, a, delta);
      }
      case STOS -> {
        cpu.store(destination(), di, size, cpu.gpr(RAX));
        advance(RDI, a, delta);
      }
      case LODS -> {
        cpu.gpr(RAX, size, cpu.load(i.segment, si, size));
        advance(RSI, a, delta);
      }
      case CMPS -> {
        // The second operand's fault comes first, as on the processors that were asked.
        long y = cpu.load(destination(), di, size);
        long x = cpu.load(i.segment, si, size);
        Alu.sub(s, x, y, 64 - 8 * size);
        advance(RSI, a, delta);
        advance(RDI, a, delta);
      }
      case SCAS -> {
        long y = cpu.load(destination(), di, size);
        Alu.sub(s, cpu.gprLow(RAX, size), y, 64 - 8 * size);
        advance(RDI, a, delta);
      }
      case INS -> {
        int port = (int) cpu.gpr(RDX) & 0xffff;
        ports.check(port, size);
        cpu.probeStore(destination(), di, size);
        cpu.watchPort(port, size);
        cpu.store(destination(), di, size, cpu.ports.read(port, size));
        advance(RDI, a, delta);
      }
      default -> {
        int port = (int) cpu.gpr(RDX) & 0xffff;
        ports.check(port, size);
        long value = cpu.load(i.segment, si, size);
        cpu.watchPort(port, size);
        cpu.ports.write(port, size, value);
        advance(RSI, a, delta);
      }
    }
  }

  /** Elements moved or stored at once, up to the end of a page; 0 where it must go one by one. */
  private long bulk(Operation op, Instruction i, int size, long count) {
    if ((op != Operation.MOVS && op != Operation.STOS)
        || (cpu.eflags() & Cpu.DF) != 0
        || !cpu.code64 && cpu.codeKind != CodePage.FLAT_32
        || (cpu.pending() & Cpu.PENDING_STEP) != 0) {
      return 0;
    }
    long mask = Cpu.mask(i.addressSize);
    long di = cpu.gpr(RDI) & mask;
    long n = Math.min(count, (4096 - (di & 0xfff)) / size);
    if (op == Operation.STOS) {
      if (n < 2) {
        return 0;
      }
      long to = cpu.bulk(di, Mmu.WRITE, (int) n * size);
      if (to == 0) {
        return 0;
      }
      fill(to, size, n);
    } else {
      long si = (cpu.gpr(RSI) & mask) + cpu.base(i.segment);
      n = Math.min(n, (4096 - (si & 0xfff)) / size);
      if (n < 2 || i.segment < StateLayout.NO_SEGMENT && !cpu.code64 && i.segment > 3) {
        return 0;
      }
      int length = (int) n * size;
      long from = cpu.bulk(si, Mmu.READ, length);
      long to = cpu.bulk(di, Mmu.WRITE, length);
      if (from == 0 || to == 0) {
        return 0;
      }
      long bytes = n * size;
      if (to > from && to < from + bytes) {
        // An overlapping forward move repeats what it has just written.
        bytes = (to - from) / size * size;
        if (bytes == 0) {
          return 0;
        }
        n = bytes / size;
      }
      RawMemory.copy(from, to, bytes);
      advance(RSI, i.addressSize, bytes);
    }
    advance(RDI, i.addressSize, n * size);
    return n;
  }

  private void fill(long to, int size, long n) {
    long v = cpu.gprLow(RAX, size);
    long b = v & 0xff;
    if (size == 1 || v == (b * 0x0101010101010101L & Cpu.mask(size))) {
      RawMemory.fill(to, n * size, (byte) b);
      return;
    }
    for (long k = 0; k < n; k++) {
      switch (size) {
        case 2 -> RawMemory.putShort(to + 2 * k, (short) v);
        case 4 -> RawMemory.putInt(to + 4 * k, (int) v);
        default -> RawMemory.putLong(to + 8 * k, v);
      }
    }
  }
}
