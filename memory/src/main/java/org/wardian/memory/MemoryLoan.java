package org.wardian.memory;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Guest memory lent to a device that moves bytes by itself (DMA): one run of guest-physical bytes
 * within one region, as a buffer or by accesses of a given width. The host memory stays mapped
 * until {@link #close}, also when the guest takes the region away meanwhile.
 *
 * <p>The guest may change the bytes at any moment: what is checked must be copied first.
 *
 * <p>All numbers are little-endian. Whoever closes a loan sees to it that no other thread is within
 * one of its methods.
 */
public final class MemoryLoan implements AutoCloseable {
  private final GuestMemory memory;
  private final Backing backing;
  private final long address;
  private final long host;
  private final int length;
  private ByteBuffer buffer;
  private volatile boolean closed;

  MemoryLoan(GuestMemory memory, Backing backing, long address, int length) {
    this.memory = memory;
    this.backing = backing;
    this.address = address;
    this.host = backing.host(address);
    this.length = length;
  }

  /**
   * The bytes, from position 0 to the run's length; little-endian, direct, the same object at each
   * call.
   */
  public ByteBuffer buffer() {
    if (buffer == null) {
      buffer = backing.buffer(address, length);
    }
    return buffer;
  }

  /** Guest-physical address of the first byte. */
  public long address() {
    return address;
  }

  /** Bytes. */
  public int length() {
    return length;
  }

  /** Whether the guest itself may write these bytes; they are ROM otherwise. */
  public boolean writable() {
    return backing.region.writable();
  }

  /** The 16-bit value at {@code offset}. */
  public int getShort(int offset) {
    return RawMemory.getShort(host(offset, Short.BYTES)) & 0xffff;
  }

  /** The 32-bit value at {@code offset}. */
  public int getInt(int offset) {
    return RawMemory.getInt(host(offset, Integer.BYTES));
  }

  /** The 64-bit value at {@code offset}. */
  public long getLong(int offset) {
    return RawMemory.getLong(host(offset, Long.BYTES));
  }

  /** Stores 16 bits; not {@linkplain #written reported}. */
  public void putShort(int offset, int value) {
    RawMemory.putShort(host(offset, Short.BYTES), (short) value);
  }

  /** Stores 32 bits; not {@linkplain #written reported}. */
  public void putInt(int offset, int value) {
    RawMemory.putInt(host(offset, Integer.BYTES), value);
  }

  /**
   * The 16-bit value at {@code offset}, whose address is even; what is read after it is at least as
   * new.
   */
  public int getShortVolatile(int offset) {
    return RawMemory.getShortVolatile(host(offset, Short.BYTES)) & 0xffff;
  }

  /**
   * Stores 16 bits at {@code offset}, whose address is even, after everything that was stored
   * before and before anything that is read afterwards; not {@linkplain #written reported}.
   */
  public void putShortVolatile(int offset, int value) {
    RawMemory.putShortVolatile(host(offset, Short.BYTES), (short) value);
  }

  /** Copies bytes out. */
  public void read(int offset, byte[] to, int at, int count) {
    RawMemory.copy(host(offset, count), to, at, count);
  }

  /** Copies bytes in; not {@linkplain #written reported}. */
  public void write(int offset, byte[] from, int at, int count) {
    RawMemory.copy(from, at, host(offset, count), count);
  }

  private long host(int offset, int count) {
    Objects.checkFromIndexSize(offset, count, length);
    if (closed) {
      throw new IllegalStateException("the loan of 0x%x was given back".formatted(address));
    }
    return host + offset;
  }

  /**
   * Reports that {@code count} bytes from {@code offset} on were written: to the dirty log and to
   * whoever holds code of them. After the bytes, before the guest is told.
   */
  public void written(int offset, int count) {
    if (count <= 0) {
      return;
    }
    Objects.checkFromIndexSize(offset, count, length);
    RawMemory.fullFence();
    memory.writtenPages(backing, address + offset, count);
  }

  /** Gives the memory back; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      memory.release(backing);
    }
  }
}
