package org.wardian.virtio.balloon;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.Map;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.Virtqueue;

/**
 * A balloon (virtio 1.2 §5.5): the guest gives pages to the host and takes them back as it is asked
 * to, tells how its memory is used, and reports pages that it has free.
 */
public final class VirtioBalloon extends VirtioDevice {
  private static final int QUEUE_SIZE = 128;
  private static final int QUEUES = 4;

  private static final long STATISTICS = 1L << 1;
  private static final long DEFLATE_ON_NEED = 1L << 2;
  private static final long REPORTING = 1L << 5;

  private static final int CONFIG_TARGET = 0;
  private static final int CONFIG_ACTUAL = 4;
  private static final int CONFIG_LENGTH = 8;

  private static final int INFLATE = 0;
  private static final int DEFLATE = 1;
  private static final int STATISTICS_QUEUE = 2;

  /** Frame numbers that are read at once. */
  private static final int PIECE = 1024;

  /** Bytes of one figure: a tag of 2 and a value of 8. */
  private static final int FIGURE = 10;

  private static final int MOST_FIGURES = 64;

  /** Figures of the guest's memory (§5.5.6.3), in the order of their tags. */
  public enum Figure {
    /** Bytes swapped in. */
    SWAPPED_IN,
    /** Bytes swapped out. */
    SWAPPED_OUT,
    /** Page faults that needed the disk. */
    MAJOR_FAULTS,
    /** Other page faults. */
    MINOR_FAULTS,
    /** Bytes not used for anything. */
    FREE,
    /** Bytes in all. */
    TOTAL,
    /** Bytes that can be had without swapping. */
    AVAILABLE,
    /** Bytes of the disk caches. */
    CACHES,
    /** Huge pages allocated. */
    HUGE_PAGES_ALLOCATED,
    /** Huge pages that could not be allocated. */
    HUGE_PAGES_FAILED
  }

  /** Guarded by itself. */
  private final Map<Figure, Long> figures = new EnumMap<>(Figure.class);

  /** The driver's buffer, which is given back when figures are wanted; the thread's own. */
  private DescriptorChain waiting;

  private volatile long offered = STATISTICS | DEFLATE_ON_NEED | REPORTING;

  /** Bytes that were reported free since the start. */
  private volatile long reported;

  private volatile boolean wanted;
  private volatile Runnable told = () -> {};

  /** A balloon that nobody blows up. */
  public VirtioBalloon(String name) {
    super(name, DeviceType.BALLOON, CONFIG_LENGTH, sizes(QUEUES, QUEUE_SIZE), 1);
  }

  @Override
  public long features() {
    return offered;
  }

  /**
   * Sets what the guest is offered, all at first; before the machine starts.
   *
   * @param reports whether it may tell which pages are free
   * @param deflates whether it may take pages back by itself when it is short of memory
   */
  public void offer(boolean reports, boolean deflates) {
    offered = STATISTICS | (deflates ? DEFLATE_ON_NEED : 0) | (reports ? REPORTING : 0);
  }

  /** Asks the guest to give up {@code bytes} in all, rounded down to pages. Any thread. */
  public void target(long bytes) {
    int pages = (int) Math.min(bytes / GuestMemory.PAGE, Integer.MAX_VALUE);
    reconfigure(c -> c.putInt(CONFIG_TARGET, pages));
  }

  /** Bytes that the guest says it has given up. Any thread. */
  public long actual() {
    long pages = 0;
    for (int i = 0; i < 4; i++) {
      pages |= (long) readConfiguration(CONFIG_ACTUAL + i) << (8 * i);
    }
    return pages * GuestMemory.PAGE;
  }

  /**
   * Bytes that the guest has reported as free since the machine's start, the same page as often as
   * it became free anew. Any thread.
   */
  public long reported() {
    return reported;
  }

  /**
   * Asks the guest for figures.
   *
   * @param whenThere called once by the device's thread when {@link #figures} has new ones
   */
  public void ask(Runnable whenThere) {
    told = whenThere;
    wanted = true;
    wake(STATISTICS_QUEUE);
  }

