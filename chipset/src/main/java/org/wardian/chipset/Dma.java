package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;

/**
 * A bus master's way to guest memory. A range may span regions; a part of it that is no memory, or
 * is ROM where it should be written, fails the whole access: there is no such answer on a real bus,
 * but a device can report it.
 */
public final class Dma {
  private final GuestMemory memory;

  /** Makes the way to one machine's memory. */
  public Dma(GuestMemory memory) {
    this.memory = memory;
  }

  /** A run of guest-physical bytes. */
  public record Range(long address, int length) {}

  /**
   * Copies bytes out of guest memory.
   *
   * @return false where not all of the range is memory; some bytes may have been copied
   */
  public boolean read(long address, byte[] to, int offset, int length) {
    return copy(address, to, offset, length, false);
  }

  /**
   * Copies bytes into guest memory.
   *
   * @return false where not all of the range is writable memory; some bytes may have been copied
   */
  public boolean write(long address, byte[] from, int offset, int length) {
    return copy(address, from, offset, length, true);
  }

  private boolean copy(long address, byte[] bytes, int offset, int length, boolean toGuest) {
    long at = address;
    int done = 0;
    while (done < length) {
      int piece = piece(at, length - done, toGuest);
      if (piece == 0) {
        return false;
      }
      try {
        if (toGuest) {
          memory.write(at, bytes, offset + done, piece);
        } else {
          memory.read(at, bytes, offset + done, piece);
        }
      } catch (IndexOutOfBoundsException e) {
        return false; // the region went away meanwhile
      }
      at += piece;
      done += piece;
    }
    return true;
  }

  /** How much of a range lies in the region of its first byte; 0 where there is none. */
  private int piece(long at, int length, boolean toGuest) {
    GuestMemory.Region region = memory.region(at);
    if (region == null || toGuest && !region.writable()) {
      return 0;
    }
    return (int) Math.min(length, region.base() + region.size() - at);
  }

  /**
   * Borrows ranges of guest memory for a transfer.
   *
   * @param toGuest whether they will be written
   * @return the transfer, or null where not all of the ranges are such memory
   */
  public Transfer lend(List<Range> ranges, boolean toGuest) {
    List<MemoryLoan> loans = new ArrayList<>();
    for (Range range : ranges) {
      long at = range.address();
      int left = range.length();
      while (left > 0) {
        int piece = piece(at, left, toGuest);
        MemoryLoan loan = piece == 0 ? null : lend(at, piece);
        if (loan == null) {
          loans.forEach(MemoryLoan::close);
          return null;
        }
        loans.add(loan);
        at += piece;
        left -= piece;
      }
    }
    return new Transfer(loans);
  }

  private MemoryLoan lend(long address, int length) {
    try {
      return memory.lend(address, length);
    } catch (IndexOutOfBoundsException e) {
      return null;
    }
  }

  /** Guest memory that a device has borrowed until it closes this. */
  public static final class Transfer implements AutoCloseable {
    private final List<MemoryLoan> loans;
    private final List<ByteBuffer> buffers;

    private Transfer(List<MemoryLoan> loans) {
      this.loans = loans;
      this.buffers = loans.stream().map(MemoryLoan::buffer).toList();
    }

    /** The bytes in order, each buffer from its position 0 to its limit. */
    public List<ByteBuffer> buffers() {
      return buffers;
    }

    /** Bytes in all. */
    public long length() {
      return buffers.stream().mapToLong(ByteBuffer::capacity).sum();
    }

    /** Copies {@code from} into the first bytes; what does not fit is left. */
    public int fill(byte[] from) {
      int done = 0;
      for (ByteBuffer buffer : buffers) {
        int piece = Math.min(buffer.capacity(), from.length - done);
        buffer.put(0, from, done, piece);
        done += piece;
      }
      return done;
    }

    /** Copies the first bytes out. */
    public byte[] take(int length) {
      byte[] to = new byte[length];
      int done = 0;
      for (ByteBuffer buffer : buffers) {
        int piece = Math.min(buffer.capacity(), length - done);
        buffer.get(0, to, done, piece);
        done += piece;
      }
      return to;
    }

    /** All bytes have been written by the device; before it tells the guest. */
    public void written() {
      for (MemoryLoan loan : loans) {
        loan.written(0, loan.buffer().capacity());
      }
    }

    @Override
    public void close() {
      loans.forEach(MemoryLoan::close);
    }
  }
}
