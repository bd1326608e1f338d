package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;
import org.wardian.bus.TimestampCounter;

/**
 * The timer of a local APIC in its three modes (Intel SDM vol. 3, "APIC Timer"). Guarded by the
 * monitor of its APIC.
 *
 * <p>The count is reckoned from guest time whenever it is read: one step is one nanosecond (a bus
 * clock of {@link LocalApic#BUS_FREQUENCY_HZ}) times the divider. The host timer runs only while
 * the interrupt is not masked.
 */
final class ApicTimer {
  static final int ONE_SHOT = 0;
  static final int PERIODIC = 1;
  static final int TSC_DEADLINE = 2;

  /** A period below this would only starve the guest; interrupts this close fall together. */
  private static final long SHORTEST_PERIOD = 20_000;

  /** Farther deadlines are looked at again then, so that no product overflows. */
  private static final long HORIZON = 1_000_000_000_000_000L;

  private static final long SECOND = 1_000_000_000L;

  private final Timers timers;
  private final TimestampCounter counter;
  private final Timer timer;

  private int mode;
  private boolean masked;
  private int divideConfiguration;
  private int initialCount;
  private boolean counting;
  private long start;

  /** Guest time of the expiry that the timer is armed for. */
  private long nextExpiry;

  private long deadline;

  ApicTimer(Timers timers, TimestampCounter counter, String name, Runnable expired) {
    this.timers = timers;
    this.counter = counter;
    this.timer = timers.timer(name, expired);
    reset();
  }

  void reset() {
    mode = ONE_SHOT;
    masked = true;
    divideConfiguration = 0;
    stop();
    initialCount = 0;
  }

  private void stop() {
    timer.cancel();
    counting = false;
    deadline = 0;
  }

  /** Applies the mode and mask bits of the LVT; true if the interrupt is due at once. */
  boolean configure(int newMode, boolean newMasked) {
    if (newMode != mode) {
      changeMode(newMode);
    }
    masked = newMasked;
    return arm();
  }

  private void changeMode(int newMode) {
    if (newMode > PERIODIC || mode > PERIODIC) {
      stop();
    } else if (counting) {
      long elapsed = timers.nanoseconds() - start;
      if (mode == PERIODIC) {
        start += elapsed / period() * period();
      } else if (elapsed >= period()) {
        counting = false;
      }
    }
    mode = newMode;
  }

  int divideConfiguration() {
    return divideConfiguration;
  }

  boolean divideConfiguration(int value) {
    int count = currentCount();
    divideConfiguration = value & 0xb;
    if (counting) {
      long done = Integer.toUnsignedLong(initialCount) - Integer.toUnsignedLong(count);
      start = timers.nanoseconds() - done * divider();
    }
    return arm();
  }

  int initialCount() {
    return initialCount;
  }

  boolean initialCount(int value) {
    if (mode > PERIODIC) {
      return false;
    }
    initialCount = value;
    counting = value != 0;
    start = timers.nanoseconds();
    // As of the start: a count that is over by now is still due once.
    return arm(start);
  }

  int currentCount() {
    if (!counting || mode > PERIODIC) {
      return 0;
    }
    long steps = (timers.nanoseconds() - start) / divider();
    long count = Integer.toUnsignedLong(initialCount);
    if (mode == PERIODIC) {
      return (int) (count - steps % count);
    }
    return (int) Math.max(0, count - steps);
  }

  long deadline() {
    return mode == TSC_DEADLINE ? deadline : 0;
  }

  boolean deadline(long value) {
    if (mode != TSC_DEADLINE) {
      return false;
    }
    deadline = value;
    return arm();
  }

  /** The counter jumped; true if the interrupt is due at once. */
  boolean timestampCounterChanged() {
    return mode == TSC_DEADLINE && arm();
  }

  /** On the timer's callback: whether the interrupt is due. Arms the next expiry. */
  boolean expire() {
    if (mode == TSC_DEADLINE) {
      return arm();
    }
    long now = timers.nanoseconds();
    if (!counting || masked || now < nextExpiry) {
      return false;
    }
    if (mode == PERIODIC) {
      armPeriodic(now);
    }
    return true;
  }

  private boolean arm() {
    return arm(timers.nanoseconds());
  }

  private boolean arm(long now) {
    timer.cancel();
    if (mode == TSC_DEADLINE) {
      return armDeadline();
    }
    if (counting && !masked) {
      if (mode == PERIODIC) {
        armPeriodic(now);
      } else if (now - start < period()) {
        nextExpiry = start + period();
        timer.arm(nextExpiry);
      }
    }
    return false;
  }

  private void armPeriodic(long now) {
    long next = start + ((now - start) / period() + 1) * period();
    nextExpiry = Math.max(next, now + SHORTEST_PERIOD);
    timer.arm(nextExpiry);
  }

  private boolean armDeadline() {
    if (deadline == 0) {
      return false;
    }
    long ticks = counter.ticks();
    if (Long.compareUnsigned(ticks, deadline) >= 0) {
      deadline = 0;
      return true;
    }
    long frequency = counter.frequencyHz();
    long left = deadline - ticks;
    long wait = HORIZON;
    if (Long.compareUnsigned(left / frequency, HORIZON / SECOND) < 0 && left > 0) {
      wait = left / frequency * SECOND + (left % frequency * SECOND + frequency - 1) / frequency;
    }
    timer.arm(timers.nanoseconds() + wait);
    return false;
  }

  private long period() {
    return Integer.toUnsignedLong(initialCount) * divider();
  }

  /** Divide configuration bits 3, 1 and 0: 2, 4, 8 ... 128, and 1 for all ones. */
  private int divider() {
    int code = divideConfiguration & 3 | (divideConfiguration & 8) >> 1;
    return code == 7 ? 1 : 2 << code;
  }

  void save(StateWriter out) {
    out.writeByte(mode);
    out.writeBoolean(masked);
    out.writeByte(divideConfiguration);
    out.writeInt(initialCount);
    out.writeBoolean(counting);
    out.writeLong(counting ? timers.nanoseconds() - start : 0);
    out.writeLong(deadline);
  }

  boolean load(StateReader in) {
    timer.cancel();
    mode = in.readByte() & 3;
    masked = in.readBoolean();
    divideConfiguration = in.readByte() & 0xb;
    initialCount = in.readInt();
    counting = in.readBoolean() && initialCount != 0;
    start = timers.nanoseconds() - Math.max(0, in.readLong());
    deadline = in.readLong();
    return arm();
  }
}
