package org.wardian.conformance.load;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Measured values of one kind. */
final class Figures {
  private final List<Double> values = new ArrayList<>();

  /** Takes one more; from any thread. */
  synchronized void add(double value) {
    values.add(value);
  }

  synchronized int count() {
    return values.size();
  }

  /** The value that a share of all is not above: 0.5 is the median. */
  synchronized double quantile(double share) {
    if (values.isEmpty()) {
      return Double.NaN;
    }
    Collections.sort(values);
    return values.get((int) Math.min(values.size() - 1L, Math.floor(share * values.size())));
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "p50 %.2f  p99 %.2f  most %.2f  (%d)",
        quantile(0.5),
        quantile(0.99),
        quantile(1),
        count());
  }
}
