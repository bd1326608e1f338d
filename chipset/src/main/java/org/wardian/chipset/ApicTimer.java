package org.wardian.chipset;

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

  /** In periodic mode: guest time of the expiry that the timer is armed for. */
  private long nextExpiry;

  private long deadline;

  /** Makes it stopped; {@code expired} is run when {@link #settle} may have something. */
  ApicTimer(Timers timers, TimestampCounter counter, String name, Runnable expired) {
    this.timers = timers;
    this.counter = counter;
    this.timer = timers.timer(name, expired);
  }

  private void stop() {
    timer.cancel();
    counting = false;
    deadline = 0;
  }

  /**
   * Catches up with an expiry whose callback has not come yet, as it has to be before anything of
   * the timer is changed or saved.
   *
   * @return whether the interrupt is due
   */
  boolean settle() {
    if (mode == TSC_DEADLINE) {
      return arm();
    }
    long now = timers.nanoseconds();
    if (!counting) {
      return false;
    }
    if (mode == ONE_SHOT) {
      counting = now - start < period();
      return !counting && !masked;
    }
    if (masked || now < nextExpiry) {
      return false;
    }
    armPeriodic(now);
    return true;
  }

  /** Applies the mode and mask bits of the LVT; the timer is settled. */
  void configure(int newMode, boolean newMasked) {
    if (newMode != mode) {
      changeMode(newMode);
    }
    masked = newMasked;
    arm();
  }

  private void changeMode(int newMode) {
    if (newMode > PERIODIC || mode > PERIODIC) {
      stop();
    } else if (counting && mode == PERIODIC) {
      start += (timers.nanoseconds() - start) / period() * period();
    }
    mode = newMode;
  }

  int divideConfiguration() {
    return divideConfiguration;
  }

  /** Writes the divide configuration; the timer is settled. */
  void divideConfiguration(int value) {
    int count = currentCount();
    divideConfiguration = value & ApicRegister.DIVIDE_WRITABLE;
    if (counting) {
      startAt(count);
    }
    arm();
  }

  private void startAt(int count) {
    long done = Integer.toUnsignedLong(initialCount) - Integer.toUnsignedLong(count);
    start = timers.nanoseconds() - done * divider();
  }

  int initialCount() {
    return initialCount;
  }

  /** Writes the initial count; the timer is settled. */
  void initialCount(int value) {
    if (mode > PERIODIC) {
      return;
    }
    initialCount = value;
    counting = value != 0;
    start = timers.nanoseconds();
    arm();
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

  /** Writes the deadline, the timer is settled; true if the interrupt is due at once. */
  boolean deadline(long value) {
    if (mode != TSC_DEADLINE) {
      return false;
    }
    deadline = value;
    return arm();
  }

  /** Takes over registers; true if the interrupt is due at once. */
  boolean registers(LocalApicRegisters registers) {
    mode = registers.timerMode();
    masked = registers.timerMasked();
    divideConfiguration = registers.divideConfiguration();
    initialCount = registers.initialCount();
    counting = registers.currentCount() != 0;
    startAt(registers.currentCount());
    deadline = registers.deadline();
    return arm();
  }

  /** Arms for the next expiry; true if the deadline has passed. */
  private boolean arm() {
    timer.cancel();
    if (mode == TSC_DEADLINE) {
      return armDeadline();
    }
    if (counting && !masked) {
      if (mode == PERIODIC) {
        armPeriodic(timers.nanoseconds());
      } else {
        timer.arm(start + period());
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
}
