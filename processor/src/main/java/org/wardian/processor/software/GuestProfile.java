package org.wardian.processor.software;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Where the guest was, by samples in time. Each tick asks the vCPU to note its address, which it
 * does at the next block of emitted code or the next branch of interpreted code. So an address is
 * that of the block behind the one that ran at the tick; time that Java spends on an instruction (a
 * page walk, a device) counts for the code that follows it, and ticks that pass meanwhile count
 * there too. A tick costs about a microsecond.
 */
public final class GuestProfile {
  /** From tick to tick. */
  public static final Duration INTERVAL = Duration.ofMillis(1);

  /** What executed. */
  public enum Mode {
    /** Privilege level 0 to 2. */
    KERNEL,
    /** Privilege level 3. */
    USER
  }

  /**
   * A place.
   *
   * @param address linear, of a block or of the target of a branch
   */
  public record Place(Mode mode, long address) {}

  private final Map<Place, Long> places = new HashMap<>();
  private long idle;
  private int due;
  private long systemCallEntry;

  /** A profile without samples. */
  public GuestProfile() {}

  /** A tick while the processor runs. */
  synchronized void tick() {
    due++;
  }

  /** A tick while it waits in HLT. */
  synchronized void idleTick() {
    idle++;
  }

  /** The vCPU is at {@code address}: all ticks since the last call are for this place. */
  synchronized void note(Mode mode, long address, long entry) {
    systemCallEntry = entry;
    if (due > 0) {
      places.merge(new Place(mode, address), (long) due, Long::sum);
      due = 0;
    }
  }

  /** Ticks by place. */
  public synchronized Map<Place, Long> places() {
    return Map.copyOf(places);
  }

  /** Ticks that found the processor waiting for an interrupt. */
  public synchronized long idle() {
    return idle;
  }

  /** Where SYSCALL led at the last sample; 0 where the kernel has not said. */
  public synchronized long systemCallEntry() {
    return systemCallEntry;
  }
}
