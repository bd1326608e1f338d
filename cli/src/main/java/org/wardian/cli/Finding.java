package org.wardian.cli;

/**
 * One thing that the doctor looked at.
 *
 * @param subject a word or two
 * @param grade how bad it is
 * @param text what was found, and what to do where that is not good
 */
record Finding(String subject, Grade grade, String text) {
  /** How bad a finding is. */
  enum Grade {
    /** As it should be. */
    GOOD("ok"),
    /** Something is slower or less than it could be. */
    LACKING("note"),
    /** Nothing works before this is mended. */
    MISSING("MISSING");

    private final String mark;

    Grade(String mark) {
      this.mark = mark;
    }

    String mark() {
      return mark;
    }
  }

  static Finding good(String subject, String text) {
    return new Finding(subject, Grade.GOOD, text);
  }

  static Finding lacking(String subject, String text) {
    return new Finding(subject, Grade.LACKING, text);
  }

  static Finding missing(String subject, String text) {
    return new Finding(subject, Grade.MISSING, text);
  }
}
