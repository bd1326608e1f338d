package org.wardian.processor.software.x87;

/**
 * A mutable unsigned binary fraction of 128 bits, the working precision of the transcendental
 * operations. Results are truncated; the caller's error bound is a few units of 2^-128.
 */
final class Fraction {
  long high;
  long low;

  void set(long high, long low) {
    this.high = high;
    this.low = low;
  }

  void set(Fraction other) {
    high = other.high;
    low = other.low;
  }

  boolean isZero() {
    return (high | low) == 0;
  }

  /** Adds modulo 1. */
  void add(long h, long l) {
    long sum = low + l;
    high += h + (Long.compareUnsigned(sum, l) < 0 ? 1 : 0);
    low = sum;
  }

  /** Replaces this by {@code h:l} minus this, modulo 1. */
  void subtractFrom(long h, long l) {
    long borrow = Long.compareUnsigned(l, low) < 0 ? 1 : 0;
    low = l - low;
    high = h - high - borrow;
  }

  int compareTo(long h, long l) {
    int order = Long.compareUnsigned(high, h);
    return order != 0 ? order : Long.compareUnsigned(low, l);
  }

  /** The high 128 bits of the 256-bit product. */
  void multiply(long h, long l) {
    long middle1 = high * l;
    long middle2 = low * h;
    long sum = middle1 + middle2;
    long carries = Long.compareUnsigned(sum, middle1) < 0 ? 1 : 0;
    long lowest = Math.unsignedMultiplyHigh(low, l);
    long sum2 = sum + lowest;
    if (Long.compareUnsigned(sum2, sum) < 0) {
      carries++;
    }
    long top = Math.unsignedMultiplyHigh(high, h);
    long product = high * h;
    long first = Math.unsignedMultiplyHigh(high, l);
    long second = Math.unsignedMultiplyHigh(low, h);
    long result = product + first;
    if (Long.compareUnsigned(result, product) < 0) {
      top++;
    }
    long result2 = result + second;
    if (Long.compareUnsigned(result2, result) < 0) {
      top++;
    }
    long result3 = result2 + carries;
    if (Long.compareUnsigned(result3, result2) < 0) {
      top++;
    }
    high = top;
    low = result3;
  }

  void multiply(Fraction other) {
    multiply(other.high, other.low);
  }

  /** Shifts right by {@code count}, 0 or more. */
  void shiftRight(int count) {
    if (count >= 128) {
      high = 0;
      low = 0;
    } else if (count >= 64) {
      low = high >>> (count - 64);
      high = 0;
    } else if (count > 0) {
      low = low >>> count | high << (64 - count);
      high >>>= count;
    }
  }

  /** Shifts left by {@code count}, 0 to 127. */
  void shiftLeft(int count) {
    if (count >= 64) {
      high = low << (count - 64);
      low = 0;
    } else if (count > 0) {
      high = high << count | low >>> (64 - count);
      low <<= count;
    }
  }

  /** Shifts left until the top bit is set; not for zero. Returns the count. */
  int normalise() {
    int count = high != 0 ? Long.numberOfLeadingZeros(high) : 64 + Long.numberOfLeadingZeros(low);
    shiftLeft(count);
    return count;
  }

  /** Keeps the first 67 bits, the width of the processor's internal significands. */
  void truncate() {
    low &= 0xe000000000000000L;
  }

  /** Adds {@code delta} units of 2^-128. */
  void adjust(long delta) {
    add(delta >> 63, delta);
  }

  /** Divides by {@code h:l}, whose top bit is set and which is greater than this. */
  void divide(long h, long l) {
    long first = digit(h, l);
    long second = digit(h, l);
    high = first;
    low = second;
  }

  /** One 64-bit quotient digit; leaves the remainder. Knuth, TAOCP vol. 2, 4.3.1, algorithm D. */
  private long digit(long h, long l) {
    long q;
    if (Long.compareUnsigned(high, h) >= 0) {
      q = -1L;
    } else {
      q = Arithmetic.divide128(high, low, h);
    }
    // q * (h:l), 192 bits, against (high:low:0); q is at most two too large.
    long p0 = q * l;
    long p1 = Math.unsignedMultiplyHigh(q, l);
    long t = q * h;
    long p2 = Math.unsignedMultiplyHigh(q, h);
    p1 += t;
    if (Long.compareUnsigned(p1, t) < 0) {
      p2++;
    }
    while (exceeds(p2, p1, p0)) {
      q--;
      long old = p0;
      p0 -= l;
      long borrow = Long.compareUnsigned(old, l) < 0 ? 1 : 0;
      old = p1;
      p1 -= h + borrow;
      if (Long.compareUnsigned(old, h) < 0 || (borrow != 0 && old == h)) {
        p2--;
      }
    }
    long r0 = -p0;
    long borrow = p0 != 0 ? 1 : 0;
    high = low - p1 - borrow;
    low = r0;
    return q;
  }

  private boolean exceeds(long p2, long p1, long p0) {
    if (p2 != high) {
      return Long.compareUnsigned(p2, high) > 0;
    }
    if (p1 != low) {
      return Long.compareUnsigned(p1, low) > 0;
    }
    return p0 != 0;
  }
}
