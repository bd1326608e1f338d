package org.wardian.virtio.queue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.host.IoVectors;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;
import org.wardian.memory.ScatteredLoan;

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
  private final ScatteredLoan readable;
  private final ScatteredLoan writable;

  /** Descriptors so far. */
  private int descriptors;

  /** Order among the chains of a queue, by which they are saved. */
  long sequence;

  DescriptorChain(GuestMemory memory, int id, int slots) {
    this.id = id;
    this.slots = slots;
    this.readable = memory.lendScattered();
    this.writable = memory.lendScattered();
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
  void add(long address, long length, boolean writes) {
    ScatteredLoan half = writes ? writable : readable;
    if (length > MOST_BYTES - half.length()) {
      throw new QueueViolation("a chain of more than " + MOST_BYTES + " bytes");
    }
    if (!writes && writable.length() > 0) {
      throw new QueueViolation("a chain with a readable run behind a writable one");
    }
    if (descriptors++ >= MOST_DESCRIPTORS) {
      throw new QueueViolation("a chain of more than " + MOST_DESCRIPTORS + " runs");
    }
    try {
      half.add(address, (int) length);
    } catch (IndexOutOfBoundsException e) {
      throw new QueueViolation(e.getMessage());
    }
    if (writes && !half.lastWritable()) {
      throw readOnly(address);
    }
  }

  private static QueueViolation readOnly(long address) {
    return new QueueViolation("0x%x is read-only memory".formatted(address));
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
      throw readOnly(address);
    }
    return loan;
  }

  /** Bytes that the device may read. */
  public int readable() {
    return readable.length();
  }

  /** Bytes that the device may write. */
  public int writable() {
    return writable.length();
  }

  /**
   * Copies bytes that the driver wrote.
   *
   * @param offset from the first readable byte
   * @return bytes copied: fewer than {@code count} where the readable half ends
   */
  public int read(int offset, byte[] to, int at, int count) {
    return readable.read(offset, to, at, count);
  }

  /**
   * Copies bytes to the driver, and reports them as written.
   *
   * @param offset from the first writable byte
   * @return bytes copied: fewer than {@code count} where the writable half ends
   */
  public int write(int offset, byte[] from, int at, int count) {
    return writable.write(offset, from, at, count);
  }

  /** The bytes that the driver wrote, from {@code offset} on, as views of guest memory. */
  public List<ByteBuffer> readableBuffers(int offset, int count) {
    return readable.buffers(offset, count);
  }

  /**
   * Room for the driver, from {@code offset} on, as views of guest memory; what is written there
   * has to be {@linkplain #written reported}.
   */
  public List<ByteBuffer> writableBuffers(int offset, int count) {
    return writable.buffers(offset, count);
  }

  /**
   * The bytes that the driver wrote, from {@code offset} on, in host memory, until the chain is
   * completed.
   *
   * @throws IndexOutOfBoundsException where there are no such bytes
   */
  public IoVectors readableVectors(int offset, int count) {
    return vectors(readable.vectors(offset, count));
  }

  /**
   * Room for the driver, from {@code offset} on, in host memory, until the chain is completed; what
   * is written there has to be {@linkplain #written reported}.
   *
   * @throws IndexOutOfBoundsException where there are no such bytes
   */
  public IoVectors writableVectors(int offset, int count) {
    return vectors(writable.vectors(offset, count));
  }

  private static IoVectors vectors(long... runs) {
    return new IoVectors(runs, runs.length / 2);
  }

  /** Reports that bytes of {@link #writableBuffers} or {@link #writableVectors} were written. */
  public void written(int offset, int count) {
    writable.written(offset, count);
  }

  /**
   * The guest-physical runs that the driver offers to be written, for a device that takes pages and
   * not bytes.
   */
  public List<Run> writableRuns() {
    return IntStream.range(0, writable.count())
        .mapToObj(i -> new Run(writable.address(i), writable.length(i)))
        .toList();
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
    readable.close();
    writable.close();
  }

  void save(StateWriter out) {
    out.writeInt(id);
    out.writeInt(slots);
    save(readable, out);
    save(writable, out);
  }

  private static void save(ScatteredLoan half, StateWriter out) {
    out.writeInt(half.count());
    for (int run = 0; run < half.count(); run++) {
      out.writeLong(half.address(run));
      out.writeInt(half.length(run));
    }
  }

  /**
   * Reads what {@link #save} wrote.
   *
   * @throws QueueViolation where its memory is not there
   */
  static DescriptorChain load(StateReader in, GuestMemory memory, int size) {
    DescriptorChain chain =
        new DescriptorChain(memory, in.readInt(0, size - 1), in.readInt(1, size));
    try {
      chain.load(in, false);
      chain.load(in, true);
      return chain;
    } catch (RuntimeException e) {
      chain.close();
      throw e;
    }
  }

  private void load(StateReader in, boolean writes) {
    int count = in.readInt(0, MOST_DESCRIPTORS);
    for (int i = 0; i < count; i++) {
      add(in.readLong(), in.readInt(1, MOST_BYTES), writes);
    }
  }
}
