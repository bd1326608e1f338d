package org.wardian.chipset;

import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.PowerControl;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;

/**
 * The fixed hardware of ACPI: PM1a event and control block, power management timer and one general
 * purpose event block (ACPI 6.5 §4.8). The machine is always in ACPI mode: SCI_EN reads as one, and
 * the FADT has neither an SMI command port nor the values to write to it.
 *
 * <p>All registers of a window may be accessed at any size and offset.
 */
public final class AcpiPowerManagement implements Device {
  /** PM1a_EVT_BLK: status and enable register, {@link #PM1_EVENT_LENGTH} bytes. */
  public static final int PM1_EVENT_PORT = 0x600;

  /** PM1_EVT_LEN. */
  public static final int PM1_EVENT_LENGTH = 4;

  /** PM1a_CNT_BLK, {@link #PM1_CONTROL_LENGTH} bytes. */
  public static final int PM1_CONTROL_PORT = 0x604;

  /** PM1_CNT_LEN. */
  public static final int PM1_CONTROL_LENGTH = 2;

  /** PM_TMR_BLK, {@link #PM_TIMER_LENGTH} bytes. */
  public static final int PM_TIMER_PORT = 0x608;

  /** PM_TMR_LEN. */
  public static final int PM_TIMER_LENGTH = 4;

  /** Width of the timer: the FADT's flag TMR_VAL_EXT is clear. */
  public static final int PM_TIMER_BITS = 24;

  /** Ticks of the timer per second. */
  public static final long PM_TIMER_FREQUENCY_HZ = 3_579_545;

  /** GPE0_BLK: 16 status bits and 16 enable bits, {@link #GPE0_LENGTH} bytes. */
  public static final int GPE0_PORT = 0x620;

  /** GPE0_BLK_LEN. */
  public static final int GPE0_LENGTH = 4;

  /** The global system interrupt of the SCI, level triggered. */
  public static final int SCI_GSI = 9;

  /** SLP_TYP that turns the machine off: the DSDT's {@code _S5} package. */
  public static final int SLEEP_TYPE_S5 = 5;

  /** SLP_TYP that suspends to RAM: the DSDT's {@code _S3} package, where it is offered. */
  public static final int SLEEP_TYPE_S3 = 1;

  private static final int STATE_VERSION = 1;

  private static final int TMR_STS = 1;
  private static final int PWRBTN_STS = 1 << 8;
  private static final int WAK_STS = 1 << 15;
  private static final int STATUS_WRITABLE = 0x8731;
  private static final int ENABLE_WRITABLE = 0x0721;

  private static final int SCI_EN = 1;
  private static final int SLP_EN = 1 << 13;
  private static final int CONTROL_WRITABLE = 0x1c02;

  private static final long SECOND = 1_000_000_000L;

  private final Timers timers;
  private final InterruptLine sci;
  private final PowerControl power;
  private final Timer overflow;
  private int status;
  private int enable;
  private int control;
  private int eventStatus;
  private int eventEnable;

  /** How often the timer's top bit had changed when last looked at. */
  private long carries;

  /** Makes the registers; {@code sci} is the line of {@link #SCI_GSI}. */
  public AcpiPowerManagement(Timers timers, InterruptLine sci, PowerControl power) {
    this.timers = timers;
    this.sci = sci;
    this.power = power;
    this.overflow = timers.timer("acpi-timer", this::overflow);
    this.carries = carriesNow();
  }

  @Override
  public String name() {
    return "acpi-pm";
  }

  @Override
  public synchronized void reset() {
    status = 0;
    enable = 0;
    control = 0;
    eventStatus = 0;
    eventEnable = 0;
    carries = carriesNow();
    update();
  }

  /** The user presses the power button. Any thread. */
  public synchronized void pressPowerButton() {
    status |= PWRBTN_STS;
    update();
  }

  /** The machine wakes from {@link PowerControl#suspend}. Any thread. */
  public synchronized void wake() {
    status |= WAK_STS;
    update();
  }

  /** Sets a general purpose event's status, 0 to 15. Any thread. */
  public synchronized void event(int number) {
    eventStatus |= 1 << number & 0xffff;
    update();
  }

