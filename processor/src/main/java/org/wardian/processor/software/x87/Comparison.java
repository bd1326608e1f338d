package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.DENORMAL;
import static org.wardian.processor.software.x87.Float80.INVALID;
import static org.wardian.processor.software.x87.Float80.SIGN;
import static org.wardian.processor.software.x87.RegisterStack.C0;
import static org.wardian.processor.software.x87.RegisterStack.C2;
import static org.wardian.processor.software.x87.RegisterStack.C3;

/** Order and class of 80-bit values as condition bits of the status word. */
final class Comparison {
  private Comparison() {}

  /**
   * C0 where a &lt; b, C3 where equal, all of C3, C2 and C0 where unordered. An {@code ordered}
   * comparison (FCOM) raises #IA of every NaN, the other (FUCOM) of signalling ones only. Source:
   * Intel SDM vol. 1 tables 8-5 and 8-6.
   */
  static int compare(Float80 f, int ase, long a, int bse, long b, boolean ordered) {
    boolean unsupported = Float80.unsupported(ase, a) || Float80.unsupported(bse, b);
    if (unsupported || Float80.isNan(ase, a) || Float80.isNan(bse, b)) {
      if (ordered || unsupported || Float80.isSignalling(ase, a) || Float80.isSignalling(bse, b)) {
        f.exceptions |= INVALID;
      }
      return C3 | C2 | C0;
    }
    if (f.narrowDenormal || Float80.isDenormal(ase, a) || Float80.isDenormal(bse, b)) {
      f.exceptions |= DENORMAL;
    }
    if (Float80.isZero(ase, a) && Float80.isZero(bse, b)) {
      return C3;
    }
    boolean aNegative = (ase & SIGN) != 0;
    boolean bNegative = (bse & SIGN) != 0;
    if (aNegative != bNegative) {
      return aNegative ? C0 : 0;
    }
    int order = compareMagnitudes(ase, a, bse, b);
    if (order == 0) {
      return C3;
    }
    return (order < 0) != aNegative ? C0 : 0;
  }

  private static int compareMagnitudes(int ase, long a, int bse, long b) {
    // A pseudo-denormal counts as exponent 1.
    int aExponent = Math.max(1, ase & Float80.EXPONENT);
    int bExponent = Math.max(1, bse & Float80.EXPONENT);
    if (aExponent != bExponent) {
      return aExponent - bExponent;
    }
    return Long.compareUnsigned(a, b);
  }

  /** FXAM's class bits, but for the sign in C1 and for an empty register. SDM vol. 2, FXAM. */
  static int examine(int se, long value) {
    if (Float80.unsupported(se, value)) {
      return 0;
    }
    if (Float80.isNan(se, value)) {
      return C0;
    }
    if (Float80.isInfinity(se, value)) {
      return C2 | C0;
    }
    if (Float80.isZero(se, value)) {
      return C3;
    }
    return Float80.isDenormal(se, value) ? C3 | C2 : C2;
  }
}
