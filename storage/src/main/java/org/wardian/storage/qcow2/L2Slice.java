package org.wardian.storage.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * A cached part of an L2 table. Read by any thread without a lock; changed by one that holds the
 * lock of the tables.
 */
final class L2Slice {
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle VERSION;

  static {
    try {
      VERSION = MethodHandles.lookup().findVarHandle(L2Slice.class, "version", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Where it lies in the file. */
  final long offset;

  /** Entries as they are stored, one or two words each. */
  private final long[] words;

  /** Odd while an extended entry is being changed. */
  @SuppressWarnings("unused") // by VERSION
  private int version;

  /** Looked at since the cache last searched for a victim; a hint. */
  boolean used = true;

  /** Differs from the file; by the tables' lock. */
  boolean dirty;

  /** On its way to the file, which does not have it yet; by the tables' lock. */
  boolean writing;

  L2Slice(long offset, ByteBuffer stored) {
    this.offset = offset;
    words = new long[stored.remaining() / 8];
    stored.asLongBuffer().get(words);
  }

  /** A standard entry, or word {@code index} of extended ones. */
  long get(int index) {
    return (long) WORD.getAcquire(words, index);
  }

  void set(int index, long entry) {
    WORD.setRelease(words, index, entry);
  }

  /** The number of changes of extended entries; odd while one is under way. */
  int version() {
    return (int) VERSION.getAcquire(this);
  }

  /** Whether nothing changed since {@code before}, which is even. */
  boolean unchanged(int before) {
    VarHandle.loadLoadFence();
    return (int) VERSION.getOpaque(this) == before;
  }

  /** Changes both words of extended entry {@code index}. */
  void setExtended(int index, long entry, long bitmap) {
    int now = (int) VERSION.getOpaque(this);
    VERSION.setOpaque(this, now + 1);
    VarHandle.storeStoreFence();
    WORD.setOpaque(words, 2 * index, entry);
    WORD.setOpaque(words, 2 * index + 1, bitmap);
    VERSION.setRelease(this, now + 2);
  }

  /** The entries as they are stored. */
  ByteBuffer bytes() {
    ByteBuffer out = ByteBuffer.allocate(words.length * 8);
    out.asLongBuffer().put(words);
    return out;
  }
}
