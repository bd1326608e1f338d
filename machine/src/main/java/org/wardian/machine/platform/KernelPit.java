package org.wardian.machine.platform;

import static org.wardian.chipset.Pit8254Registers.ACCESS_BOTH;
import static org.wardian.chipset.Pit8254Registers.LARGEST_COUNT;
import static org.wardian.chipset.Pit8254Registers.NOT_LATCHED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.Device;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.chipset.Pit8254;
import org.wardian.chipset.Pit8254Registers;
import org.wardian.chipset.Pit8254Registers.Channel;
import org.wardian.host.kvm.KvmVm;
import org.wardian.host.kvm.TimerState;

/**
 * The 8254 in the kernel with port 0x61, with the saved state of a {@link Pit8254}.
 *
 * <p>The kernel lets every count begin anew when it is given state, and does not tell how far that
 * of channel 0 has come. So a count that ends, as in modes 0 and 4, is given by what is left of it,
 * and goes on; a periodic one loses its phase, up to one period; and what is saved of channel 0
 * begins anew wherever it is loaded. The kernel has no decimal counts, no count that waits for the
 * end of a cycle, and of port 0x61 the lower two bits.
 */
final class KernelPit implements Device {
  /** The kernel's power-on mode: neither a timer nor a mode that can be asked for. */
  private static final int NO_MODE = 0xff;

  /** Upper half of a count that lasts an hour, in place of one that has run out. */
  private static final int RUN_OUT = 0xfffe_0000;

  /** The same in place of one that waits for its count to be written. */
  private static final int UNWRITTEN = 0xffff_0000;

  private static final int UPPER_HALF = 0xffff_0000;

  /** Byte states of the kernel: low, high, low of both, high of both. */
  private static final int LOW_OF_BOTH = 3;

  private static final int HIGH = 2;
  private static final int HIGH_OF_BOTH = 4;

  private static final int PORT_B_GATE = 1;
  private static final int PORT_B_SPEAKER = 2;
  private static final long SECOND = 1_000_000_000L;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private final KvmVm vm;

  /** The registers at the moment of the pause; the kernel's timer does not stop for it. */
  private Pit8254Registers paused;

  /** Takes the PIT of a machine as it is. */
  KernelPit(KvmVm vm) {
    this.vm = vm;
  }

  @Override
  public String name() {
    return "pit";
  }

  @Override
  public void reset() {
    registers(Pit8254Registers.powerOn());
  }

  @Override
  public void pause() {
    paused = registers();
  }

  /** Ends a periodic count and begins it again, or the guest got all ticks of the pause at once. */
  @Override
  public void resume() {
    if (paused != null && isPeriodic(paused.channels().getFirst())) {
      registers(paused);
    }
    paused = null;
  }

  @Override
  public void save(StateWriter out) {
    (paused != null ? paused : registers()).save(name(), out);
  }

  @Override
  public void load(StateReader in) {
    registers(Pit8254Registers.load(name(), in));
    paused = null;
  }

  /** What a PIT of ours in the state that this one would save drives its interrupt line to. */
  boolean output() {
    return registers().channels().getFirst().output();
  }

