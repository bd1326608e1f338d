package org.wardian.cli.profile;

/** Names that a file or a guest has chosen, on their way to a terminal or a text file. */
final class Names {
  private static final int LONGEST = 256;

  private Names() {}

  /** The name without control characters and not longer than a line. */
  static String clean(String name) {
    StringBuilder clean = new StringBuilder();
    for (int i = 0; i < Math.min(name.length(), LONGEST); i++) {
      char c = name.charAt(i);
      clean.append(c < ' ' || c >= 0x7f ? '?' : c);
    }
    return clean.toString();
  }
}
