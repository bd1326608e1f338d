package org.wardian.memory;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Runs of guest memory lent together to a device that moves bytes by itself (DMA), addressed as if
 * they were one run: what a list of {@link MemoryLoan}s would be, without an object for each. A run
 * lies within one region; one that continues the run before it becomes part of that. The host
 * memory stays mapped until {@link #close}, also when the guest takes a region away meanwhile.
 *
 * <p>The guest may change the bytes at any moment: what is checked must be copied first. It belongs
 * to one thread at a time.
 */
public final class ScatteredLoan implements AutoCloseable {
  private static final int FIRST_RUNS = 4;

  private final GuestMemory memory;

  /** By run the guest-physical address of its first byte. */
  private long[] addresses = new long[FIRST_RUNS];

  /** By run the host address of its first byte and its length, as {@code struct iovec}. */
  private long[] runs = new long[2 * FIRST_RUNS];

  private int count;
  private int length;

  /** The memory of the first run, and of all others where {@link #backings} is null. */
  private Backing only;

  /** By run. */
  private Backing[] backings;

  private Backing last;

  /** Holds to give back, but for the first. */
  private List<Backing> moreHolds = List.of();

  private boolean closed;

  ScatteredLoan(GuestMemory memory) {
    this.memory = memory;
  }

  /**
   * Adds a run, ROM too.
   *
   * @param bytes at least 1, and at most what makes all together 2^31 - 1
   * @throws IndexOutOfBoundsException where the range leaves one region
   */
  public void add(long address, int bytes) {
    requireOpen();
    int sum = Math.addExact(length, bytes);
    Backing backing = last;
    if (backing == null || !backing.contains(address, bytes)) {
      backing = memory.hold(address, bytes);
      keep(backing);
    }
    if (count > 0 && backing == last && continues(address)) {
      runs[2 * count - 1] += bytes;
    } else {
      append(backing, address, bytes);
    }
    last = backing;
    length = sum;
  }

  private boolean continues(long address) {
    return addresses[count - 1] + runs[2 * count - 1] == address;
  }

  private void keep(Backing backing) {
    if (only == null) {
      only = backing;
      return;
    }
    if (moreHolds.isEmpty()) {
      moreHolds = new ArrayList<>(2);
    }
    moreHolds.add(backing);
  }

  private void append(Backing backing, long address, int bytes) {
    if (count == addresses.length) {
      addresses = Arrays.copyOf(addresses, 2 * count);
      runs = Arrays.copyOf(runs, 4 * count);
      if (backings != null) {
        backings = Arrays.copyOf(backings, 2 * count);
      }
    }
    if (backings == null && backing != only) {
      backings = new Backing[addresses.length];
      Arrays.fill(backings, 0, count, only);
    }
    if (backings != null) {
      backings[count] = backing;
    }
    addresses[count] = address;
    runs[2 * count] = backing.host(address);
    runs[2 * count + 1] = bytes;
    count++;
  }

  private Backing backing(int run) {
    return backings == null ? only : backings[run];
  }

  /** Bytes of all runs. */
  public int length() {
    return length;
  }

  /** Number of runs. */
  public int count() {
    return count;
  }

  /** Guest-physical address of the first byte of a run. */
  public long address(int run) {
    return addresses[Objects.checkIndex(run, count)];
  }

  /** Bytes of a run. */
  public int length(int run) {
    return (int) runs[2 * Objects.checkIndex(run, count) + 1];
  }

  /** Whether the guest itself may write the run that was added last; it is ROM otherwise. */
  public boolean lastWritable() {
    return last.region.writable();
  }

  /**
   * Copies bytes out.
   *
   * @return bytes copied: fewer than {@code wanted} where the runs end
   */
  public int read(int offset, byte[] to, int at, int wanted) {
    return copy(offset, to, at, wanted, false);
  }

  /**
   * Copies bytes in, and reports them as written.
   *
   * @return bytes copied: fewer than {@code wanted} where the runs end
   */
  public int write(int offset, byte[] from, int at, int wanted) {
    int done = copy(offset, from, at, wanted, true);
    written(offset, done);
    return done;
  }

  private int copy(int offset, byte[] array, int at, int wanted, boolean in) {
    requireOpen();
    Objects.checkFromIndexSize(at, wanted, array.length);
    int done = 0;
    long skip = offset;
    for (int run = 0; run < count && done < wanted; run++) {
      long bytes = runs[2 * run + 1];
      if (skip >= bytes) {
        skip -= bytes;
        continue;
      }
      int part = (int) Math.min(bytes - skip, wanted - done);
      if (in) {
        RawMemory.copy(array, at + done, runs[2 * run] + skip, part);
      } else {
        RawMemory.copy(runs[2 * run] + skip, array, at + done, part);
      }
      done += part;
      skip = 0;
    }
    return done;
  }

  /**
   * Views of the bytes from {@code offset} on, little-endian and direct: fewer than {@code wanted}
   * where the runs end. What is put there has to be {@linkplain #written reported}.
   */
  public List<ByteBuffer> buffers(int offset, int wanted) {
    requireOpen();
    List<ByteBuffer> found = new ArrayList<>();
    int left = wanted;
    long skip = offset;
    for (int run = 0; run < count && left > 0; run++) {
      long bytes = runs[2 * run + 1];
      if (skip >= bytes) {
        skip -= bytes;
        continue;
      }
      int part = (int) Math.min(bytes - skip, left);
      found.add(backing(run).buffer(addresses[run] + skip, part));
      left -= part;
      skip = 0;
    }
    return found;
  }

  /**
   * The bytes from {@code offset} on in host memory, as {@code struct iovec}: by run its address
   * and its length. They are good until {@link #close}; what is put there has to be {@linkplain
   * #written reported}.
   *
   * @throws IndexOutOfBoundsException where there are no such bytes
   */
  public long[] vectors(int offset, int wanted) {
    requireOpen();
    Objects.checkFromIndexSize(offset, wanted, length);
    if (wanted == 0) {
      return new long[0];
    }
    int first = 0;
    long skip = offset;
    while (skip >= runs[2 * first + 1]) {
      skip -= runs[2 * first + 1];
      first++;
    }
    int end = first;
    long left = skip + wanted;
    while (left > 0) {
      left -= runs[2 * end + 1];
      end++;
    }
    long[] found = Arrays.copyOfRange(runs, 2 * first, 2 * end);
    found[0] += skip;
    found[1] -= skip;
    found[found.length - 1] += left;
    return found;
  }

  /**
   * Reports that bytes were written: to the dirty log and to whoever holds code of them. After the
   * bytes, before the guest is told.
   *
   * @throws IndexOutOfBoundsException where there are no such bytes
   */
  public void written(int offset, int bytes) {
    requireOpen();
    Objects.checkFromIndexSize(offset, bytes, length);
    RawMemory.fullFence();
    int left = bytes;
    long skip = offset;
    for (int run = 0; left > 0; run++) {
      long size = runs[2 * run + 1];
      if (skip >= size) {
        skip -= size;
        continue;
      }
      int part = (int) Math.min(size - skip, left);
      memory.writtenPages(backing(run), addresses[run] + skip, part);
      left -= part;
      skip = 0;
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the loan was given back");
    }
  }

  /** Gives the memory back; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (only != null) {
        memory.release(only);
      }
      moreHolds.forEach(memory::release);
    }
  }
}
