package org.wardian.processor.software;

import static org.wardian.processor.software.DenseOperands.a;
import static org.wardian.processor.software.DenseOperands.address;
import static org.wardian.processor.software.DenseOperands.b;
import static org.wardian.processor.software.DenseOperands.put;
import static org.wardian.processor.software.DenseOperands.putNarrow;
import static org.wardian.processor.software.DenseOperands.sh;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.StateLayout;

/** Dense operations that are too many or too rare for the hot loop's one method. */
final class WarmOps {
  private static final long RAX = 0;
  private static final long RDX = 16;
  private static final long RSP = 32;

  private final SoftwareVcpu cpu;
  private final long s;

  WarmOps(SoftwareVcpu cpu) {
    this.cpu = cpu;
    this.s = cpu.state;
  }

  private static int kind(long w0) {
    return (int) (w0 >>> Ops.KIND) & 15;
  }

  private void arithmetic(long w0, long value) {
    int kind = kind(w0);
    long r = Alu.operate(kind, s, a(s, w0), value, sh(w0));
    if (kind != 7) {
      putNarrow(s, w0, r);
    }
  }

  private static int bytes(long w0) {
    return (64 - sh(w0)) >> 3;
  }

  private void memoryArithmetic(long w0, long w1, long value) {
    int size = bytes(w0);
    long v = cpu.loadForWrite(address(s, w0, w1), size);
    cpu.storePrepared(size, Alu.operate(kind(w0), s, v, value, sh(w0)));
  }

  private void memoryUnary(long w0, long w1) {
    int size = bytes(w0);
    int sh = sh(w0);
    long v = cpu.loadForWrite(address(s, w0, w1), size);
    long r =
        switch (kind(w0)) {
          case 0 -> Alu.inc(s, v, sh);
          case 1 -> Alu.dec(s, v, sh);
          case 2 -> Alu.sub(s, 0, v, sh);
          default -> ~v;
        };
    cpu.storePrepared(size, r);
  }

  void execute(int op, long w0, long w1) {
    switch (op) {
      case Ops.ALU_RR -> arithmetic(w0, b(s, w0));
      case Ops.ALU_RI -> arithmetic(w0, w1);
      case Ops.ALU_RM -> arithmetic(w0, cpu.loadLinear(address(s, w0, w1), bytes(w0)));
      case Ops.ALU_MR -> memoryArithmetic(w0, w1, b(s, w0));
      case Ops.ALU_MI -> memoryArithmetic(w0, w1, w1 >> 32);
      case Ops.UNARY_M -> memoryUnary(w0, w1);
      case Ops.SHIFT_RI -> putNarrow(s, w0, Alu.shift(kind(w0), s, a(s, w0), (int) w1, sh(w0)));
      case Ops.SHIFT_CL -> {
        int count = RawMemory.getByte(s + 8) & 0xff;
        // A count of zero still writes the register: 32-bit forms clear its upper half.
        putNarrow(s, w0, Alu.shift(kind(w0), s, a(s, w0), count, sh(w0)));
      }
      case Ops.MOV_NARROW_RR -> putNarrow(s, w0, b(s, w0));
      case Ops.MOV_NARROW_RI -> putNarrow(s, w0, w1);
      case Ops.LOAD_NARROW -> putNarrow(s, w0, cpu.loadLinear(address(s, w0, w1), bytes(w0)));
      case Ops.BT_RI -> Flags.carry(s, a(s, w0) >>> (int) w1 & 1);
      case Ops.BT_RR -> {
        int bit = (int) b(s, w0) & (63 >> (sh(w0) >> 5));
        Flags.carry(s, a(s, w0) >>> bit & 1);
      }
      case Ops.CONVERT -> convert(w0);
      case Ops.PUSH32_R -> push32(a(s, w0));
      case Ops.PUSH32_I -> push32(w1);
      case Ops.POP32_R -> {
        long sp = RawMemory.getLong(s + RSP) & 0xffffffffL;
        long v = cpu.load32(sp);
        RawMemory.putLong(s + RSP, sp + 4 & 0xffffffffL);
        put(s, w0, v);
      }
      case Ops.PUSH_M -> {
        long v = cpu.load64(address(s, w0, w1));
        long sp = RawMemory.getLong(s + RSP) - 8;
        cpu.store64(sp, v);
        RawMemory.putLong(s + RSP, sp);
      }
      case Ops.SETCC_M -> cpu.store8(address(s, w0, w1), Flags.condition(s, kind(w0)) ? 1 : 0);
      default -> throw new IllegalStateException("warm operation " + op);
    }
  }

  private void push32(long value) {
    long sp = RawMemory.getLong(s + RSP) - 4 & 0xffffffffL;
    cpu.store32(sp, value);
    RawMemory.putLong(s + RSP, sp);
  }

  private void convert(long w0) {
    boolean wide = sh(w0) == 0;
    long rax = RawMemory.getLong(s + RAX);
    if (kind(w0) == 0) {
      RawMemory.putLong(s + RAX, wide ? (int) rax : (short) rax & 0xffffffffL);
    } else {
      RawMemory.putLong(s + RDX, wide ? rax >> 63 : (int) rax >> 31 & 0xffffffffL);
    }
  }

  /** Near CALL of 32-bit flat code: pushes {@code returnRip}. */
  void call32(long returnRip) {
    push32(returnRip);
  }

  /** Near RET of 32-bit flat code. */
  long ret32() {
    long sp = RawMemory.getLong(s + RSP) & 0xffffffffL;
    long target = cpu.load32(sp);
    if (target > cpu.limit(StateLayout.CS)) {
      throw cpu.fault(Vector.GP, 0);
    }
    RawMemory.putLong(s + RSP, sp + 4 & 0xffffffffL);
    return target;
  }
}