  /** The last figures that the guest gave. Any thread. */
  public Map<Figure, Long> figures() {
    synchronized (figures) {
      return Map.copyOf(figures);
    }
  }

  /** The driver says how much it has given up. */
  @Override
  public void writeConfiguration(int offset, int size, long value) {
    if (offset == CONFIG_ACTUAL && size == 4) {
      configure(c -> c.putInt(CONFIG_ACTUAL, (int) value));
    }
  }

  @Override
  protected void loadConfiguration(byte[] saved) {
    configure(c -> c.put(0, saved));
  }

  @Override
  protected void serve(Session current, int index) {
    Virtqueue queue = current.queue(index);
    if (index == STATISTICS_QUEUE && current.has(STATISTICS)) {
      statistics(queue);
      return;
    }
    do {
      for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
        switch (index) {
          case INFLATE -> inflate(chain);
          case DEFLATE -> {
            // The guest's next touch brings the page back.
          }
          default -> report(current, chain);
        }
        queue.complete(chain, 0);
        queue.signal();
      }
    } while (queue.listen());
  }

  private void inflate(DescriptorChain chain) {
    byte[] numbers = new byte[4 * PIECE];
    ByteBuffer words = ByteBuffer.wrap(numbers).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < chain.readable(); at += numbers.length) {
      int count = chain.read(at, numbers, 0, numbers.length) / 4;
      for (int i = 0; i < count; ) {
        long first = Integer.toUnsignedLong(words.getInt(4 * i));
        int run = 1;
        while (i + run < count
            && Integer.toUnsignedLong(words.getInt(4 * (i + run))) == first + run) {
          run++;
        }
        discard(first * GuestMemory.PAGE, run * GuestMemory.PAGE);
        i += run;
      }
    }
  }

  private void report(Session current, DescriptorChain chain) {
    if (!current.has(REPORTING)) {
      return;
    }
    for (DescriptorChain.Run run : chain.writableRuns()) {
      long first = run.address() + GuestMemory.PAGE - 1 & -GuestMemory.PAGE;
      long end = run.address() + run.length() & -GuestMemory.PAGE;
      if (end > first) {
        discard(first, (int) (end - first));
        reported = reported + end - first; // by the device's thread alone
      }
    }
  }

  /** Pages that are no RAM stay as they are. */
  private void discard(long address, int length) {
    try {
      memory().discard(address, length);
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      // A guest that gives up what it does not have keeps it.
    }
  }

  private void statistics(Virtqueue queue) {
    do {
      for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
        read(chain);
        if (waiting != null) {
          // A driver has one buffer; whatever it does with more, none is kept for ever.
          queue.complete(waiting, 0);
          queue.signal();
        }
        waiting = chain;
      }
      if (wanted && waiting != null) {
        wanted = false;
        queue.complete(waiting, 0);
        queue.signal();
        waiting = null;
      }
    } while (queue.listen());
  }

  private void read(DescriptorChain chain) {
    byte[] bytes = new byte[Math.min(chain.readable(), FIGURE * MOST_FIGURES)];
    chain.read(0, bytes, 0, bytes.length);
    ByteBuffer fields = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    Figure[] known = Figure.values();
    synchronized (figures) {
      while (fields.remaining() >= FIGURE) {
        int tag = Short.toUnsignedInt(fields.getShort());
        long value = fields.getLong();
        if (tag < known.length) {
          figures.put(known[tag], value);
        }
      }
    }
    Runnable listener = told;
    told = () -> {};
    listener.run();
  }

  @Override
  protected void deactivated(Session ended) {
    if (waiting != null) {
      waiting.home().complete(waiting, 0);
      waiting = null;
    }
    configure(c -> c.putInt(CONFIG_ACTUAL, 0));
  }

  @Override
  protected void queueStopped(Session current, int queue) {
    if (queue == STATISTICS_QUEUE && waiting != null) {
      waiting.home().complete(waiting, 0);
      waiting = null;
    }
  }

  @Override
  protected void saveDevice(StateWriter out) {
    out.writeBoolean(wanted);
  }

  @Override
  protected void loadDevice(StateReader in) {
    wanted = in.readBoolean();
  }
}
