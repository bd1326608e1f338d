package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file whose writes are watched. */
final class WatchedStore extends ForwardingStore {
  private final WriteWatch watch;

  /** Tells {@code watch} how far each write to {@code file} reaches, before it is made. */
  WatchedStore(FileStore file, WriteWatch watch) {
    super(file);
    this.watch = watch;
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    watch.written(offset + from.remaining());
    super.write(offset, from);
  }

  @Override
  public void write(long offset, Scatter from, long bytes) throws IOException {
    watch.written(offset + bytes);
    super.write(offset, from, bytes);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    watch.written(offset + length);
    super.writeZeroes(offset, length, mayUnmap);
  }

  @Override
  public void allocate(long offset, long length) throws IOException {
    watch.written(offset + length);
    super.allocate(offset, length);
  }
}
