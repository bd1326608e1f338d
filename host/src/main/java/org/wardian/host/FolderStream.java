package org.wardian.host;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * The entries of a folder in the order of its file system, read from any place on. Not for several
 * threads at a time.
 */
public final class FolderStream implements AutoCloseable {
  private final Descriptor descriptor;
  private long position;

  FolderStream(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Reads entries as {@code struct linux_dirent64} ({@code getdents64(2)}): inode (8 bytes),
   * position behind the entry (8), length of the structure (2), kind (1), name with a zero behind.
   *
   * @param from 0, or the position behind an entry
   * @param into a direct buffer, filled from its position on, which is moved
   * @return bytes; 0 at the end
   * @throws EntryException where the host refuses
   */
  public int read(long from, ByteBuffer into) throws EntryException {
    descriptor.hold();
    try {
      if (from != position) {
        long reached = FileCalls.lseek(descriptor.fd(), from, 0);
        if (reached < 0) {
          throw EntryException.of((int) -reached);
        }
      }
      // Where the call has read to is known to its reader alone.
      position = -1;
      long count =
          EntryCalls.getdents(
              descriptor.fd(), MemorySegment.ofBuffer(into).address(), into.remaining());
      if (count < 0) {
        throw EntryException.of((int) -count);
      }
      into.position(into.position() + (int) count);
      return (int) count;
    } finally {
      Reference.reachabilityFence(into);
      descriptor.letGo();
    }
  }

  /** Tells that all that was read is used, up to a position: going on there is free. */
  public void usedTo(long reached) {
    position = reached;
  }

  /** Brings the folder's entries to stable storage. */
  public void sync() throws EntryException {
    descriptor.hold();
    try {
      int result = EntryCalls.fsync(descriptor.fd());
      if (result < 0) {
        throw EntryException.of(-result);
      }
    } finally {
      descriptor.letGo();
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