  /** PM1a_EVT_BLK. */
  public IoHandler eventBlock() {
    return new Registers() {
      @Override
      int read() {
        noteCarry();
        return status | enable << 16;
      }

      @Override
      void write(int value, int mask) {
        noteCarry();
        status &= ~(value & mask & STATUS_WRITABLE);
        int written = mask >>> 16;
        enable = enable & ~written | value >>> 16 & written & ENABLE_WRITABLE;
      }
    };
  }

  /** PM1a_CNT_BLK. */
  public IoHandler controlBlock() {
    return new Registers() {
      @Override
      int read() {
        return control | SCI_EN;
      }

      @Override
      void write(int value, int mask) {
        control = control & ~mask | value & mask & CONTROL_WRITABLE;
        if ((value & mask & SLP_EN) != 0) {
          sleep(control >> 10 & 7);
        }
      }
    };
  }

  /** PM_TMR_BLK. */
  public IoHandler timerBlock() {
    return new Registers() {
      @Override
      int read() {
        return (int) ticks(timers.nanoseconds()) & (1 << PM_TIMER_BITS) - 1;
      }

      @Override
      void write(int value, int mask) {} // read-only
    };
  }

  /** GPE0_BLK. */
  public IoHandler generalPurposeEvents() {
    return new Registers() {
      @Override
      int read() {
        return eventStatus | eventEnable << 16;
      }

      @Override
      void write(int value, int mask) {
        eventStatus &= ~(value & mask);
        int written = mask >>> 16;
        eventEnable = eventEnable & ~written | value >>> 16 & written;
      }
    };
  }

  private void sleep(int type) {
    switch (type) {
      case SLEEP_TYPE_S5 -> power.powerOff();
      case SLEEP_TYPE_S3 -> power.suspend();
      default -> {} // no such state is offered
    }
  }

  private void update() {
    boolean pending = (status & enable | eventStatus & eventEnable) != 0;
    sci.set(pending);
    armOverflow();
  }

  // The timer's carry: it only costs a host timer while a guest wants its interrupt.

  private static long ticks(long nanoseconds) {
    return nanoseconds / SECOND * PM_TIMER_FREQUENCY_HZ
        + nanoseconds % SECOND * PM_TIMER_FREQUENCY_HZ / SECOND;
  }

  private long carriesNow() {
    return ticks(timers.nanoseconds()) >> PM_TIMER_BITS - 1;
  }

  private void noteCarry() {
    long now = carriesNow();
    if (now != carries) {
      carries = now;
      status |= TMR_STS;
    }
  }

  private void armOverflow() {
    if ((enable & ~status & TMR_STS) == 0) {
      overflow.cancel();
      return;
    }
    long tick = carries + 1 << PM_TIMER_BITS - 1;
    long seconds = tick / PM_TIMER_FREQUENCY_HZ;
    long rest = tick % PM_TIMER_FREQUENCY_HZ * SECOND;
    overflow.arm(seconds * SECOND + (rest + PM_TIMER_FREQUENCY_HZ - 1) / PM_TIMER_FREQUENCY_HZ);
  }

  private synchronized void overflow() {
    noteCarry();
    update();
  }

  /** A window of at most four bytes that may be accessed in any pieces. */
  private abstract class Registers implements IoHandler {
    abstract int read();

    abstract void write(int value, int mask);

    @Override
    public int widest() {
      return 4;
    }

    @Override
    public long read(long offset, int size) {
      synchronized (AcpiPowerManagement.this) {
        return Integer.toUnsignedLong(read()) >>> (8 * offset);
      }
    }

    @Override
    public void write(long offset, int size, long value) {
      synchronized (AcpiPowerManagement.this) {
        long mask = (1L << (8 * size)) - 1;
        write((int) (value << (8 * offset)), (int) (mask << (8 * offset)));
        update();
      }
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    noteCarry();
    out.begin(name(), STATE_VERSION);
    out.writeInts(new int[] {status, enable, control, eventStatus, eventEnable});
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    int[] registers = new int[5];
    in.readInts(registers);
    in.end();
    status = registers[0] & STATUS_WRITABLE;
    enable = registers[1] & ENABLE_WRITABLE;
    control = registers[2] & CONTROL_WRITABLE;
    eventStatus = registers[3] & 0xffff;
    eventEnable = registers[4] & 0xffff;
    carries = carriesNow();
    update();
  }
}
