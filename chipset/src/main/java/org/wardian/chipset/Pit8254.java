package org.wardian.chipset;

import java.util.Arrays;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;

/**
 * The 8254 programmable interval timer (Intel 8254 data sheet) with the system control port B
 * (0x61) of the PC around its channel 2. Counts are reckoned from guest time when they are read; a
 * timer runs only for the interrupt of channel 0.
 */
public final class Pit8254 implements Device, IoHandler {
  /** Ports 0x40 to 0x43. */
  public static final int PORT = 0x40;

  /** System control port B. */
  public static final int PORT_B = 0x61;

  /** Input clock in Hz. */
  public static final long FREQUENCY_HZ = Pit8254Channel.FREQUENCY_HZ;

  private static final int CONTROL = 3;
  private static final int READ_BACK = 3;
  private static final int READ_BACK_NO_COUNT = 0x20;
  private static final int READ_BACK_NO_STATUS = 0x10;

  private static final int PORT_B_GATE = 0x01;
  private static final int PORT_B_REFRESH = 0x10;
  private static final int PORT_B_OUT = 0x20;

  /** Half a period of the refresh request that bit 4 of port B shows. */
  private static final long REFRESH_TOGGLE_NANOSECONDS = 15_085;

  /** Interrupts closer than this fall together, or a count of 1 would starve everything. */
  private static final long SHORTEST_PERIOD = 20_000;

  private final Timers timers;
  private final InterruptLine output;
  private final Timer timer;
  private final Pit8254Channel[] channels = new Pit8254Channel[3];
  private int portB;
  private long expectedEdge = Long.MAX_VALUE;

  /**
   * Makes the chip.
   *
   * @param output OUT of channel 0: ISA interrupt 0
   */
  public Pit8254(Timers timers, InterruptLine output) {
    this.timers = timers;
    this.output = output;
    this.timer = timers.timer("pit-channel0", this::edge);
    for (int i = 0; i < channels.length; i++) {
      channels[i] = new Pit8254Channel();
    }
    restore(Pit8254Registers.powerOn());
  }

  @Override
  public String name() {
    return "pit";
  }

  @Override
  public synchronized void reset() {
    registers(Pit8254Registers.powerOn());
  }

  @Override
  public int widest() {
    return 1;
  }

  @Override
  public synchronized long read(long offset, int size) {
    return offset == CONTROL ? 0 : channels[(int) offset & 3].read(timers.nanoseconds());
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    int bits = (int) value & 0xff;
    long now = timers.nanoseconds();
    if (offset != CONTROL) {
      channels[(int) offset & 3].write(bits, now);
      if (offset == 0) {
        schedule();
      }
      return;
    }
    int selected = bits >> 6;
    if (selected != READ_BACK) {
      channels[selected].control(bits, now);
      if (selected == 0) {
        schedule();
      }
      return;
    }
    for (int i = 0; i < channels.length; i++) {
      if ((bits >> (i + 1) & 1) != 0) {
        if ((bits & READ_BACK_NO_COUNT) == 0) {
          channels[i].latchCount(now);
        }
        if ((bits & READ_BACK_NO_STATUS) == 0) {
          channels[i].latchStatus(now);
        }
      }
    }
  }

  /** System control port B: gate and output of channel 2, speaker, refresh toggle. */
  public IoHandler portB() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 1;
      }

      @Override
      public long read(long offset, int size) {
        return readPortB();
      }

      @Override
      public void write(long offset, int size, long value) {
        writePortB((int) value);
      }
    };
  }

  private synchronized int readPortB() {
    long now = timers.nanoseconds();
    boolean refresh = (now / REFRESH_TOGGLE_NANOSECONDS & 1) != 0;
    return portB | (refresh ? PORT_B_REFRESH : 0) | (channels[2].output(now) ? PORT_B_OUT : 0);
  }

  private synchronized void writePortB(int value) {
    portB = value & Pit8254Registers.PORT_B_WRITABLE;
    channels[2].gate((value & PORT_B_GATE) != 0, timers.nanoseconds());
  }

  /** Sets the interrupt line to channel 0's output and arms the timer for its next rising edge. */
  private void schedule() {
    long now = timers.nanoseconds();
    output.set(channels[0].output(now));
    armNext(now);
  }

  private void armNext(long now) {
    expectedEdge = channels[0].nextRisingEdge(now);
    if (expectedEdge == Long.MAX_VALUE) {
      timer.cancel();
    } else {
      expectedEdge = Math.max(expectedEdge, now + SHORTEST_PERIOD);
      timer.arm(expectedEdge);
    }
  }

  /** The falling edge, which nobody waits for, is made up for right before the rising one. */
  private synchronized void edge() {
    long now = timers.nanoseconds();
    if (now >= expectedEdge) {
      output.set(false);
      output.set(true);
      armNext(now);
    }
  }

  /** All registers now. */
  public synchronized Pit8254Registers registers() {
    long now = timers.nanoseconds();
    return new Pit8254Registers(
        Arrays.stream(channels).map(channel -> channel.registers(now)).toList(), portB);
  }

  /** Takes over registers; the counts go on from now. */
  public synchronized void registers(Pit8254Registers registers) {
    restore(registers);
    schedule();
  }

  private void restore(Pit8254Registers registers) {
    long now = timers.nanoseconds();
    for (int i = 0; i < channels.length; i++) {
      channels[i].registers(registers.channels().get(i), now);
    }
    portB = registers.portB();
  }

  @Override
  public synchronized void save(StateWriter out) {
    registers().save(name(), out);
  }

  @Override
  public synchronized void load(StateReader in) {
    registers(Pit8254Registers.load(name(), in));
  }
}
