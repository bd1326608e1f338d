package org.wardian.processor.software.sse;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EstimatesTest {
  /** The SDM's bound. */
  private static final double BOUND = 1.5 * 0x1p-12;

  private static final int STEP = 9973;

  @Test
  void relativeErrorIsWithinTheBound() {
    double worst = 0;
    for (int bits = 0x0080_0000; bits < 0x7e80_0000; bits += STEP) {
      double x = Float.intBitsToFloat(bits);
      double reciprocal = Float.intBitsToFloat(Estimates.reciprocal(bits));
      double root = Float.intBitsToFloat(Estimates.reciprocalRoot(bits));
      worst = Math.max(worst, Math.abs(reciprocal * x - 1));
      worst = Math.max(worst, Math.abs(root * Math.sqrt(x) - 1));
    }
    assertThat(worst).isLessThanOrEqualTo(BOUND);
  }

  /** Observed on a Xeon, model 207. */
  @ParameterizedTest
  @CsvSource({
    "3f800000, 3f7ff000, 3f7ff000", "00000000, 7f800000, 7f800000", "80000001, ff800000, ff800000",
    "007fffff, 7f800000, 7f800000", "00800000, 7e7ff000, 5efff000", "ff800001, ffc00001, ffc00001",
    "bf800000, bf7ff000, ffc00000", "ff800000, 80000000, ffc00000", "7f800000, 00000000, 00000000"
  })
  void specialValuesAreThoseOfTheProcessor(String value, String reciprocal, String root) {
    int bits = Integer.parseUnsignedInt(value, 16);
    assertThat(Estimates.reciprocal(bits)).isEqualTo(Integer.parseUnsignedInt(reciprocal, 16));
    assertThat(Estimates.reciprocalRoot(bits)).isEqualTo(Integer.parseUnsignedInt(root, 16));
  }

  @Test
  void resultBelowTheNormalRangeIsZero() {
    assertThat(Estimates.reciprocal(0x7e7f_ffff)).isEqualTo(0x0080_0800);
    assertThat(Estimates.reciprocal(0x7e80_0000)).isZero();
  }
}
