package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file by Java's channel, for hosts other than Linux: no holes, no allocation ahead. */
final class ChannelStore implements FileStore {
  private static final int ZERO_CHUNK = 1 << 20;

  /** A byte that no image reaches: locks are mandatory on some hosts. */
  private static final long LOCK_BYTE = Long.MAX_VALUE - 1;

  private final Path path;
  private final FileChannel channel;
  private final boolean writable;

  private ChannelStore(Path path, FileChannel channel, boolean writable) {
    this.path = path;
    this.channel = channel;
    this.writable = writable;
  }

  static ChannelStore open(Path path, boolean writable, boolean locked) throws IOException {
    if (Files.isDirectory(path)) {
      throw new IOException(path + " is a directory, not a disk image");
    }
    FileChannel channel =
        writable
            ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
            : FileChannel.open(path, StandardOpenOption.READ);
    return opened(path, channel, writable, locked);
  }

  static ChannelStore create(Path path) throws IOException {
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    return opened(path, channel, true, true);
  }

  private static ChannelStore opened(
      Path path, FileChannel channel, boolean writable, boolean locked) throws IOException {
    try {
      if (locked && !lock(channel, !writable)) {
        throw ImageLock.inUse(path, writable);
      }
      return new ChannelStore(path, channel, writable);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static boolean lock(FileChannel channel, boolean shared) throws IOException {
    try {
      FileLock lock = channel.tryLock(LOCK_BYTE, 1, shared);
      return lock != null;
    } catch (OverlappingFileLockException heldByThisProcess) {
      return false;
    }
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
  public long size() throws IOException {
    return channel.size();
  }

  @Override
  public int read(long offset, ByteBuffer to) throws IOException {
    int start = to.position();
    while (to.hasRemaining()) {
      if (channel.read(to, offset + to.position() - start) < 0) {
        break;
      }
    }
    return to.position() - start;
  }

  @Override
  public void read(long offset, Scatter to, long bytes) throws IOException {
    long at = offset;
    long left = bytes;
    while (left > 0) {
      ByteBuffer buffer = to.current();
      int limit = buffer.limit();
      buffer.limit(buffer.position() + (int) Math.min(left, buffer.remaining()));
      int count = buffer.remaining();
      readPadded(at, buffer);
      buffer.limit(limit);
      at += count;
      left -= count;
    }
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    int start = from.position();
    while (from.hasRemaining()) {
      channel.write(from, offset + from.position() - start);
    }
  }

  @Override
  public void write(long offset, Scatter from, long bytes) throws IOException {
    long at = offset;
    long left = bytes;
    while (left > 0) {
      ByteBuffer buffer = from.current();
      int limit = buffer.limit();
      buffer.limit(buffer.position() + (int) Math.min(left, buffer.remaining()));
      int count = buffer.remaining();
      write(at, buffer);
      buffer.limit(limit);
      at += count;
      left -= count;
    }
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    ByteBuffer zeroes = ByteBuffer.allocate((int) Math.min(ZERO_CHUNK, Math.max(0, length)));
    for (long at = offset; at < offset + length; at += ZERO_CHUNK) {
      write(at, zeroes.slice(0, (int) Math.min(ZERO_CHUNK, offset + length - at)));
    }
  }

  @Override
  public boolean punch(long offset, long length) {
    return false;
  }

  @Override
  public void allocate(long offset, long length) throws IOException {
    long from = Math.max(offset, size());
    writeZeroes(from, offset + length - from, false);
  }

  @Override
  public void resize(long size) throws IOException {
    long now = size();
    if (size < now) {
      channel.truncate(size);
    } else if (size > now) {
      write(size - 1, ByteBuffer.allocate(1));
    }
  }

  @Override
  public void flush() throws IOException {
    channel.force(false);
  }

  @Override
  public long nextData(long offset) {
    return offset;
  }

  @Override
  public long nextHole(long offset) throws IOException {
    return Math.max(offset, size());
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
