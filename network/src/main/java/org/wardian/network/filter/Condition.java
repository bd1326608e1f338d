package org.wardian.network.filter;

/**
 * One condition of a rule: a field whose bits under a mask are given ones, or which lies within
 * bounds, or has one of some bits; or does not. A frame without the field meets neither.
 */
final class Condition {
  private enum Kind {
    MASKED,
    BETWEEN,
    ANY_BIT
  }

  private final Kind kind;
  private final FrameField field;
  private final boolean negated;
  private final long firstHigh;
  private final long firstLow;
  private final long secondHigh;
  private final long secondLow;

  private Condition(
      Kind kind,
      FrameField field,
      boolean negated,
      long firstHigh,
      long firstLow,
      long secondHigh,
      long secondLow) {
    this.kind = kind;
    this.field = field;
    this.negated = negated;
    this.firstHigh = firstHigh;
    this.firstLow = firstLow;
    this.secondHigh = secondHigh;
    this.secondLow = secondLow;
  }

  /** The field is a value. */
  static Condition is(FrameField field, long value) {
    return masked(field, value, -1, false);
  }

  /** The field's bits under a mask are those of a value. */
  static Condition masked(FrameField field, long value, long mask, boolean negated) {
    return new Condition(Kind.MASKED, field, negated, 0, value & mask, 0, mask);
  }

  /** The same of an address of IPv6. */
  static Condition masked(
      FrameField field, long high, long low, long highMask, long lowMask, boolean negated) {
    return new Condition(
        Kind.MASKED, field, negated, high & highMask, low & lowMask, highMask, lowMask);
  }

  /** The field is between two values, both included. */
  static Condition between(FrameField field, long least, long most, boolean negated) {
    return new Condition(Kind.BETWEEN, field, negated, 0, least, 0, most);
  }

  /** The same of addresses of IPv6. */
  static Condition between(
      FrameField field,
      long leastHigh,
      long leastLow,
      long mostHigh,
      long mostLow,
      boolean negated) {
    return new Condition(Kind.BETWEEN, field, negated, leastHigh, leastLow, mostHigh, mostLow);
  }

  /** The field has one of some bits. */
  static Condition anyBit(FrameField field, long bits, boolean negated) {
    return new Condition(Kind.ANY_BIT, field, negated, 0, bits, 0, 0);
  }

  /** Whether it asks what only a table of connections knows. */
  boolean needsConnections() {
    return switch (field) {
      case CONNECTION_STATE, CONNECTION_DIRECTION, CONNECTION_COUNT -> true;
      default -> false;
    };
  }

  /** Whether it asks how many connections there are. */
  boolean counts() {
    return field == FrameField.CONNECTION_COUNT;
  }

  /** Whether a frame meets it. */
  boolean holds(FrameFields frame) {
    if (!frame.read(field)) {
      return false;
    }
    long high = frame.high();
    long low = frame.low();
    boolean inside =
        switch (kind) {
          case MASKED -> (high & secondHigh) == firstHigh && (low & secondLow) == firstLow;
          case BETWEEN ->
              atMost(firstHigh, firstLow, high, low) && atMost(high, low, secondHigh, secondLow);
          case ANY_BIT -> (low & firstLow) != 0;
        };
    return inside != negated;
  }

  private static boolean atMost(long high, long low, long mostHigh, long mostLow) {
    return high == mostHigh
        ? Long.compareUnsigned(low, mostLow) <= 0
        : Long.compareUnsigned(high, mostHigh) < 0;
  }
}
