package org.wardian.x86;

/**
 * What a form does to RFLAGS, as masks of RFLAGS bits. In the table: {@code r:c w:oszpc u:a u1:o
 * uw:c}.
 *
 * @param read tested by the instruction
 * @param written given a defined value
 * @param undefined undefined afterwards
 * @param undefinedUnlessOne undefined too if the masked shift count is neither 0 nor 1
 * @param undefinedFromWidth undefined too if the masked count is the operand's width or more
 */
record FlagEffects(
    int read, int written, int undefined, int undefinedUnlessOne, int undefinedFromWidth) {
  private static final FlagEffects NONE = new FlagEffects(0, 0, 0, 0, 0);

  static FlagEffects parse(String text) {
    if (text.equals("-")) {
      return NONE;
    }
    int[] masks = new int[5];
    int start = 0;
    while (start < text.length()) {
      int end = text.indexOf(' ', start);
      end = end < 0 ? text.length() : end;
      int colon = text.indexOf(':', start);
      int which =
          switch (text.substring(start, colon)) {
            case "r" -> 0;
            case "w" -> 1;
            case "u" -> 2;
            case "u1" -> 3;
            case "uw" -> 4;
            default -> throw new IllegalArgumentException("flags " + text);
          };
      for (int i = colon + 1; i < end; i++) {
        masks[which] |= bit(text.charAt(i));
      }
      start = end + 1;
    }
    return new FlagEffects(masks[0], masks[1], masks[2], masks[3], masks[4]);
  }

  private static int bit(char letter) {
    return switch (letter) {
      case 'c' -> 1;
      case 'p' -> 1 << 2;
      case 'a' -> 1 << 4;
      case 'z' -> 1 << 6;
      case 's' -> 1 << 7;
      case 't' -> 1 << 8;
      case 'i' -> 1 << 9;
      case 'd' -> 1 << 10;
      case 'o' -> 1 << 11;
      default -> throw new IllegalArgumentException("flag " + letter);
    };
  }
}
