package org.wardian.libvirt.server;

import java.util.regex.Pattern;

/** A text that a stranger's regular expression may look at only so often. */
final class BoundedText implements CharSequence {
  private static final int LOOKS = 100_000;

  private final String text;
  private int looks;

  private static final class Exhausted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Exhausted() {
      super(null, null, false, false);
    }
  }

  private BoundedText(String text) {
    this.text = text;
  }

  /** Whether the pattern is found; an expression that takes too long is not. */
  static boolean finds(Pattern pattern, String text) {
    try {
      return pattern.matcher(new BoundedText(text)).find();
    } catch (Exhausted | StackOverflowError e) {
      return false;
    }
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public char charAt(int index) {
    if (++looks > LOOKS) {
      throw new Exhausted();
    }
    return text.charAt(index);
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return text.substring(start, end);
  }

  @Override
  public String toString() {
    return text;
  }
}
