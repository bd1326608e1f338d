package org.wardian.boot;

import java.util.Locale;

/** Sizes and addresses as messages show them. */
final class Sizes {

  private Sizes() {}

  /** An amount or address in the largest binary unit that keeps it at 1 or more: "66.4 MiB". */
  static String format(long bytes) {
    if (bytes < 1024) {
      return bytes + " bytes";
    }
    double value = bytes;
    String unit = "";
    for (String next : new String[] {"KiB", "MiB", "GiB", "TiB"}) {
      if (value < 1024) {
        break;
      }
      value /= 1024;
      unit = next;
    }
    String number = String.format(Locale.ROOT, "%.1f", value);
    return (number.endsWith(".0") ? number.substring(0, number.length() - 2) : number) + " " + unit;
  }
}
