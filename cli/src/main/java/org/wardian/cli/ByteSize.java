package org.wardian.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.TypeConversionException;

/**
 * A size on the command line: {@code 512M}, {@code 2G}, {@code 1.5GiB}; a bare number is MiB.
 *
 * @param bytes more than 0
 */
public record ByteSize(long bytes) {
  private static final Pattern SYNTAX =
      Pattern.compile("(\\d{1,12}(?:\\.\\d{1,3})?)\\s*([KMGT]?)(?:I?B)?");
  private static final String UNITS = "KMGT";

  /** Reads a size; says what is wrong with one that is none. */
  public static ByteSize parse(String text) {
    Matcher matcher = SYNTAX.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "'" + text + "' is not a size: write it as 512M or 2G (a bare number is MiB)");
    }
    String unit = matcher.group(2).isEmpty() ? "M" : matcher.group(2);
    double bytes = Double.parseDouble(matcher.group(1)) * Math.pow(1024, UNITS.indexOf(unit) + 1);
    if (bytes < 1 || bytes > 1L << 52) {
      throw new TypeConversionException("'" + text + "' is not a size that a machine can have");
    }
    return new ByteSize((long) bytes);
  }

  @Override
  public String toString() {
    for (int power = UNITS.length(); power > 0; power--) {
      long unit = 1L << (10 * power);
      if (bytes % unit == 0) {
        return bytes / unit + UNITS.substring(power - 1, power);
      }
    }
    return bytes + " bytes";
  }
}
