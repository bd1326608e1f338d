package org.wardian.storage.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.wardian.storage.FileStore;
import org.wardian.storage.NoSpaceException;
import org.wardian.storage.Scatter;

/** An export as the bytes of a file, whose size stays. */
public final class NbdStore implements FileStore {
  private static final int BUFFERS = 32 << 20;

  /** Bytes of a range without data in one request. */
  private static final long LONGEST_RANGE = 1L << 30;

  private final NbdPath path;
  private final boolean writable;
  private final ClientSession session;
  private final ClientAgreement agreement;
  private final int block;
  private final int piece;
  private final long size;
  private final RemoteExtents extents;
  private final Buffers buffers = new Buffers(BUFFERS);

  /** Held alone while blocks are read and written back because a part of them is written. */
  private final ReentrantReadWriteLock blocks = new ReentrantReadWriteLock();

  private NbdStore(NbdPath path, boolean writable, ClientSession session) {
    this.path = path;
    this.writable = writable;
    this.session = session;
    agreement = session.agreement();
    block = agreement.smallestBlock();
    piece = Math.min(Protocol.PIECE, agreement.largestPayload());
    size = agreement.size() / block * block;
    extents = new RemoteExtents(session, size, block);
  }

  /**
   * Connects to an export.
   *
   * @throws IOException where the server is not there or refuses it, with the URI
   */
  public static NbdStore open(NbdPath path, boolean writable) throws IOException {
    return new NbdStore(
        path, writable, ClientSession.open(path.uri(), writable, MetaContexts.ALLOCATION));
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public boolean writable() {
    return writable;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long offset, ByteBuffer to) throws IOException {
    int bytes = Math.clamp(size - offset, 0, to.remaining());
    for (int done = 0; done < bytes; ) {
      int step = Math.min(piece, bytes - done);
      readPiece(offset + done, to, step);
      done += step;
    }
    return bytes;
  }

  /** Reads up to a piece of bytes, aligned or not. */
  private void readPiece(long offset, ByteBuffer to, int bytes) throws IOException {
    long first = offset / block * block;
    long last = (offset + bytes + block - 1) / block * block;
    if (first == offset && last - first == bytes && to.isDirect()) {
      ByteBuffer target = to.slice(to.position(), bytes);
      session.carryOut(0, Protocol.CMD_READ, offset, bytes, target, null);
      to.position(to.position() + bytes);
      return;
    }
    int whole = (int) (last - first);
    if (whole > piece) {
      int head = (int) (first + piece - offset);
      readPiece(offset, to, head);
      readPiece(offset + head, to, bytes - head);
      return;
    }
    ByteBuffer around = buffers.take(whole);
    try {
      session.carryOut(0, Protocol.CMD_READ, first, whole, around, null);
      int skip = (int) (offset - first);
      to.put(to.position(), around, skip, bytes);
      to.position(to.position() + bytes);
    } finally {
      buffers.give(around);
    }
  }

  @Override
  public void read(long offset, Scatter to, long bytes) throws IOException {
    for (long done = 0; done < bytes; ) {
      int step = (int) Math.min(piece, bytes - done);
      ByteBuffer data = buffers.take(step);
      try {
        readPadded(offset + done, data);
        to.put(data.flip());
      } finally {
        buffers.give(data);
      }
      done += step;
    }
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    int bytes = from.remaining();
    checkRange(offset, bytes);
    for (int done = 0; done < bytes; ) {
      int step = Math.min(piece, bytes - done);
      ByteBuffer data = buffers.take(step);
      try {
        data.put(0, from, from.position(), step);
        writePiece(offset + done, data);
      } finally {
        buffers.give(data);
      }
      from.position(from.position() + step);
      done += step;
    }
  }

  @Override
  public void write(long offset, Scatter from, long bytes) throws IOException {
    checkRange(offset, bytes);
    for (long done = 0; done < bytes; ) {
      int step = (int) Math.min(piece, bytes - done);
      ByteBuffer data = buffers.take(step);
      try {
        from.get(data);
        writePiece(offset + done, data.flip());
      } finally {
        buffers.give(data);
      }
      done += step;
    }
  }

  private void checkRange(long offset, long bytes) throws IOException {
    if (bytes > size || offset > size - bytes) {
      throw new NoSpaceException(
          path + " has " + size + " bytes, which cannot become more by a write");
    }
  }

  private void writePiece(long offset, ByteBuffer data) throws IOException {
    int bytes = data.remaining();
    try {
      if (offset % block == 0 && bytes % block == 0) {
        blocks.readLock().lock();
        try {
          session.carryOut(0, Protocol.CMD_WRITE, offset, bytes, null, data);
        } finally {
          blocks.readLock().unlock();
        }
        return;
      }
      blocks.writeLock().lock();
      try {
        patch(offset, data);
      } finally {
        blocks.writeLock().unlock();
      }
    } finally {
      extents.forget();
    }
  }

  /** Writes a part of blocks, one after the other. */
  private void patch(long offset, ByteBuffer data) throws IOException {
    ByteBuffer around = buffers.take(block);
    try {
      long at = offset;
      while (data.hasRemaining()) {
        long first = at / block * block;
        int skip = (int) (at - first);
        int step = Math.min(block - skip, data.remaining());
        around.clear().limit(block);
        session.carryOut(0, Protocol.CMD_READ, first, block, around, null);
        around.put(skip, data, data.position(), step);
        data.position(data.position() + step);
        session.carryOut(0, Protocol.CMD_WRITE, first, block, null, around);
        at += step;
      }
    } finally {
      buffers.give(around);
    }
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    checkRange(offset, length);
    long first = Math.min(offset + length, (offset + block - 1) / block * block);
    long last = Math.max(first, (offset + length) / block * block);
    zeroBytes(offset, first - offset);
    if (agreement.has(Protocol.SEND_WRITE_ZEROES)) {
      int flags = mayUnmap ? 0 : Protocol.FLAG_NO_HOLE;
      range(flags, Protocol.CMD_WRITE_ZEROES, first, last);
    } else {
      zeroBytes(first, last - first);
    }
    zeroBytes(last, offset + length - last);
  }

  private void zeroBytes(long offset, long length) throws IOException {
    for (long done = 0; done < length; ) {
      int step = (int) Math.min(piece, length - done);
      ByteBuffer zeroes = buffers.take(step);
      try {
        while (zeroes.remaining() >= Long.BYTES) {
          zeroes.putLong(0);
        }
        while (zeroes.hasRemaining()) {
          zeroes.put((byte) 0);
        }
        writePiece(offset + done, zeroes.flip());
      } finally {
        buffers.give(zeroes);
      }
      done += step;
    }
  }

  private void range(int flags, int command, long from, long to) throws IOException {
    blocks.readLock().lock();
    try {
      for (long at = from; at < to; at += LONGEST_RANGE) {
        long step = Math.min(LONGEST_RANGE, to - at);
        session.carryOut(flags, command, at, step, null, null);
      }
    } finally {
      blocks.readLock().unlock();
      extents.forget();
    }
  }

  @Override
  public boolean punch(long offset, long length) throws IOException {
    if (!agreement.has(Protocol.SEND_TRIM)) {
      return false;
    }
    long first = (offset + block - 1) / block * block;
    range(0, Protocol.CMD_TRIM, first, Math.min(size, offset + length) / block * block);
    // The protocol does not promise zeroes.
    return false;
  }

  @Override
  public void allocate(long offset, long length) throws IOException {
    checkRange(offset, length);
  }

  @Override
  public void resize(long wanted) throws IOException {
    if (wanted != size) {
      throw new IOException(path + " has " + size + " bytes, which only its server can change");
    }
  }

  @Override
  public void flush() throws IOException {
    if (agreement.has(Protocol.SEND_FLUSH)) {
      session.carryOut(0, Protocol.CMD_FLUSH, 0, 0, null, null);
    }
  }

  @Override
  public long nextData(long offset) throws IOException {
    return extents.next(offset, true);
  }

  @Override
  public long nextHole(long offset) throws IOException {
    return extents.next(offset, false);
  }

  @Override
  public void readFully(long offset, ByteBuffer to) throws IOException {
    int wanted = to.remaining();
    if (read(offset, to) < wanted) {
      throw new EOFException(
          path + " is truncated: " + wanted + " bytes are expected at offset " + offset);
    }
  }

  @Override
  public void close() {
    session.close();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
