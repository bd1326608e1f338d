package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.IntBinaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each lane function against the same arithmetic done lane by lane. */
class LanesTest {
  private static final int ROUNDS = 2000;

  /** A function, its lane width in bits, whether lanes are signed, and one lane of it. */
  private static Arguments lanes(
      String name, int width, boolean signed, LongBinaryOperator packed, IntBinaryOperator one) {
    return Arguments.of(name, width, signed, packed, one);
  }

  static Stream<Arguments> functions() {
    return Stream.of(
        lanes("padd8", 8, true, Lanes::padd8, (a, b) -> a + b),
        lanes("padd16", 16, true, Lanes::padd16, (a, b) -> a + b),
        lanes("padd32", 32, true, Lanes::padd32, (a, b) -> a + b),
        lanes("psub8", 8, true, Lanes::psub8, (a, b) -> a - b),
        lanes("psub16", 16, true, Lanes::psub16, (a, b) -> a - b),
        lanes("psub32", 32, true, Lanes::psub32, (a, b) -> a - b),
        lanes("padds8", 8, true, Lanes::padds8, (a, b) -> Math.clamp(a + b, -128, 127)),
        lanes("padds16", 16, true, Lanes::padds16, (a, b) -> Math.clamp(a + b, -32768, 32767)),
        lanes("paddus8", 8, false, Lanes::paddus8, (a, b) -> Math.min(a + b, 255)),
        lanes("paddus16", 16, false, Lanes::paddus16, (a, b) -> Math.min(a + b, 65535)),
        lanes("psubs8", 8, true, Lanes::psubs8, (a, b) -> Math.clamp(a - b, -128, 127)),
        lanes("psubs16", 16, true, Lanes::psubs16, (a, b) -> Math.clamp(a - b, -32768, 32767)),
        lanes("psubus8", 8, false, Lanes::psubus8, (a, b) -> Math.max(a - b, 0)),
        lanes("psubus16", 16, false, Lanes::psubus16, (a, b) -> Math.max(a - b, 0)),
        lanes("pcmpeq8", 8, true, Lanes::pcmpeq8, (a, b) -> a == b ? -1 : 0),
        lanes("pcmpeq16", 16, true, Lanes::pcmpeq16, (a, b) -> a == b ? -1 : 0),
        lanes("pcmpeq32", 32, true, Lanes::pcmpeq32, (a, b) -> a == b ? -1 : 0),
        lanes("pcmpgt8", 8, true, Lanes::pcmpgt8, (a, b) -> a > b ? -1 : 0),
        lanes("pcmpgt16", 16, true, Lanes::pcmpgt16, (a, b) -> a > b ? -1 : 0),
        lanes("pcmpgt32", 32, true, Lanes::pcmpgt32, (a, b) -> a > b ? -1 : 0),
        lanes("pmins8", 8, true, Lanes::pmins8, Math::min),
        lanes("pmaxs8", 8, true, Lanes::pmaxs8, Math::max),
        lanes("pminu8", 8, false, Lanes::pminu8, Math::min),
        lanes("pmaxu8", 8, false, Lanes::pmaxu8, Math::max),
        lanes("pmins16", 16, true, Lanes::pmins16, Math::min),
        lanes("pmaxs16", 16, true, Lanes::pmaxs16, Math::max),
        lanes("pminu16", 16, false, Lanes::pminu16, Math::min),
        lanes("pmaxu16", 16, false, Lanes::pmaxu16, Math::max),
        lanes("pmins32", 32, true, Lanes::pmins32, Math::min),
        lanes("pmaxs32", 32, true, Lanes::pmaxs32, Math::max),
        lanes(
            "pminu32",
            32,
            true,
            Lanes::pminu32,
            (a, b) -> Integer.compareUnsigned(a, b) < 0 ? a : b),
        lanes(
            "pmaxu32",
            32,
            true,
            Lanes::pmaxu32,
            (a, b) -> Integer.compareUnsigned(a, b) > 0 ? a : b),
        lanes("pavg8", 8, false, Lanes::pavg8, (a, b) -> a + b + 1 >> 1),
        lanes("pavg16", 16, false, Lanes::pavg16, (a, b) -> a + b + 1 >> 1),
        lanes("pabs8", 8, true, (a, b) -> Lanes.pabs8(b), (a, b) -> Math.abs(b)),
        lanes("pabs16", 16, true, (a, b) -> Lanes.pabs16(b), (a, b) -> Math.abs(b)),
        lanes("pabs32", 32, true, (a, b) -> Lanes.pabs32(b), (a, b) -> Math.abs(b)),
        lanes("psign8", 8, true, Lanes::psign8, (a, b) -> a * Integer.signum(b)),
        lanes("psign16", 16, true, Lanes::psign16, (a, b) -> a * Integer.signum(b)),
        lanes("psign32", 32, true, Lanes::psign32, (a, b) -> a * Integer.signum(b)),
        lanes("pmull16", 16, true, LaneProducts::pmull16, (a, b) -> a * b),
        lanes("pmulh16", 16, true, LaneProducts::pmulh16, (a, b) -> a * b >> 16),
        lanes("pmulhu16", 16, false, LaneProducts::pmulhu16, (a, b) -> a * b >>> 16),
        lanes("pmulhrsw", 16, true, LaneProducts::pmulhrsw, (a, b) -> (a * b >> 14) + 1 >> 1),
        lanes("pmull32", 32, true, LaneProducts::pmull32, (a, b) -> a * b));
  }

  private static int lane(long word, int shift, int width, boolean signed) {
    long value = word << (64 - width - shift);
    return (int) (signed ? value >> (64 - width) : value >>> (64 - width));
  }

  /** Random, with a share of the values where carries and saturation happen. */
  private static long operand(Random random) {
    long word = random.nextLong();
    for (int shift = 0; shift < 64; shift += 8) {
      if (random.nextInt(3) == 0) {
        long[] edges = {0, 0x80, 0x7f, 0xff, 1};
        word = word & ~(0xffL << shift) | edges[random.nextInt(5)] << shift;
      }
    }
    return word;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("functions")
  void packedEqualsLaneByLane(
      String name, int width, boolean signed, LongBinaryOperator packed, IntBinaryOperator one) {
    Random random = new Random(name.hashCode());
    long mask = -1L >>> (64 - width);
    for (int round = 0; round < ROUNDS; round++) {
      long a = operand(random);
      long b = round % 8 == 0 ? a ^ (random.nextBoolean() ? 0 : 0xffL << 16) : operand(random);
      long expected = 0;
      for (int shift = 0; shift < 64; shift += width) {
        int x = lane(a, shift, width, signed);
        int y = lane(b, shift, width, signed);
        expected |= (one.applyAsInt(x, y) & mask) << shift;
      }
      assertThat(packed.applyAsLong(a, b)).as("%s %x %x", name, a, b).isEqualTo(expected);
    }
  }
}
