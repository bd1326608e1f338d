package org.wardian.chipset;

import static org.wardian.chipset.Pit8254Registers.ACCESS_BOTH;
import static org.wardian.chipset.Pit8254Registers.ACCESS_HIGH;
import static org.wardian.chipset.Pit8254Registers.ACCESS_LOW;
import static org.wardian.chipset.Pit8254Registers.NEVER;
import static org.wardian.chipset.Pit8254Registers.NOT_LATCHED;

/**
 * One counter of an 8254 (Intel 8254 data sheet, "Mode Definitions"). Guarded by the monitor of its
 * {@link Pit8254}. Everything follows from the tick at which the count was loaded; nothing runs.
 */
final class Pit8254Channel {
  static final long FREQUENCY_HZ = 1_193_182;

  private static final long SECOND = 1_000_000_000L;

  private static final int ACCESS_LATCH = 0;

  private int access;
  private int mode;
  private boolean bcd;

  /** The count in effect, 1 to 65,536. */
  private int count;

  /** Whether the count runs: loaded (modes 0, 2, 3, 4) or triggered (modes 1 and 5). */
  private boolean counting;

  /** Whether a count was written since the control word. */
  private boolean written;

  /** The tick at which the count was loaded: one after the write or the trigger. */
  private long start;

  private boolean gate;

  /** While the gate holds the count of mode 0 or 4: ticks that had gone by. */
  private long heldElapsed;

  /** A count that waits: for the end of the (half) cycle, or for the trigger; 0 for none. */
  private int nextCount;

  /** The tick at which the waiting count takes effect, {@link #NEVER} when only a trigger can. */
  private long nextChange;

  /** The start that the waiting count will be reckoned from. */
  private long nextStart;

  private boolean writeHigh;
  private boolean readHigh;
  private int lowByte;
  private int latchedCount;
  private int latchedStatus;

  /** A control word for this channel; access mode 0 is the counter latch command. */
  void control(int word, long now) {
    int newAccess = word >> 4 & 3;
    if (newAccess == ACCESS_LATCH) {
      latchCount(now);
      return;
    }
    access = newAccess;
    mode = word >> 1 & 7;
    if (mode > 5) {
      mode -= 4;
    }
    bcd = (word & 1) != 0;
    counting = false;
    written = false;
    heldElapsed = 0;
    nextCount = 0;
    writeHigh = false;
    readHigh = false;
    latchedCount = NOT_LATCHED;
    latchedStatus = NOT_LATCHED;
  }

  void write(int value, long now) {
    switch (access) {
      case ACCESS_LOW -> writeCount(value, now);
      case ACCESS_HIGH -> writeCount(value << 8, now);
      default -> {
        if (writeHigh) {
          writeCount(lowByte | value << 8, now);
        } else {
          lowByte = value;
          if (mode == 0) {
            counting = false;
          }
        }
        writeHigh = !writeHigh;
      }
    }
  }

  private void writeCount(int raw, long now) {
    int value = bcd ? fromBcd(raw) : raw;
    if (value == 0) {
      value = bcd ? 10_000 : 0x10000;
    }
    written = true;
    boolean triggered = mode == 1 || mode == 5;
    boolean periodic = mode == 2 || mode == 3;
    if (periodic && counting && gate) {
      await(value, now);
      return;
    }
    if (triggered && counting) {
      nextCount = value;
      nextChange = NEVER;
      return;
    }
    count = value;
    if (!triggered) {
      load(now);
    }
  }

  private void load(long now) {
    counting = true;
    start = ticks(now) + 1;
    heldElapsed = 0;
    nextCount = 0;
  }

  /** Lets a new count of a periodic mode wait for the end of the cycle, or half cycle in mode 3. */
  private void await(int value, long now) {
    adopt(now);
    long elapsed = Math.max(0, ticks(now) - start);
    long cycle = start + elapsed / count * count;
    if (mode == 3 && elapsed % count < high(count)) {
      nextChange = cycle + high(count);
      nextStart = nextChange - high(value);
    } else {
      nextChange = cycle + count;
      nextStart = nextChange;
    }
    nextCount = value;
  }

  /** Adopts a waiting count whose time has come. */
  private void adopt(long now) {
    if (nextCount != 0 && ticks(now) >= nextChange) {
      count = nextCount;
      start = nextStart;
      nextCount = 0;
    }
  }

  private static int high(int count) {
    return (count + 1) / 2;
  }

