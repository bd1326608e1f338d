package org.wardian.virtio.queue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;

/**
 * One request of a driver: runs of guest memory that the device reads, followed by runs that it
 * writes. Both halves are addressed as if each were one run of bytes.
 *
 * <p>The descriptors were read once and do not change any more; the bytes may change at any moment.
 * A chain belongs to one thread at a time, from {@link Virtqueue#poll} to {@link
 * Virtqueue#complete}.
 */
public final class DescriptorChain {
  /** The most descriptors in a chain, those of an indirect table included. */
  public static final int MOST_DESCRIPTORS = 1024;

  /** The most bytes in each half of a chain: 1 GiB. */
  public static final int MOST_BYTES = 1 << 30;

  private final int id;
  private final int slots;
  private final List<MemoryLoan> readable = new ArrayList<>(4);
  private final List<MemoryLoan> writable = new ArrayList<>(4);
  private int readableBytes;
  private int writableBytes;

  /** Order among the chains of a queue, by which they are saved. */
  long sequence;

  DescriptorChain(int id, int slots) {
    this.id = id;
    this.slots = slots;
  }

  /** The queue that it came from, and goes back to. */
  private Virtqueue home;

  /** The queue that it came from. */
  public Virtqueue home() {
    return home;
  }

  void home(Virtqueue queue) {
    home = queue;
  }

  /** The index of the head descriptor, or the buffer ID of a packed queue. */
  int id() {
    return id;
  }

  /** How many descriptors of the ring it takes. */
  int slots() {
    return slots;
  }

  /**
   * Adds a run.
   *
   * @param length 1 to 2^32 - 1
   */
  void add(GuestMemory memory, long address, long length, boolean writes) {
    int before = writes ? writableBytes : readableBytes;
    if (length > MOST_BYTES - before) {
      throw new QueueViolation("a chain of more than " + MOST_BYTES + " bytes");
    }
    if (!writes && writableBytes > 0) {
      throw new QueueViolation("a chain with a readable run behind a writable one");
    }
    if (readable.size() + writable.size() >= MOST_DESCRIPTORS) {
      throw new QueueViolation("a chain of more than " + MOST_DESCRIPTORS + " runs");
    }
    MemoryLoan loan = lend(memory, address, (int) length, writes);
    if (writes) {
      writable.add(loan);
      writableBytes += (int) length;
    } else {
      readable.add(loan);
      readableBytes += (int) length;
    }
  }

  static MemoryLoan lend(GuestMemory memory, long address, int length, boolean writes) {
    MemoryLoan loan;
    try {
      loan = memory.lend(address, length);
    } catch (IndexOutOfBoundsException e) {
      throw new QueueViolation(e.getMessage());
    }
    if (writes && !loan.writable()) {
      loan.close();
      throw new QueueViolation("0x%x is read-only memory".formatted(address));
    }
    return loan;
  }

  /** Bytes that the device may read. */
  public int readable() {
    return readableBytes;
  }

  /** Bytes that the device may write. */
  public int writable() {
    return writableBytes;
  }

  /**
   * Copies bytes that the driver wrote.
   *
   * @param offset from the first readable byte
   * @return bytes copied: fewer than {@code count} where the readable half ends
   */
  public int read(int offset, byte[] to, int at, int count) {
    int done = 0;
    int skip = offset;
    for (MemoryLoan loan : readable) {
      if (done == count) {
        break;
      }
      int length = loan.length();
      if (skip >= length) {
        skip -= length;
        continue;
      }
      int part = Math.min(length - skip, count - done);
      loan.read(skip, to, at + done, part);
      done += part;
      skip = 0;
    }
    return done;
  }

  /**
   * Copies bytes to the driver, and reports them as written.
   *
   * @param offset from the first writable byte
   * @return bytes copied: fewer than {@code count} where the writable half ends
   */
  public int write(int offset, byte[] from, int at, int count) {
    int done = 0;
    int skip = offset;
    for (MemoryLoan loan : writable) {
      if (done == count) {
        break;
      }
      int length = loan.length();
      if (skip >= length) {
        skip -= length;
        continue;
      }
      int part = Math.min(length - skip, count - done);
      loan.write(skip, from, at + done, part);
      loan.written(skip, part);
      done += part;
      skip = 0;
    }
    return done;
  }

  /** The bytes that the driver wrote, from {@code offset} on, as views of guest memory. */
  public List<ByteBuffer> readableBuffers(int offset, int count) {
    return buffers(readable, offset, count);
  }

  /**
   * Room for the driver, from {@code offset} on, as views of guest memory; what is written there
   * has to be {@linkplain #written reported}.
   */
  public List<ByteBuffer> writableBuffers(int offset, int count) {
    return buffers(writable, offset, count);
  }

  private static List<ByteBuffer> buffers(List<MemoryLoan> loans, int offset, int count) {
    List<ByteBuffer> found = new ArrayList<>(loans.size());
    int left = count;
    int skip = offset;
    for (MemoryLoan loan : loans) {
      if (left == 0) {
        break;
      }
      int length = loan.length();
      if (skip >= length) {
        skip -= length;
        continue;
      }
      int part = Math.min(length - skip, left);
      ByteBuffer whole = loan.buffer();
      found.add(part == length ? whole : whole.slice(skip, part).order(ByteOrder.LITTLE_ENDIAN));
      left -= part;
      skip = 0;
    }
    return found;
  }

  /** Reports that bytes of {@link #writableBuffers} were written. */
  public void written(int offset, int count) {
    int left = count;
    int skip = offset;
    for (MemoryLoan loan : writable) {
      if (left == 0) {
        break;
      }
      int length = loan.length();
      if (skip >= length) {
        skip -= length;
        continue;
      }
      int part = Math.min(length - skip, left);
      loan.written(skip, part);
      left -= part;
      skip = 0;
    }
  }

  /**
   * The guest-physical runs that the driver offers to be written, for a device that takes pages and
   * not bytes.
   */
  public List<Run> writableRuns() {
    return writable.stream().map(loan -> new Run(loan.address(), loan.length())).toList();
  }

  /**
   * A run of guest-physical bytes.
   *
   * @param address of the first byte
   * @param length bytes
   */
  public record Run(long address, int length) {}

  /** Gives the memory back. */
  void close() {
    readable.forEach(MemoryLoan::close);
    writable.forEach(MemoryLoan::close);
  }

  void save(StateWriter out) {
    out.writeInt(id);
    out.writeInt(slots);
    save(readable, out);
    save(writable, out);
  }

  private static void save(List<MemoryLoan> loans, StateWriter out) {
    out.writeInt(loans.size());
    for (MemoryLoan loan : loans) {
      out.writeLong(loan.address());
      out.writeInt(loan.length());
    }
  }

  /**
   * Reads what {@link #save} wrote.
   *
   * @throws QueueViolation where its memory is not there
   */
  static DescriptorChain load(StateReader in, GuestMemory memory, int size) {
    DescriptorChain chain = new DescriptorChain(in.readInt(0, size - 1), in.readInt(1, size));
    try {
      chain.load(in, memory, false);
      chain.load(in, memory, true);
      return chain;
    } catch (RuntimeException e) {
      chain.close();
      throw e;
    }
  }

  private void load(StateReader in, GuestMemory memory, boolean writes) {
    int count = in.readInt(0, MOST_DESCRIPTORS);
    for (int i = 0; i < count; i++) {
      add(memory, in.readLong(), in.readInt(1, MOST_BYTES), writes);
    }
  }
}
