package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;

/** Sends answers to requests, whole ones, whoever has them. */
final class Replies {
  private static final int LARGEST_HEAD = Protocol.CHUNK_BYTES + 12;

  private final Wire wire;
  private final boolean structured;
  private final ReentrantLock lock = new ReentrantLock();
  private final ByteBuffer head = ByteBuffer.allocateDirect(LARGEST_HEAD);

  Replies(Wire wire, boolean structured) {
    this.wire = wire;
    this.structured = structured;
  }

  boolean structured() {
    return structured;
  }

  /** The request is done, and has no data. */
  void done(long handle) throws IOException {
    simple(handle, 0, null);
  }

  /** The request has failed. */
  void failed(long handle, int error, String message) throws IOException {
    if (!structured) {
      simple(handle, error, null);
      return;
    }
    ByteBuffer text = StandardCharsets.UTF_8.encode(message);
    lock.lock();
    try {
      chunkHead(Protocol.CHUNK_DONE, Protocol.CHUNK_ERROR, handle, 6 + text.remaining());
      head.putInt(error).putShort((short) text.remaining());
      wire.write(head.flip(), text);
    } finally {
      lock.unlock();
    }
  }

  /** All that was read. */
  void data(long handle, long offset, ByteBuffer data) throws IOException {
    if (structured) {
      dataChunk(Protocol.CHUNK_DONE, handle, offset, data);
    } else {
      simple(handle, 0, data);
    }
  }

  /**
   * Begins the answer to a read that comes in pieces; the structured one has no beginning. Nobody
   * else can send before {@link #endPieces}.
   */
  void beginPieces(long handle) throws IOException {
    if (!structured) {
      lock.lock();
      boolean sent = false;
      try {
        simple(handle, 0, null);
        sent = true;
      } finally {
        if (!sent) {
          lock.unlock();
        }
      }
    }
  }

  /** A piece of what was read. */
  void piece(long handle, long offset, ByteBuffer data) throws IOException {
    if (structured) {
      dataChunk(0, handle, offset, data);
    } else {
      wire.write(data);
    }
  }

  /** Zeroes, as a structured answer tells them. */
  void hole(long handle, long offset, int length) throws IOException {
    lock.lock();
    try {
      chunkHead(0, Protocol.CHUNK_OFFSET_HOLE, handle, 12);
      wire.write(head.putLong(offset).putInt(length).flip());
    } finally {
      lock.unlock();
    }
  }

  /** Ends the answer; whether all of it was sent. */
  void endPieces(long handle, boolean sent) throws IOException {
    if (structured) {
      if (sent) {
        lock.lock();
        try {
          chunkHead(Protocol.CHUNK_DONE, Protocol.CHUNK_NONE, handle, 0);
          wire.write(head.flip());
        } finally {
          lock.unlock();
        }
      }
      return;
    }
    lock.unlock();
    if (!sent) {
      // There is no way to tell a simple answer's reader that the rest does not come.
      wire.close();
    }
  }

  /**
   * Statuses of a range.
   *
   * @param last whether it is the last chunk of the answer
   * @param statuses pairs of length and flags
   */
  void statuses(long handle, boolean last, int context, ByteBuffer statuses) throws IOException {
    lock.lock();
    try {
      int flags = last ? Protocol.CHUNK_DONE : 0;
      chunkHead(flags, Protocol.CHUNK_BLOCK_STATUS, handle, 4 + statuses.remaining());
      wire.write(head.putInt(context).flip(), statuses);
    } finally {
      lock.unlock();
    }
  }

  private void simple(long handle, int error, ByteBuffer data) throws IOException {
    lock.lock();
    try {
      head.clear().putInt(Protocol.SIMPLE_REPLY).putInt(error).putLong(handle).flip();
      if (data == null) {
        wire.write(head);
      } else {
        wire.write(head, data);
      }
    } finally {
      lock.unlock();
    }
  }

  private void dataChunk(int flags, long handle, long offset, ByteBuffer data) throws IOException {
    lock.lock();
    try {
      chunkHead(flags, Protocol.CHUNK_OFFSET_DATA, handle, 8 + data.remaining());
      wire.write(head.putLong(offset).flip(), data);
    } finally {
      lock.unlock();
    }
  }

  private void chunkHead(int flags, int type, long handle, int length) {
    head.clear().putInt(Protocol.STRUCTURED_REPLY).putShort((short) flags);
    head.putShort((short) type).putLong(handle).putInt(length);
  }
}
