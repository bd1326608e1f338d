package org.wardian.chipset;

import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * All registers of an 8254 and of the PC's system control port B at one moment (Intel 8254 data
 * sheet), whoever implements the chip. Times are in ticks of its input clock, {@link
 * Pit8254#FREQUENCY_HZ} a second.
 *
 * @param channels the three counters
 * @param portB the four writable bits of port 0x61
 */
public record Pit8254Registers(List<Channel> channels, int portB) {
  /** A time that never comes. */
  public static final long NEVER = Long.MAX_VALUE;

  /** No count or status is latched. */
  public static final int NOT_LATCHED = -1;

  /** Access mode: the low byte alone. */
  public static final int ACCESS_LOW = 1;

  /** Access mode: the high byte alone. */
  public static final int ACCESS_HIGH = 2;

  /** Access mode: low byte, then high byte. */
  public static final int ACCESS_BOTH = 3;

  /** The largest count: the 0 of a guest. */
  public static final int LARGEST_COUNT = 0x10000;

  static final int PORT_B_WRITABLE = 0x0f;

  private static final int STATE_VERSION = 1;

  /** A count is loaded one tick after its write, and two after when its gate comes in between. */
  private static final long EARLIEST = -2;

  private static final long LONGEST = Long.MAX_VALUE / 4;

  /**
   * The registers of one counter.
   *
   * @param access {@link #ACCESS_LOW} and so on
   * @param mode 0 to 5
   * @param bcd whether a guest writes and reads counts as four decimal digits
   * @param gate the level of the gate
   * @param written whether a count was written since the control word
   * @param counting whether the count runs
   * @param count the count in effect, 1 to 65,536
   * @param elapsed ticks since the count was loaded, less those that a low gate held it; negative
   *     before the tick that loads it; 0 where it does not run
   * @param nextCount a count that waits for the end of the cycle or for a trigger, 0 for none
   * @param nextChange ticks until the waiting count takes effect; {@link #NEVER} where only a
   *     trigger can; 0 where none waits
   * @param nextStart ticks until the start that the waiting count will be reckoned from; 0 where
   *     none waits
   * @param writeHigh whether the next byte written is the high one
   * @param readHigh whether the next byte read is the high one
   * @param lowByte the low byte that was written last
   * @param latchedCount the latched count, 16 bits, or {@link #NOT_LATCHED}
   * @param latchedStatus the latched status, 8 bits, or {@link #NOT_LATCHED}
   */
  public record Channel(
      int access,
      int mode,
      boolean bcd,
      boolean gate,
      boolean written,
      boolean counting,
      int count,
      long elapsed,
      int nextCount,
      long nextChange,
      long nextStart,
      boolean writeHigh,
      boolean readHigh,
      int lowByte,
      int latchedCount,
      int latchedStatus) {

    /** Brings the values into the ranges described above. */
    public Channel {
      access = Math.clamp(access, ACCESS_LOW, ACCESS_BOTH);
      mode = Math.clamp(mode, 0, 5);
      count = Math.clamp(count, 1, LARGEST_COUNT);
      elapsed = counting ? Math.clamp(elapsed, EARLIEST, LONGEST) : 0;
      nextCount = Math.clamp(nextCount, 0, LARGEST_COUNT);
      boolean waiting = nextCount != 0;
      boolean never = nextChange == NEVER;
      nextChange =
          !waiting ? 0 : never ? NEVER : Math.clamp(nextChange, -LARGEST_COUNT, 2 * LARGEST_COUNT);
      nextStart =
          waiting && !never ? Math.clamp(nextStart, -2 * LARGEST_COUNT, 2 * LARGEST_COUNT) : 0;
      lowByte &= 0xff;
      latchedCount = Math.clamp(latchedCount, NOT_LATCHED, 0xffff);
      latchedStatus = Math.clamp(latchedStatus, NOT_LATCHED, 0xff);
    }

    /**
     * The registers at power-on.
     *
     * @param gate the level of the gate
     */
    public static Channel powerOn(boolean gate) {
      return new Channel(
          ACCESS_BOTH,
          0,
          false,
          gate,
          false,
          false,
          LARGEST_COUNT,
          0,
          0,
          0,
          0,
          false,
          false,
          0,
          NOT_LATCHED,
          NOT_LATCHED);
    }

    /** The level of OUT, as if no other count waited. */
    public boolean output() {
      if (!counting) {
        return mode != 0;
      }
      boolean loaded = elapsed >= 0;
      return switch (mode) {
        case 0 -> elapsed >= count;
        case 1 -> !loaded || elapsed >= count;
        case 2 -> !gate || !loaded || elapsed % count != count - 1;
        case 3 -> !gate || !loaded || elapsed % count < high();
        default -> elapsed != count;
      };
    }

    /** What a guest reads as count, as if no other count waited: 0 to 65,535. */
    public int value() {
      int modulus = bcd ? 10_000 : 0x10000;
      if (!counting) {
        return count % modulus;
      }
      boolean held = !gate && (mode == 2 || mode == 3);
      long ticks = held ? 0 : Math.max(0, elapsed);
      long left =
          switch (mode) {
            case 2 -> count - ticks % count;
            case 3 -> {
              long position = ticks % count;
              long half = position < high() ? position : position - high();
              yield count - 2 * half & ~1;
            }
            default -> count - ticks;
          };
      return (int) Math.floorMod(left, (long) modulus);
    }

    /** Ticks that OUT of mode 3 is high in each cycle. */
    int high() {
      return (count + 1) / 2;
    }

    private void save(StateWriter out) {
      int flags =
          (bcd ? 1 : 0)
              | (counting ? 2 : 0)
              | (written ? 4 : 0)
              | (gate ? 8 : 0)
              | (writeHigh ? 16 : 0)
              | (readHigh ? 32 : 0);
      out.writeInts(
          new int[] {access, mode, flags, count, nextCount, lowByte, latchedCount, latchedStatus});
      out.writeLong(elapsed);
      out.writeLong(nextChange);
      out.writeLong(nextStart);
    }

    private static Channel load(StateReader in) {
      int[] fields = new int[8];
      in.readInts(fields);
      int flags = fields[2];
      return new Channel(
          fields[0],
          fields[1],
          (flags & 1) != 0,
          (flags & 8) != 0,
          (flags & 4) != 0,
          (flags & 2) != 0,
          fields[3],
          in.readLong(),
          fields[4],
          in.readLong(),
          in.readLong(),
          (flags & 16) != 0,
          (flags & 32) != 0,
          fields[5],
          fields[6],
          fields[7]);
    }
  }

  /**
   * Brings the values into the form described above.
   *
   * @throws IllegalArgumentException if there are not three channels
   */
  public Pit8254Registers {
    if (channels.size() != 3) {
      throw new IllegalArgumentException(channels.size() + " channels");
    }
    channels = List.copyOf(channels);
    portB &= PORT_B_WRITABLE;
  }

  /** The registers at power-on; the gates of channels 0 and 1 are tied high. */
  public static Pit8254Registers powerOn() {
    return new Pit8254Registers(
        List.of(Channel.powerOn(true), Channel.powerOn(true), Channel.powerOn(false)), 0);
  }

  /**
   * Writes the record of the chip.
   *
   * @param name the device's name
   */
  public void save(String name, StateWriter out) {
    out.begin(name, STATE_VERSION);
    channels.forEach(channel -> channel.save(out));
    out.writeByte(portB);
    out.end();
  }

  /**
   * Reads the record of the chip.
   *
   * @param name the device's name
   * @throws StateException if it is not such a record
   */
  public static Pit8254Registers load(String name, StateReader in) {
    in.begin(name, STATE_VERSION);
    List<Channel> channels = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      channels.add(Channel.load(in));
    }
    Pit8254Registers registers = new Pit8254Registers(channels, in.readByte());
    in.end();
    return registers;
  }
}
