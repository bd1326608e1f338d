package org.wardian.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.TypeConversionException;

/**
 * A time on the command line: {@code 90}, {@code 90s}, {@code 1.5m}, {@code 2h}; a bare number is
 * seconds.
 *
 * @param duration more than 0
 */
public record TimeLimit(Duration duration) {
  private static final Pattern SYNTAX = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,3})?)\\s*([smh]?)");

  /** Reads a time; says what is wrong with one that is none. */
  public static TimeLimit parse(String text) {
    Matcher matcher = SYNTAX.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "'" + text + "' is not a time: write it as 90s, 5m or 1h (a bare number is seconds)");
    }
    int seconds =
        switch (matcher.group(2)) {
          case "m" -> 60;
          case "h" -> 3600;
          default -> 1;
        };
    long milliseconds = (long) (Double.parseDouble(matcher.group(1)) * seconds * 1000);
    if (milliseconds == 0) {
      throw new TypeConversionException("a time limit of 0 leaves no time at all");
    }
    return new TimeLimit(Duration.ofMillis(milliseconds));
  }
}
