package org.wardian.processor.software.sse;

/**
 * Comparisons, minima and maxima under the control of MXCSR; flags are collected in the {@link
 * IeeeArithmetic} that is passed. Source: Intel SDM vol. 2 CMPPD, COMISD, MAXPD.
 */
final class IeeeComparisons {
  /** Result of {@link #compare} where an operand is a NaN. */
  static final int UNORDERED = 2;

  private IeeeComparisons() {}

  /** MINxx: the second operand where the values are equal or one is a NaN. */
  static long minimum(IeeeArithmetic ieee, long first, long second, int format) {
    long a = ieee.operand(first, format);
    long b = ieee.operand(second, format);
    return compareSignaling(ieee, a, b, format) == -1 ? a : b;
  }

  /** MAXxx: the second operand where the values are equal or one is a NaN. */
  static long maximum(IeeeArithmetic ieee, long first, long second, int format) {
    long a = ieee.operand(first, format);
    long b = ieee.operand(second, format);
    return compareSignaling(ieee, a, b, format) == 1 ? a : b;
  }

  /** Compares as COMISx does: any NaN is invalid. */
  static int compareSignaling(IeeeArithmetic ieee, long first, long second, int format) {
    int order = compare(ieee, first, second, format);
    if (order == UNORDERED) {
      ieee.raise(IeeeArithmetic.INVALID);
    }
    return order;
  }

  /** -1, 0 or 1, or {@link #UNORDERED}, which is invalid only with a signaling NaN (UCOMISx). */
  static int compare(IeeeArithmetic ieee, long first, long second, int format) {
    long a = ieee.operand(first, format);
    long b = ieee.operand(second, format);
    if (IeeeFormat.isNan(a, format) || IeeeFormat.isNan(b, format)) {
      if (IeeeFormat.isSignaling(a, format) || IeeeFormat.isSignaling(b, format)) {
        ieee.raise(IeeeArithmetic.INVALID);
      }
      return UNORDERED;
    }
    ieee.checkDenormal(a, format);
    ieee.checkDenormal(b, format);
    return Long.compare(IeeeFormat.ordered(a, format), IeeeFormat.ordered(b, format));
  }
}