  /** All registers now. */
  Pit8254Registers registers() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(TimerState.SIZE, 8);
      vm.getTimer(state);
      long now = System.nanoTime();
      List<Channel> channels = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        channels.add(read(channel(state, i), i == 0, now));
      }
      int speaker = state.get(INT, TimerState.FLAGS) & TimerState.FLAG_SPEAKER_DATA_ON;
      int gate = channels.getLast().gate() ? PORT_B_GATE : 0;
      return new Pit8254Registers(channels, gate | (speaker != 0 ? PORT_B_SPEAKER : 0));
    }
  }

  private static MemorySegment channel(MemorySegment state, int index) {
    long size = TimerState.CHANNEL_SIZE;
    return state.asSlice(TimerState.CHANNELS + size * index, size);
  }

  private static Channel read(MemorySegment state, boolean first, long now) {
    int mode = state.get(BYTE, TimerState.CHANNEL_MODE) & 0xff;
    boolean gate = state.get(BYTE, TimerState.CHANNEL_GATE) != 0;
    if (mode == NO_MODE) {
      return Channel.powerOn(gate);
    }
    int count = state.get(INT, TimerState.CHANNEL_COUNT);
    int upper = count & UPPER_HALF;
    long elapsed = first ? 0 : ticks(now - state.get(LONG, TimerState.CHANNEL_LOAD_TIME));
    if (upper == RUN_OUT) {
      // Any count that is over and shows the same value.
      elapsed += LARGEST_COUNT + (-count & 0xffff);
      count = LARGEST_COUNT;
    } else if (upper == UNWRITTEN) {
      count = (count & 0xffff) == 0 ? LARGEST_COUNT : count & 0xffff;
    }
    int access = state.get(BYTE, TimerState.CHANNEL_ACCESS);
    boolean both = access == ACCESS_BOTH;
    int latch = state.get(BYTE, TimerState.CHANNEL_COUNT_LATCHED);
    int reading = latch != 0 ? latch : state.get(BYTE, TimerState.CHANNEL_READ_STATE);
    boolean statusLatched = state.get(BYTE, TimerState.CHANNEL_STATUS_LATCHED) != 0;
    return new Channel(
        access,
        mode,
        state.get(BYTE, TimerState.CHANNEL_BCD) != 0,
        gate,
        upper != UNWRITTEN,
        upper != UNWRITTEN,
        count,
        elapsed,
        0,
        0,
        0,
        both && state.get(BYTE, TimerState.CHANNEL_WRITE_STATE) == HIGH_OF_BOTH,
        both && (reading == HIGH_OF_BOTH || latch == HIGH),
        state.get(BYTE, TimerState.CHANNEL_WRITE_LATCH),
        latch != 0 ? state.get(SHORT, TimerState.CHANNEL_LATCHED_COUNT) & 0xffff : NOT_LATCHED,
        statusLatched ? state.get(BYTE, TimerState.CHANNEL_STATUS) & 0xff : NOT_LATCHED);
  }

  /** Input clock ticks in a time that is not negative. */
  private static long ticks(long nanoseconds) {
    long time = Math.max(0, nanoseconds);
    return time / SECOND * Pit8254.FREQUENCY_HZ + time % SECOND * Pit8254.FREQUENCY_HZ / SECOND;
  }

  /** Gives the kernel's chip these registers. */
  void registers(Pit8254Registers registers) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(TimerState.SIZE, 8);
      for (int i = 0; i < 3; i++) {
        write(registers.channels().get(i), channel(state, i), i == 0);
      }
      boolean speaker = (registers.portB() & PORT_B_SPEAKER) != 0;
      state.set(INT, TimerState.FLAGS, speaker ? TimerState.FLAG_SPEAKER_DATA_ON : 0);
      vm.setTimer(state);
    }
  }

  private static void write(Channel channel, MemorySegment state, boolean first) {
    set(state, TimerState.CHANNEL_GATE, channel.gate() ? 1 : 0);
    state.set(INT, TimerState.CHANNEL_COUNT, count(channel, first));
    if (channel.equals(Channel.powerOn(channel.gate()))) {
      set(state, TimerState.CHANNEL_MODE, NO_MODE);
      return;
    }
    boolean both = channel.access() == ACCESS_BOTH;
    boolean latched = channel.latchedCount() != NOT_LATCHED;
    int low = both ? LOW_OF_BOTH : channel.access();
    int high = both ? HIGH_OF_BOTH : channel.access();
    set(state, TimerState.CHANNEL_MODE, channel.mode());
    set(state, TimerState.CHANNEL_ACCESS, channel.access());
    set(state, TimerState.CHANNEL_BCD, channel.bcd() ? 1 : 0);
    set(state, TimerState.CHANNEL_WRITE_STATE, channel.writeHigh() ? high : low);
    set(state, TimerState.CHANNEL_WRITE_LATCH, channel.lowByte());
    set(state, TimerState.CHANNEL_READ_STATE, channel.readHigh() && !latched ? high : low);
    if (latched) {
      set(state, TimerState.CHANNEL_COUNT_LATCHED, both && channel.readHigh() ? HIGH : low);
      state.set(SHORT, TimerState.CHANNEL_LATCHED_COUNT, (short) channel.latchedCount());
    }
    if (channel.latchedStatus() != NOT_LATCHED) {
      set(state, TimerState.CHANNEL_STATUS_LATCHED, 1);
      set(state, TimerState.CHANNEL_STATUS, channel.latchedStatus());
    }
  }

  private static void set(MemorySegment state, int offset, int value) {
    state.set(BYTE, offset, (byte) value);
  }

  /** The count from which the kernel begins now, so that what follows is what would have. */
  private static int count(Channel channel, boolean first) {
    boolean triggered = channel.mode() == 1 || channel.mode() == 5;
    if (isPeriodic(channel)) {
      return channel.nextCount() != 0 ? channel.nextCount() : channel.count();
    }
    if (!channel.counting()) {
      boolean powerOn = channel.equals(Channel.powerOn(channel.gate()));
      return triggered || powerOn ? channel.count() : UNWRITTEN | channel.count() & 0xffff;
    }
    long left = channel.count() - Math.max(0, channel.elapsed());
    if (left > 0) {
      return (int) left;
    }
    // Of channel 0 a guest notices an interrupt and the value; of the others OUT.
    return first ? RUN_OUT | (int) left & 0xffff : 1;
  }

  private static boolean isPeriodic(Channel channel) {
    return channel.counting() && (channel.mode() == 2 || channel.mode() == 3);
  }
}
