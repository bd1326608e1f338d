package org.wardian.memory;

import java.nio.ByteBuffer;

/**
 * Guest memory lent to a device that moves bytes by itself (DMA): one run of guest-physical bytes
 * within one region, as a buffer. The host memory stays mapped until {@link #close}, also when the
 * guest takes the region away meanwhile.
 *
 * <p>The guest may change the bytes at any moment: what is checked must be copied first.
 */
public final class MemoryLoan implements AutoCloseable {
  private final GuestMemory memory;
  private final Backing backing;
  private final long address;
  private final ByteBuffer buffer;
  private boolean closed;

  MemoryLoan(GuestMemory memory, Backing backing, long address, int length) {
    this.memory = memory;
    this.backing = backing;
    this.address = address;
    this.buffer = backing.buffer(address, length);
  }

  /**
   * The bytes, from position 0 to the run's length; little-endian, direct, the caller's own view.
   */
  public ByteBuffer buffer() {
    return buffer;
  }

  /** Guest-physical address of the first byte. */
  public long address() {
    return address;
  }

  /**
   * Reports that {@code length} bytes from {@code offset} on were written: to the dirty log and to
   * whoever holds code of them. After the bytes, before the guest is told.
   */
  public void written(int offset, int length) {
    if (length <= 0) {
      return;
    }
    RawMemory.fullFence();
    long at = address + offset;
    long end = at + length;
    while (at < end) {
      long next = Math.min(end, (at | (GuestMemory.PAGE - 1)) + 1);
      memory.written(backing, at, (int) (next - at));
      at = next;
    }
  }

  /** Gives the memory back; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      memory.release(backing.region);
    }
  }
}
