package org.wardian.processor.software.translator;

/** Condition codes of Jcc, SETcc and CMOVcc. Source: Intel SDM vol. 2, appendix B, table B-10. */
public final class HostCondition {
  public static final int OVERFLOW = 0;
  public static final int NOT_OVERFLOW = 1;
  public static final int BELOW = 2;
  public static final int ABOVE_EQUAL = 3;
  public static final int EQUAL = 4;
  public static final int NOT_EQUAL = 5;
  public static final int BELOW_EQUAL = 6;
  public static final int ABOVE = 7;
  public static final int SIGN = 8;
  public static final int NOT_SIGN = 9;
  public static final int PARITY = 10;
  public static final int NOT_PARITY = 11;
  public static final int LESS = 12;
  public static final int GREATER_EQUAL = 13;
  public static final int LESS_EQUAL = 14;
  public static final int GREATER = 15;

  private HostCondition() {}

  /** The condition that holds exactly where {@code condition} does not. */
  public static int negate(int condition) {
    return condition ^ 1;
  }
}
