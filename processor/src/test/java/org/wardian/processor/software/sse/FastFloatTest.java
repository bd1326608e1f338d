package org.wardian.processor.software.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.wardian.processor.software.GuestFault;

/** The host's arithmetic where it is used, against the exact one, and that against BigDecimal. */
class FastFloatTest {
  private static final int ROUNDS = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final int ALL_MASKED = 0x1f80;
  private static final int PRECISION = 0x20;

  private final SseMachine machine = new SseMachine();
  private final IeeeArithmetic ieee = new IeeeArithmetic();
  private final Random random = new Random(20260101);

  private interface Operation {
    long apply(long a, long b);
  }

  private static final class Pair {
    final Operation fast;
    final Operation exact;

    Pair(Operation fast, Operation exact) {
      this.fast = fast;
      this.exact = exact;
    }
  }

  private Pair[] doubles() {
    int f = IeeeFormat.DOUBLE;
    return new Pair[] {
      new Pair((a, b) -> FastFloat.add64(ieee, a, b), (a, b) -> ieee.add(a, b, f)),
      new Pair((a, b) -> FastFloat.subtract64(ieee, a, b), (a, b) -> ieee.subtract(a, b, f)),
      new Pair((a, b) -> FastFloat.multiply64(ieee, a, b), (a, b) -> ieee.multiply(a, b, f)),
      new Pair((a, b) -> FastFloat.divide64(ieee, a, b), (a, b) -> ieee.divide(a, b, f)),
      new Pair((a, b) -> FastFloat.squareRoot64(ieee, b), (a, b) -> ieee.squareRoot(b, f)),
      new Pair(
          (a, b) -> FastFloat.minimum64(ieee, a, b),
          (a, b) -> IeeeComparisons.minimum(ieee, a, b, f)),
      new Pair(
          (a, b) -> FastFloat.maximum64(ieee, a, b),
          (a, b) -> IeeeComparisons.maximum(ieee, a, b, f))
    };
  }

  private Pair[] singles() {
    int f = IeeeFormat.SINGLE;
    return new Pair[] {
      single((a, b) -> FastFloat.add32(ieee, (int) a, (int) b), (a, b) -> ieee.add(a, b, f)),
      single(
          (a, b) -> FastFloat.subtract32(ieee, (int) a, (int) b), (a, b) -> ieee.subtract(a, b, f)),
      single(
          (a, b) -> FastFloat.multiply32(ieee, (int) a, (int) b), (a, b) -> ieee.multiply(a, b, f)),
      single((a, b) -> FastFloat.divide32(ieee, (int) a, (int) b), (a, b) -> ieee.divide(a, b, f)),
      single((a, b) -> FastFloat.squareRoot32(ieee, (int) b), (a, b) -> ieee.squareRoot(b, f)),
      single(
          (a, b) -> FastFloat.minimum32(ieee, (int) a, (int) b),
          (a, b) -> IeeeComparisons.minimum(ieee, a, b, f)),
      single(
          (a, b) -> FastFloat.maximum32(ieee, (int) a, (int) b),
          (a, b) -> IeeeComparisons.maximum(ieee, a, b, f))
    };
  }

  private static Pair single(Operation fast, Operation exact) {
    return new Pair((a, b) -> fast.apply(a, b) & 0xffff_ffffL, exact);
  }

  /** Fields of few values, so that exact, tiny and huge results are frequent. */
  private long operand(int fractionBits, int exponentBits) {
    long sign = random.nextInt(2);
    int mask = (1 << exponentBits) - 1;
    int exponent =
        switch (random.nextInt(3)) {
          case 0 -> random.nextInt(mask + 1);
          case 1 -> (mask >> 1) + random.nextInt(9) - 4;
          default -> mask * random.nextInt(2);
        };
    long fraction = random.nextLong() & (1L << fractionBits) - 1;
    if (random.nextBoolean()) {
      fraction &= -1L << random.nextInt(fractionBits + 1);
    }
    return sign << (fractionBits + exponentBits) | (long) exponent << fractionBits | fraction;
  }

  /** Result and MXCSR, as text; an exception has no result. */
  private String outcome(Operation operation, long a, long b, int mxcsr) {
    machine.mxcsr(mxcsr);
    ieee.begin(machine.context);
    long result = operation.apply(a, b);
    try {
      ieee.commit(machine.context);
    } catch (GuestFault fault) {
      return "fault " + fault.vector + " " + Integer.toHexString(machine.mxcsr());
    }
    return Long.toHexString(result) + " " + Integer.toHexString(machine.mxcsr());
  }

  private void agree(Pair[] pairs, int fractionBits, int exponentBits) {
    for (int i = 0; i < ROUNDS; i++) {
      Pair pair = pairs[i % pairs.length];
      long a = operand(fractionBits, exponentBits);
      long b = operand(fractionBits, exponentBits);
      int mxcsr =
          random.nextBoolean()
              ? ALL_MASKED | random.nextInt(2) * PRECISION
              : random.nextInt(0x1_0000);
      String exact = outcome(pair.exact, a, b, mxcsr);
      if (!outcome(pair.fast, a, b, mxcsr).equals(exact)) {
        assertThat(outcome(pair.fast, a, b, mxcsr))
            .as("operation %d of %x and %x under %x", i % pairs.length, a, b, mxcsr)
            .isEqualTo(exact);
      }
    }
  }

  @Test
  void doublesAgreeWithExactArithmetic() {
    agree(doubles(), 52, 11);
  }

  @Test
  void singlesAgreeWithExactArithmetic() {
    agree(singles(), 23, 8);
  }

  /** Directed rounding encloses the exact value in two neighbouring numbers. */
  @Test
  void directedRoundingEnclosesTheExactResult() {
    int f = IeeeFormat.DOUBLE;
    for (int i = 0; i < ROUNDS / 10; i++) {
      double x = random.nextGaussian() * Math.scalb(1.0, random.nextInt(100) - 50);
      double y = random.nextGaussian();
      long a = Double.doubleToRawLongBits(x);
      long b = Double.doubleToRawLongBits(y);
      boolean sum = (i & 1) == 0;
      double[] bounds = new double[2];
      for (int upward = 0; upward < 2; upward++) {
        machine.mxcsr(ALL_MASKED | (upward + 1) << 13);
        ieee.begin(machine.context);
        bounds[upward] = Double.longBitsToDouble(sum ? ieee.add(a, b, f) : ieee.multiply(a, b, f));
      }
      BigDecimal left = new BigDecimal(x);
      BigDecimal right = new BigDecimal(y);
      BigDecimal exact = sum ? left.add(right) : left.multiply(right);
      assertThat(new BigDecimal(bounds[0])).isLessThanOrEqualTo(exact);
      assertThat(new BigDecimal(bounds[1])).isGreaterThanOrEqualTo(exact);
      assertThat(bounds[1] == bounds[0] || bounds[1] == Math.nextUp(bounds[0])).isTrue();
    }
  }
}
