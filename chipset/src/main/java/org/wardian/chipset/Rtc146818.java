package org.wardian.chipset;

import java.time.InstantSource;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;

/**
 * The MC146818A real-time clock and its CMOS memory at ports 0x70 and 0x71 (Motorola MC146818A data
 * sheet). The time of day is the host's in UTC plus what the guest has set it forward or back;
 * periodic, alarm and update-ended interrupts come on guest timers.
 */
public final class Rtc146818 implements Device, IoHandler {
  /** Ports 0x70 (index, and NMI mask in bit 7) and 0x71 (data). */
  public static final int PORT = 0x70;

  /** The ISA interrupt line. */
  public static final int INTERRUPT = 8;

  private static final int STATE_VERSION = 1;

  private static final int SECONDS_ALARM = 0x01;
  private static final int MINUTES_ALARM = 0x03;
  private static final int HOURS_ALARM = 0x05;
  private static final int REGISTER_A = 0x0a;
  private static final int REGISTER_B = 0x0b;
  private static final int REGISTER_C = 0x0c;
  private static final int REGISTER_D = 0x0d;

  private static final int A_UIP = 0x80;
  private static final int A_DIVIDER = 0x70;
  private static final int A_DIVIDER_32768_HZ = 0x20;
  private static final int A_RATE = 0x0f;
  private static final int B_SET = 0x80;
  private static final int B_INTERRUPTS = 0x70;
  private static final int B_BINARY = 0x04;
  private static final int B_24_HOURS = 0x02;
  private static final int C_IRQF = 0x80;
  private static final int C_PERIODIC = 0x40;
  private static final int C_ALARM = 0x20;
  private static final int C_UPDATE = 0x10;
  private static final int D_VALID = 0x80;
  private static final int ANY = 0xc0;

  private static final long SECOND = 1_000_000_000L;

  /** From the rise of UIP to the update. */
  private static final long UPDATE_NOTICE = 244_000;

  private final Timers timers;
  private final RtcTime time;
  private final InterruptLine output;
  private final Timer periodicTimer;
  private final Timer updateTimer;
  private final byte[] cmos = new byte[128];

  /** CMOS memory's byte that tells firmware why it starts. */
  public static final int SHUTDOWN_STATUS = 0x0f;

  /** Value of {@link #SHUTDOWN_STATUS}: the machine wakes up. QEMU's and SeaBIOS's number. */
  public static final int RESUME = 0xfe;

  private int index;

  private long nextPeriodic;
  private long lastUpdate;

  /**
   * Makes the clock.
   *
   * @param wallClock the host's time of day
   * @param output the interrupt line, ISA interrupt 8
   * @param memoryBelow4G bytes of RAM below 4 GiB, for the CMOS memory sizes
   * @param memoryAbove4G bytes of RAM above 4 GiB
   */
  public Rtc146818(
      Timers timers,
      InstantSource wallClock,
      InterruptLine output,
      long memoryBelow4G,
      long memoryAbove4G) {
    this.timers = timers;
    this.time = new RtcTime(wallClock);
    this.output = output;
    this.periodicTimer = timers.timer("rtc-periodic", this::periodic);
    this.updateTimer = timers.timer("rtc-update", this::update);
    this.lastUpdate = time.hostSecond();
    cmos[REGISTER_A] = A_DIVIDER_32768_HZ | 6;
    cmos[REGISTER_B] = B_24_HOURS;
    time.format(false, true);
    cmos[REGISTER_D] = (byte) D_VALID;
    storeMemorySizes(memoryBelow4G >>> 10, memoryAbove4G >>> 16);
  }

  /** The sizes where firmware of PCs and QEMU leaves them. */
  private void storeMemorySizes(long kibBelow4G, long chunksAbove4G) {
    long extended = Math.clamp(kibBelow4G - 1024, 0, 0xffff);
    long above16M = Math.clamp((kibBelow4G - 16384) / 64, 0, 0xffff);
    store(0x15, Math.min(kibBelow4G, 640), 2);
    store(0x17, extended, 2);
    store(0x30, extended, 2);
    store(0x34, above16M, 2);
    store(0x5b, Math.min(chunksAbove4G, 0xffffff), 3);
  }

