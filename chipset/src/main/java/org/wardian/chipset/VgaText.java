package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the characters of a VGA's text modes: plane 0 has their codes, which the character
 * generator of a PC draws as code page 437.
 */
final class VgaText {
  private static final Charset CODE_PAGE = Charset.forName("IBM437");

  /** What is drawn for the codes that are no characters elsewhere, 0 to 0x1f. */
  private static final String LOW = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";

  private static final int PLANES = 4;

  private VgaText() {}

  /** The rows from the top, or none where the VGA shows pixels. */
  static List<String> read(VgaRegisters registers, ByteBuffer memory) {
    List<String> rows = new ArrayList<>();
    if (!registers.text()) {
      return rows;
    }
    byte[] codes = new byte[registers.columns()];
    for (int row = 0; row < registers.textRows(); row++) {
      int first = registers.rowAddress(row);
      for (int column = 0; column < codes.length; column++) {
        int at = PLANES * (first + column);
        codes[column] = at < memory.capacity() ? memory.get(at) : 0;
      }
      rows.add(drawn(new String(codes, CODE_PAGE)));
    }
    return rows;
  }

  private static String drawn(String decoded) {
    StringBuilder text = new StringBuilder(decoded);
    for (int i = 0; i < text.length(); i++) {
      char code = text.charAt(i);
      if (code < LOW.length()) {
        text.setCharAt(i, LOW.charAt(code));
      }
    }
    return text.toString();
  }
}
