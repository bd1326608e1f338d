package org.wardian.cli.disk;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.wardian.cli.ByteSize;
import picocli.CommandLine.TypeConversionException;

/**
 * A disk's size on the command line: {@code 10G}, {@code 1.5T}; unlike a memory's, a bare number is
 * bytes, as it is for every other tool that makes disks. With a sign it is a difference.
 *
 * @param bytes more than 0, a multiple of 512: what is between is rounded up
 * @param sign 0, or 1 or -1 for a difference
 */
public record DiskSize(long bytes, int sign) {
  private static final Pattern BYTES = Pattern.compile("(\\d{1,18})B?", Pattern.CASE_INSENSITIVE);
  private static final long MOST = 1L << 56;

  /** Reads a size; says what is wrong with one that is none. */
  public static DiskSize parse(String text) {
    String bare = text.strip();
    int sign = bare.startsWith("+") ? 1 : bare.startsWith("-") ? -1 : 0;
    String number = sign == 0 ? bare : bare.substring(1);
    Matcher matcher = BYTES.matcher(number);
    long bytes;
    if (matcher.matches()) {
      bytes = Long.parseLong(matcher.group(1));
      if (bytes == 0 || bytes > MOST) {
        throw new TypeConversionException("'" + text + "' is not a size that a disk can have");
      }
    } else {
      try {
        bytes = ByteSize.parse(number).bytes();
      } catch (TypeConversionException e) {
        throw new TypeConversionException(
            "'"
                + text
                + "' is not a disk's size: write it as 512M, 20G or 1.5T (a bare number is"
                + " bytes)");
      }
    }
    return new DiskSize((bytes + 511) / 512 * 512, sign);
  }

  /** The size of a disk that has {@code now} bytes when this is applied. */
  public long appliedTo(long now) {
    return sign == 0 ? bytes : now + sign * bytes;
  }

  /** Bytes as a person reads them: exact where a unit is, else with one decimal. */
  public static String text(long bytes) {
    String[] units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
      return bytes + " bytes";
    }
    double value = bytes / 1024.0;
    int unit = 0;
    while (value >= 1023.95 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    String number =
        value == Math.rint(value)
            ? String.valueOf((long) value)
            : String.format(Locale.ROOT, "%.1f", value);
    return number + " " + units[unit];
  }
}