  private void store(int at, long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      cmos[at + i] = (byte) (value >>> (8 * i));
    }
  }

  @Override
  public String name() {
    return "rtc";
  }

  /** The reset pin clears interrupt enables and flags; time and memory live on the battery. */
  @Override
  public synchronized void reset() {
    cmos[REGISTER_B] &= ~B_INTERRUPTS;
    cmos[REGISTER_C] = 0;
    output.set(false);
    index = 0;
    schedule();
  }

  /** Sets a byte of CMOS memory, 0x0e to 0x7f, as firmware would. */
  public synchronized void store(int at, int value) {
    if (at <= REGISTER_D || at >= cmos.length) {
      throw new IllegalArgumentException("CMOS byte 0x" + Integer.toHexString(at));
    }
    cmos[at] = (byte) value;
  }

  @Override
  public int widest() {
    return 1;
  }

  @Override
  public synchronized long read(long port, int size) {
    if (port == 0) {
      // The index register cannot be read back on PCs.
      return 0xff;
    }
    int register = index & 0x7f;
    return switch (register) {
      case RtcTime.SECONDS,
          RtcTime.MINUTES,
          RtcTime.HOURS,
          RtcTime.DAY_OF_WEEK,
          RtcTime.DAY_OF_MONTH,
          RtcTime.MONTH,
          RtcTime.YEAR,
          RtcTime.CENTURY ->
          time.read(register);
      case REGISTER_A -> cmos[REGISTER_A] & 0x7f | (updating() ? A_UIP : 0);
      case REGISTER_C -> {
        int flags = (cmos[REGISTER_C] | passed()) & 0xff;
        cmos[REGISTER_C] = 0;
        output.set(false);
        yield flags;
      }
      default -> cmos[register] & 0xff;
    };
  }

  @Override
  public synchronized void write(long port, int size, long value) {
    if (port == 0) {
      index = (int) value & 0xff;
      return;
    }
    int register = index & 0x7f;
    int bits = (int) value & 0xff;
    switch (register) {
      case RtcTime.SECONDS,
          RtcTime.MINUTES,
          RtcTime.HOURS,
          RtcTime.DAY_OF_WEEK,
          RtcTime.DAY_OF_MONTH,
          RtcTime.MONTH,
          RtcTime.YEAR,
          RtcTime.CENTURY ->
          time.write(register, bits);
      case REGISTER_A -> {
        cmos[REGISTER_A] = (byte) (bits & ~A_UIP);
        schedule();
      }
      case REGISTER_B -> writeB(bits);
      case REGISTER_C, REGISTER_D -> {} // read-only
      default -> cmos[register] = (byte) bits;
    }
  }

  private void writeB(int bits) {
    boolean set = (bits & B_SET) != 0;
    if (set) {
      time.hold();
    }
    // Setting SET clears the update interrupt's enable.
    cmos[REGISTER_B] = (byte) (set ? bits & ~C_UPDATE : bits);
    time.format((bits & B_BINARY) != 0, (bits & B_24_HOURS) != 0);
    if (!set && time.held()) {
      time.release();
      lastUpdate = time.hostSecond();
    }
    raise(0);
    schedule();
  }

  private boolean updating() {
    return !time.held() && time.untilNextSecond() <= UPDATE_NOTICE;
  }

  // Interrupts.

  private void raise(int flags) {
    int all = cmos[REGISTER_C] | flags;
    if ((all & cmos[REGISTER_B] & B_INTERRUPTS) != 0) {
      all |= C_IRQF;
      cmos[REGISTER_C] = (byte) all;
      output.set(true);
    } else {
      cmos[REGISTER_C] = (byte) (all & ~C_IRQF);
      output.set(false);
    }
  }

  private void schedule() {
    long now = timers.nanoseconds();
    nextPeriodic = now + period();
    if (period() != 0 && (cmos[REGISTER_B] & C_PERIODIC) != 0) {
      periodicTimer.arm(nextPeriodic);
    } else {
      periodicTimer.cancel();
    }
    if (running() && (cmos[REGISTER_B] & (C_ALARM | C_UPDATE)) != 0) {
      armUpdate(now);
    } else {
      updateTimer.cancel();
    }
  }

  private boolean running() {
    return !time.held() && (cmos[REGISTER_A] & A_DIVIDER) == A_DIVIDER_32768_HZ;
  }

  private void armUpdate(long now) {
    updateTimer.arm(now + time.untilNextSecond());
  }

  /** Nanoseconds between periodic interrupts, 0 for none. */
  private long period() {
    int rate = cmos[REGISTER_A] & A_RATE;
    if (rate == 0 || (cmos[REGISTER_A] & A_DIVIDER) != A_DIVIDER_32768_HZ) {
      return 0;
    }
    int shift = rate <= 2 ? rate + 6 : rate - 1;
    return (SECOND << shift) / 32768;
  }

  private synchronized void periodic() {
    if ((cmos[REGISTER_B] & C_PERIODIC) != 0 && period() != 0) {
      raise(passedPeriodic());
      periodicTimer.arm(nextPeriodic);
    }
  }

  private synchronized void update() {
    if (running() && (cmos[REGISTER_B] & (C_ALARM | C_UPDATE)) != 0) {
      raise(passedUpdate());
      armUpdate(timers.nanoseconds());
    }
  }

  /** Flags of what has happened since they were last looked at, whether or not it interrupts. */
  private int passed() {
    return passedPeriodic() | passedUpdate();
  }

  private int passedPeriodic() {
    long late = timers.nanoseconds() - nextPeriodic;
    if (period() == 0 || late < 0) {
      return 0;
    }
    nextPeriodic += late / period() * period() + period();
    return C_PERIODIC;
  }

  private int passedUpdate() {
    long second = time.hostSecond();
    if (!running() || second == lastUpdate) {
      return 0;
    }
    lastUpdate = second;
    return C_UPDATE | (alarmMatches() ? C_ALARM : 0);
  }

  private boolean alarmMatches() {
    return alarmMatches(SECONDS_ALARM, RtcTime.SECONDS)
        && alarmMatches(MINUTES_ALARM, RtcTime.MINUTES)
        && alarmMatches(HOURS_ALARM, RtcTime.HOURS);
  }

  private boolean alarmMatches(int alarm, int register) {
    int wanted = cmos[alarm] & 0xff;
    return (wanted & ANY) == ANY || wanted == time.read(register);
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeBytes(cmos);
    out.writeByte(index);
    time.save(out);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    in.readBytes(cmos);
    index = in.readByte();
    time.load(in);
    time.format((cmos[REGISTER_B] & B_BINARY) != 0, (cmos[REGISTER_B] & B_24_HOURS) != 0);
    in.end();
    schedule();
    raise(0);
  }
}
