package org.wardian.chipset;

import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The time of day of an {@link Rtc146818}: the host's in UTC plus what the guest has set it ahead
 * or back, in the encodings that register B chooses. Guarded by the monitor of its chip.
 */
final class RtcTime {
  static final int SECONDS = 0x00;
  static final int MINUTES = 0x02;
  static final int HOURS = 0x04;
  static final int DAY_OF_WEEK = 0x06;
  static final int DAY_OF_MONTH = 0x07;
  static final int MONTH = 0x08;
  static final int YEAR = 0x09;
  static final int CENTURY = 0x32;

  private static final int PM = 0x80;

  /** Seconds in ten thousand years: what the guest may be ahead or behind. */
  private static final long FURTHEST = 315_576_000_000L;

  private final InstantSource wallClock;
  private boolean binary;
  private boolean twentyFourHours;
  private long offset;

  /** While SET holds the clock: second, minute, hour, day, month, year as the guest wrote them. */
  private int[] held;

  RtcTime(InstantSource wallClock) {
    this.wallClock = wallClock;
  }

  /** Bits DM and 24/12 of register B. */
  void format(boolean inBinary, boolean inTwentyFourHours) {
    binary = inBinary;
    twentyFourHours = inTwentyFourHours;
  }

  boolean held() {
    return held != null;
  }

  /** Stops the clock so that the guest may set it. */
  void hold() {
    if (held == null) {
      held = fields();
    }
  }

  /** Lets the clock go on from what the guest has set. */
  void release() {
    if (held != null) {
      set(held);
      held = null;
    }
  }

  /** Seconds by the host's clock, which is the one that ticks. */
  long hostSecond() {
    return wallClock.instant().getEpochSecond();
  }

  /** Nanoseconds until the next second. */
  long untilNextSecond() {
    return 1_000_000_000L - wallClock.instant().getNano();
  }

  int read(int register) {
    int[] fields = fields();
    return switch (register) {
      case SECONDS -> encode(fields[0]);
      case MINUTES -> encode(fields[1]);
      case HOURS -> encodeHour(fields[2]);
      case DAY_OF_WEEK -> encode(compose(fields).getDayOfWeek().getValue() % 7 + 1);
      case DAY_OF_MONTH -> encode(fields[3]);
      case MONTH -> encode(fields[4]);
      case YEAR -> encode(Math.floorMod(fields[5], 100));
      default -> encode(Math.floorMod(Math.floorDiv(fields[5], 100), 100));
    };
  }

  void write(int register, int bits) {
    int[] fields = fields();
    int value = decode(bits);
    int year = fields[5];
    switch (register) {
      case SECONDS -> fields[0] = value;
      case MINUTES -> fields[1] = value;
      case HOURS -> fields[2] = decodeHour(bits);
      case DAY_OF_MONTH -> fields[3] = value;
      case MONTH -> fields[4] = value;
      case YEAR -> fields[5] = year - Math.floorMod(year, 100) + value % 100;
      case CENTURY -> fields[5] = value % 100 * 100 + Math.floorMod(year, 100);
      default -> {} // the day of the week follows from the date
    }
    if (held == null) {
      set(fields);
    }
  }

  private int[] fields() {
    if (held != null) {
      return held;
    }
    LocalDateTime time = LocalDateTime.ofEpochSecond(hostSecond() + offset, 0, ZoneOffset.UTC);
    return new int[] {
      time.getSecond(),
      time.getMinute(),
      time.getHour(),
      time.getDayOfMonth(),
      time.getMonthValue(),
      time.getYear()
    };
  }

  private void set(int[] fields) {
    offset = compose(fields).toEpochSecond(ZoneOffset.UTC) - hostSecond();
  }

  /** The nearest time that exists; where the chip counts on from nonsense, this one does not. */
  private static LocalDateTime compose(int[] fields) {
    int month = Math.clamp(fields[4], 1, 12);
    int days = YearMonth.of(fields[5], month).lengthOfMonth();
    return LocalDateTime.of(
        fields[5],
        month,
        Math.clamp(fields[3], 1, days),
        Math.clamp(fields[2], 0, 23),
        Math.clamp(fields[1], 0, 59),
        Math.clamp(fields[0], 0, 59));
  }

  private int encode(int value) {
    return binary ? value : value / 10 << 4 | value % 10;
  }

  private int decode(int bits) {
    return binary ? bits : (bits >> 4) * 10 + (bits & 15);
  }

  private int encodeHour(int hour) {
    if (twentyFourHours) {
      return encode(hour);
    }
    int twelve = hour % 12 == 0 ? 12 : hour % 12;
    return encode(twelve) | (hour >= 12 ? PM : 0);
  }

  private int decodeHour(int bits) {
    if (twentyFourHours) {
      return decode(bits);
    }
    return decode(bits & ~PM) % 12 + ((bits & PM) != 0 ? 12 : 0);
  }

  void save(StateWriter out) {
    out.writeLong(offset);
    out.writeBoolean(held != null);
    out.writeInts(held != null ? held : new int[6]);
  }

  void load(StateReader in) {
    offset = Math.clamp(in.readLong(), -FURTHEST, FURTHEST);
    boolean hold = in.readBoolean();
    int[] fields = new int[6];
    in.readInts(fields);
    for (int i = 0; i < 5; i++) {
      fields[i] = Math.clamp(fields[i], 0, 0xff);
    }
    fields[5] = Math.clamp(fields[5], 0, 9999);
    held = hold ? fields : null;
  }
}
