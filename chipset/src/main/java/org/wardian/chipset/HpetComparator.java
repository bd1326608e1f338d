package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;

/** One comparator of a {@link Hpet}, whose monitor guards it. */
final class HpetComparator {
  private static final int CONFIGURATION = 0x00;
  private static final int VALUE = 0x08;
  private static final int MESSAGE = 0x10;

  private static final int LEVEL = 0x0002;
  private static final int ENABLE = 0x0004;
  private static final int PERIODIC = 0x0008;
  private static final int SET_VALUE = 0x0040;
  private static final int NARROW = 0x0100;
  private static final int ROUTE = 0x3e00;
  private static final int BY_MESSAGE = 0x4000;
  private static final int WRITABLE = 0x7f4e;

  /** Periodic, 64 bits, message delivery. */
  private static final int CAPABLE = 0x8030;

  /** The shortest period, 20 us in ticks; a guest cannot have more interrupts than that. */
  private static final long SHORTEST = 2_000;

  private final Hpet hpet;
  private final int number;
  private final int routes;
  private final Timer timer;
  private int configuration;
  private long value;
  private long period;
  private long message;

  HpetComparator(Hpet hpet, int number, int routes, Timers timers) {
    this.hpet = hpet;
    this.number = number;
    this.routes = routes;
    this.timer = timers.timer("hpet-" + number, this::fired);
    clear();
  }

  private void clear() {
    configuration = Integer.numberOfTrailingZeros(routes) << 9;
    value = -1;
    period = 0;
    message = 0;
  }

  void reset() {
    clear();
    timer.cancel();
  }

  int number() {
    return number;
  }

  int route() {
    return (configuration & ROUTE) >> 9;
  }

  /** Address and data of the message that is the interrupt; 0 where a line is. */
  long message() {
    return (configuration & BY_MESSAGE) != 0 ? message : 0;
  }

  boolean drivesLine() {
    return (configuration & (ENABLE | BY_MESSAGE)) == ENABLE;
  }

  long read(int register) {
    return switch (register) {
      case CONFIGURATION -> (long) routes << 32 | configuration | CAPABLE;
      case VALUE -> narrow() ? value & 0xffffffffL : value;
      case MESSAGE -> message;
      default -> 0;
    };
  }

  private boolean narrow() {
    return (configuration & NARROW) != 0;
  }

  private boolean periodic() {
    return (configuration & PERIODIC) != 0;
  }

  void write(int register, long mask, long bits) {
    switch (register) {
      case CONFIGURATION -> {
        long written = configuration & ~mask | bits & mask;
        int route = (int) (written & ROUTE) >> 9;
        int before = configuration & ROUTE;
        configuration = (int) written & WRITABLE;
        if ((routes >>> route & 1) == 0) {
          configuration = configuration & ~ROUTE | before; // a route that is not wired
        }
      }
      case VALUE -> {
        // In periodic mode the value is the period, and the next match with the set flag.
        if (!periodic() || (configuration & SET_VALUE) != 0) {
          value = value & ~mask | bits & mask;
        }
        if (periodic()) {
          period = period & ~mask | bits & mask;
        }
        // The upper half ends a write in two halves.
        if (narrow() || mask >>> 63 != 0) {
          configuration &= ~SET_VALUE;
        }
      }
      case MESSAGE -> {
        // The value is the low half, the address the high one.
        message = message & ~mask | bits & mask;
      }
      default -> {}
    }
    schedule();
  }

  /** Arms the timer for the next match. */
  void schedule() {
    boolean waits = hpet.enabled() && (configuration & ENABLE) != 0;
    if (!waits) {
      timer.cancel();
      return;
    }
    long now = hpet.count();
    long away = value - now;
    if (narrow()) {
      away &= 0xffffffffL;
    }
    if (away < 0 && periodic()) {
      away = 0;
    }
    if (away < 0 || away > Long.MAX_VALUE / 2 / Hpet.TICK) {
      timer.cancel(); // passed: the counter does not come round in a lifetime
      return;
    }
    timer.arm(hpet.time(now + away));
  }

  private void fired() {
    synchronized (hpet) {
      if (!hpet.enabled() || (configuration & ENABLE) == 0) {
        return;
      }
      long now = hpet.count();
      long late = now - value;
      long lateness = narrow() ? (int) late : late;
      if (lateness < 0) {
        schedule(); // the guest has set another value meanwhile
        return;
      }
      if (periodic() && period != 0) {
        long step = Math.max(narrow() ? period & 0xffffffffL : period, SHORTEST);
        value += (step > 0 ? lateness / step + 1 : 1) * step;
        schedule();
      } else if (narrow()) {
        timer.arm(hpet.time(now + (1L << 32) - lateness));
      }
      hpet.match(this, (configuration & LEVEL) != 0);
    }
  }

  void save(StateWriter out) {
    out.writeInt(configuration);
    out.writeLong(value);
    out.writeLong(period);
    out.writeLong(message);
  }

  void load(StateReader in) {
    configuration = in.readInt() & WRITABLE;
    if ((routes >>> route() & 1) == 0) {
      configuration = configuration & ~ROUTE | Integer.numberOfTrailingZeros(routes) << 9;
    }
    value = in.readLong();
    period = in.readLong();
    message = in.readLong();
    schedule();
  }
}
