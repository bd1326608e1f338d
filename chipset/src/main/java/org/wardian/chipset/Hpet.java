package org.wardian.chipset;

import java.util.function.IntFunction;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.MessageInterrupts;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timers;

/**
 * The high precision event timer (IA-PC HPET Specification 1.0a): a 64-bit counter of 100 MHz with
 * three comparators. They interrupt by pins 20 to 23 of the I/O APIC or by messages; the legacy
 * replacement route is not offered, so that PIT and clock keep their lines.
 */
public final class Hpet implements Device, IoHandler {
  /** Where boards have it. */
  public static final long BASE = 0xfed00000L;

  /** Bytes of registers. */
  public static final int LENGTH = 0x400;

  static final int COMPARATORS = 3;

  /** Nanoseconds of a tick. */
  static final long TICK = 10;

  private static final int STATE_VERSION = 1;

  private static final int CAPABILITIES = 0x000;
  private static final int CONFIGURATION = 0x010;
  private static final int STATUS = 0x020;
  private static final int COUNTER = 0x0f0;
  private static final int FIRST_COMPARATOR = 0x100;
  private static final int COMPARATOR_LENGTH = 0x20;

  private static final int ENABLE = 1;
  private static final int ROUTES = 0x00f0_0000;

  /** Period in femtoseconds; vendor; 64 bits; the number of comparators less one; revision 1. */
  private static final long IDENTITY =
      TICK * 1_000_000L << 32 | 0x8086L << 16 | 1 << 13 | COMPARATORS - 1 << 8 | 1;

  private final Timers timers;
  private final InterruptLine[] lines = new InterruptLine[32];
  private final MessageInterrupts messages;
  private final HpetComparator[] comparators = new HpetComparator[COMPARATORS];
  private boolean enabled;
  private int status;

  /** The count while stopped; while running, what the count was at time 0. */
  private long offset;

  /**
   * Makes the timer.
   *
   * @param pins pins of the I/O APIC by number, each an input of its own to a shared wire
   * @param messages where message-signalled interrupts go
   */
  public Hpet(Timers timers, IntFunction<InterruptLine> pins, MessageInterrupts messages) {
    this.timers = timers;
    this.messages = messages;
    for (int i = 0; i < lines.length; i++) {
      lines[i] = (ROUTES >>> i & 1) != 0 ? pins.apply(i) : InterruptLine.UNCONNECTED;
    }
    for (int i = 0; i < COMPARATORS; i++) {
      comparators[i] = new HpetComparator(this, i, ROUTES, timers);
    }
  }

  @Override
  public String name() {
    return "hpet";
  }

  @Override
  public synchronized void reset() {
    enabled = false;
    status = 0;
    offset = 0;
    for (HpetComparator comparator : comparators) {
      comparator.reset();
    }
    drive();
  }

  long count() {
    return enabled ? offset + timers.nanoseconds() / TICK : offset;
  }

  boolean enabled() {
    return enabled;
  }

  /** When the count will be {@code count}, in nanoseconds of guest time. */
  long time(long count) {
    return (count - offset) * TICK;
  }

  @Override
  public synchronized long read(long at, int size) {
    long value = register((int) at & ~7);
    long part = value >>> 8 * (at & 7);
    return size == 8 ? part : part & (1L << 8 * size) - 1;
  }

  private long register(int at) {
    return switch (at) {
      case CAPABILITIES -> IDENTITY;
      case CONFIGURATION -> enabled ? ENABLE : 0;
      case STATUS -> status;
      case COUNTER -> count();
      default -> {
        int number = (at - FIRST_COMPARATOR) / COMPARATOR_LENGTH;
        boolean there = at >= FIRST_COMPARATOR && number < COMPARATORS;
        yield there ? comparators[number].read(at % COMPARATOR_LENGTH) : 0;
      }
    };
  }

  @Override
  public synchronized void write(long at, int size, long value) {
    int register = (int) at & ~7;
    int shift = 8 * ((int) at & 7);
    long mask = (size == 8 ? -1L : (1L << 8 * size) - 1) << shift;
    long bits = value << shift;
    switch (register) {
      case CONFIGURATION -> {
        if ((mask & ENABLE) != 0) {
          enable((bits & ENABLE) != 0);
        }
      }
      case STATUS -> {
        status &= ~(int) (bits & mask);
        drive();
      }
      case COUNTER -> {
        if (!enabled) {
          offset = offset & ~mask | bits & mask;
        }
      }
      default -> {
        int number = (register - FIRST_COMPARATOR) / COMPARATOR_LENGTH;
        if (register >= FIRST_COMPARATOR && number < COMPARATORS) {
          comparators[number].write(register % COMPARATOR_LENGTH, mask, bits);
          drive();
        }
      }
    }
  }

  private void enable(boolean on) {
    if (on != enabled) {
      long now = timers.nanoseconds() / TICK;
      offset = on ? offset - now : offset + now;
      enabled = on;
      for (HpetComparator comparator : comparators) {
        comparator.schedule();
      }
      drive();
    }
  }

  // What comparators do.

  /** A comparator has matched; {@code level} keeps its bit until the guest clears it. */
  void match(HpetComparator comparator, boolean level) {
    if (level) {
      status |= 1 << comparator.number();
      drive();
    } else if (comparator.message() != 0) {
      messages.send(comparator.message() >>> 32, (int) comparator.message());
    } else {
      lines[comparator.route()].pulse();
    }
  }

  /** Drives the lines of level-triggered comparators. */
  private void drive() {
    int wanted = 0;
    for (HpetComparator comparator : comparators) {
      if ((status >> comparator.number() & 1) != 0 && comparator.drivesLine()) {
        wanted |= 1 << comparator.route();
      }
    }
    for (int i = 0; i < lines.length; i++) {
      if ((ROUTES >>> i & 1) != 0) {
        lines[i].set((wanted >> i & 1) != 0);
      }
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeBoolean(enabled);
    out.writeInt(status);
    out.writeLong(offset);
    for (HpetComparator comparator : comparators) {
      comparator.save(out);
    }
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    enabled = in.readBoolean();
    status = in.readInt() & (1 << COMPARATORS) - 1;
    offset = in.readLong();
    for (HpetComparator comparator : comparators) {
      comparator.load(in);
    }
    in.end();
    drive();
  }
}