  void gate(boolean level, long now) {
    if (level == gate) {
      return;
    }
    adopt(now);
    if (level) {
      switch (mode) {
        case 0, 4 -> start = ticks(now) + 1 - heldElapsed;
        default -> trigger(now);
      }
    } else if (mode == 0 || mode == 4) {
      heldElapsed = ticks(now) - start;
    }
    gate = level;
  }

  private void trigger(long now) {
    if (written) {
      if (nextCount != 0) {
        count = nextCount;
      }
      load(now);
    }
  }

  private long elapsed(long now) {
    adopt(now);
    boolean held = !gate && (mode == 0 || mode == 4);
    return held ? heldElapsed : ticks(now) - start;
  }

  /** The level of OUT. */
  boolean output(long now) {
    return registers(now).output();
  }

  /** Guest time of the next rising edge of OUT after now; {@link Long#MAX_VALUE} for never. */
  long nextRisingEdge(long now) {
    if (!counting || !gate && mode != 1 && mode != 5) {
      return NEVER;
    }
    long elapsed = elapsed(now);
    return switch (mode) {
      case 0, 1 -> elapsed < count ? nanoseconds(start + count) : NEVER;
      case 2, 3 -> nanoseconds(nextCycle(elapsed));
      default -> elapsed <= count ? nanoseconds(start + count + 1) : NEVER;
    };
  }

  private long nextCycle(long elapsed) {
    if (nextCount != 0 && nextChange != nextStart) {
      return nextStart + nextCount;
    }
    return start + (Math.max(0, elapsed) / count + 1) * count;
  }

  void latchCount(long now) {
    if (latchedCount == NOT_LATCHED) {
      latchedCount = encode(registers(now).value());
    }
  }

  void latchStatus(long now) {
    if (latchedStatus == NOT_LATCHED) {
      boolean nullCount = !written || nextCount != 0 || counting && elapsed(now) < 0;
      latchedStatus =
          (output(now) ? 0x80 : 0)
              | (nullCount ? 0x40 : 0)
              | access << 4
              | mode << 1
              | (bcd ? 1 : 0);
    }
  }

  int read(long now) {
    if (latchedStatus != NOT_LATCHED) {
      int status = latchedStatus;
      latchedStatus = NOT_LATCHED;
      return status;
    }
    int value = latchedCount != NOT_LATCHED ? latchedCount : encode(registers(now).value());
    boolean high = access == ACCESS_HIGH || access == ACCESS_BOTH && readHigh;
    if (access == ACCESS_BOTH) {
      readHigh = !readHigh;
    }
    if (high || access == ACCESS_LOW) {
      latchedCount = NOT_LATCHED;
    }
    return high ? value >> 8 : value & 0xff;
  }

  private int encode(int value) {
    if (!bcd) {
      return value;
    }
    return value / 1000 % 10 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
  }

  private static int fromBcd(int raw) {
    return (raw >> 12) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 + (raw & 15);
  }

  /** Input clock ticks by a point in guest time; in two steps, for the product would overflow. */
  private static long ticks(long nanoseconds) {
    return nanoseconds / SECOND * FREQUENCY_HZ + nanoseconds % SECOND * FREQUENCY_HZ / SECOND;
  }

  /** The first nanosecond at which a tick has been reached. */
  private static long nanoseconds(long ticks) {
    return ticks / FREQUENCY_HZ * SECOND
        + (ticks % FREQUENCY_HZ * SECOND + FREQUENCY_HZ - 1) / FREQUENCY_HZ;
  }

  Pit8254Registers.Channel registers(long now) {
    long elapsed = elapsed(now);
    return new Pit8254Registers.Channel(
        access,
        mode,
        bcd,
        gate,
        written,
        counting,
        count,
        elapsed,
        nextCount,
        nextChange == NEVER ? NEVER : nextChange - ticks(now),
        nextStart - ticks(now),
        writeHigh,
        readHigh,
        lowByte,
        latchedCount,
        latchedStatus);
  }

  void registers(Pit8254Registers.Channel registers, long now) {
    access = registers.access();
    mode = registers.mode();
    bcd = registers.bcd();
    gate = registers.gate();
    written = registers.written();
    counting = registers.counting();
    count = registers.count();
    heldElapsed = registers.elapsed();
    start = ticks(now) - registers.elapsed();
    nextCount = registers.nextCount();
    nextChange = registers.nextChange() == NEVER ? NEVER : ticks(now) + registers.nextChange();
    nextStart = ticks(now) + registers.nextStart();
    writeHigh = registers.writeHigh();
    readHigh = registers.readHigh();
    lowByte = registers.lowByte();
    latchedCount = registers.latchedCount();
    latchedStatus = registers.latchedStatus();
  }
}
