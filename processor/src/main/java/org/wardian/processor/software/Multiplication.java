package org.wardian.processor.software;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/** MUL, IMUL, DIV and IDIV, up to 128 by 64 bits. */
final class Multiplication {
  private static final int RAX = 0;
  private static final int RDX = 2;

  private final Cpu cpu;
  private final long s;

  Multiplication(Cpu cpu) {
    this.cpu = cpu;
    this.s = cpu.state;
  }

  void execute(Operation op, Instruction i) {
    switch (op) {
      case MUL -> multiply(i, false);
      case IMUL -> {
        if (i.operands == 1) {
          multiply(i, true);
        } else if (i.operands == 2) {
          cpu.write0(i, Alu.imul(s, cpu.read0(i), cpu.read1(i), 64 - 8 * i.size0));
        } else {
          cpu.write0(i, Alu.imul(s, cpu.read1(i), cpu.read2(i), 64 - 8 * i.size0));
        }
      }
      case DIV -> divide(i);
      default -> divideSigned(i);
    }
  }

  private void multiply(Instruction i, boolean signed) {
    int size = i.size0;
    int sh = 64 - 8 * size;
    long b = cpu.read0(i);
    long a = cpu.gpr(RAX);
    if (size == 8) {
      long low = a * b;
      long high = signed ? Math.multiplyHigh(a, b) : Math.unsignedMultiplyHigh(a, b);
      cpu.gpr(RAX, low);
      cpu.gpr(RDX, high);
      Alu.multiplyFlags(s, low, signed ? high != low >> 63 : high != 0, 0);
      return;
    }
    long product = signed ? (a << sh >> sh) * (b << sh >> sh) : (a << sh >>> sh) * (b << sh >>> sh);
    boolean overflow = signed ? product << sh >> sh != product : product >>> (8 * size) != 0;
    if (size == 1) {
      cpu.gpr(RAX, 2, product);
    } else {
      cpu.gpr(RAX, size, product);
      cpu.gpr(RDX, size, product >>> (8 * size));
    }
    Alu.multiplyFlags(s, product, overflow, sh);
  }

  private GuestFault divideError() {
    return cpu.fault(Vector.DE, 0);
  }

  private long dividend(int size) {
    if (size == 1) {
      return cpu.gprLow(RAX, 2);
    }
    return cpu.gprLow(RAX, size) | cpu.gprLow(RDX, size) << (8 * size);
  }

  private void divide(Instruction i) {
    int size = i.size0;
    long b = cpu.read0(i);
    if (b == 0) {
      throw divideError();
    }
    if (size == 8) {
      long high = cpu.gpr(RDX);
      long low = cpu.gpr(RAX);
      if (Long.compareUnsigned(high, b) >= 0) {
        throw divideError();
      }
      long q = quotient(high, low, b);
      cpu.gpr(RAX, q);
      cpu.gpr(RDX, low - q * b);
      return;
    }
    long a = dividend(size);
    long q = Long.divideUnsigned(a, b);
    if (q >>> (8 * size) != 0) {
      throw divideError();
    }
    finish(size, q, a - q * b);
  }

  private void finish(int size, long q, long r) {
    if (size == 1) {
      cpu.gpr(RAX, 2, q & 0xff | r << 8);
    } else {
      cpu.gpr(RAX, size, q);
      cpu.gpr(RDX, size, r);
    }
  }

  private void divideSigned(Instruction i) {
    int size = i.size0;
    int sh = 64 - 8 * size;
    long b = cpu.read0(i) << sh >> sh;
    if (b == 0) {
      throw divideError();
    }
    if (size == 8) {
      divideSigned64(b);
      return;
    }
    int wide = size == 1 ? 48 : size == 2 ? 32 : 0;
    long a = dividend(size) << wide >> wide;
    if (a == Long.MIN_VALUE && b == -1) {
      throw divideError();
    }
    long q = a / b;
    if (q << sh >> sh != q) {
      throw divideError();
    }
    finish(size, q, a % b);
  }

  private void divideSigned64(long b) {
    long high = cpu.gpr(RDX);
    long low = cpu.gpr(RAX);
    boolean negative = high < 0;
    if (negative) {
      low = -low;
      high = ~high + (low == 0 ? 1 : 0);
    }
    long divisor = Math.abs(b);
    // As unsigned numbers: |MIN_VALUE| is right as it is.
    if (Long.compareUnsigned(high, divisor) >= 0) {
      throw divideError();
    }
    long q = quotient(high, low, divisor);
    long r = low - q * divisor;
    boolean negativeQuotient = negative != b < 0;
    if (negativeQuotient ? Long.compareUnsigned(q, Long.MIN_VALUE) > 0 : q < 0) {
      throw divideError();
    }
    cpu.gpr(RAX, negativeQuotient ? -q : q);
    cpu.gpr(RDX, negative ? -r : r);
  }

  /**
   * Quotient of the unsigned 128-bit {@code high:low} by {@code divisor}; {@code high} is below it.
   * Schoolbook division with two 32-bit digits (Knuth, TAOCP vol. 2, 4.3.1 algorithm D).
   */
  static long quotient(long high, long low, long divisor) {
    if (high == 0) {
      return Long.divideUnsigned(low, divisor);
    }
    int shift = Long.numberOfLeadingZeros(divisor);
    long d = divisor << shift;
    long d1 = d >>> 32;
    long d0 = d & 0xffffffffL;
    long n = shift == 0 ? high : high << shift | low >>> (64 - shift);
    long rest = low << shift;
    long q1 = digit(n, rest >>> 32, d1, d0);
    long n1 = (n << 32 | rest >>> 32) - q1 * d;
    long q0 = digit(n1, rest & 0xffffffffL, d1, d0);
    return q1 << 32 | q0;
  }

  private static long digit(long n, long next, long d1, long d0) {
    long q = Long.divideUnsigned(n, d1);
    long r = n - q * d1;
    while (q >>> 32 != 0 || Long.compareUnsigned(q * d0, r << 32 | next) > 0) {
      q--;
      r += d1;
      if (r >>> 32 != 0) {
        break;
      }
    }
    return q;
  }
}
