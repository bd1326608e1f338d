package org.wardian.cli.manage;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows of text in columns as wide as their widest cell; two spaces between, none behind the last.
 */
final class Cells {
  private final List<List<String>> rows = new ArrayList<>();
  private final boolean[] right;

  /**
   * @param header names of the columns; one that begins with {@code >} has its cells at the right
   */
  Cells(String... header) {
    right = new boolean[header.length];
    List<String> row = new ArrayList<>();
    for (int i = 0; i < header.length; i++) {
      right[i] = header[i].startsWith(">");
      row.add(right[i] ? header[i].substring(1) : header[i]);
    }
    rows.add(row);
  }

  /** Adds a row with as many cells as the header has; null is shown as a dash. */
  Cells row(Object... cells) {
    List<String> row = new ArrayList<>();
    for (Object cell : cells) {
      String text = cell == null ? "" : plain(cell.toString());
      row.add(text.isEmpty() ? "-" : text);
    }
    rows.add(row);
    return this;
  }

  /** What others named cannot move the cursor, or end a line. */
  static String plain(String text) {
    return text.replaceAll("[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029]", "?");
  }

  void print(PrintWriter out) {
    int[] widths = new int[right.length];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String cell = row.get(i);
        String gap = " ".repeat(widths[i] - cell.length());
        line.append(i == 0 ? "" : "  ").append(right[i] ? gap + cell : cell + gap);
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
