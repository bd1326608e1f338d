package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A part of another source, as a member of an archive is. Closing it leaves the other open. */
final class Window implements ByteSource {
  private final String name;
  private final ByteSource whole;
  private final long start;
  private final long size;

  /** The range must lie within {@code whole}. */
  Window(String name, ByteSource whole, long start, long size) {
    if (start < 0 || size < 0 || start > whole.size() - size) {
      throw new IllegalArgumentException("a window outside of " + whole.name());
    }
    this.name = name;
    this.whole = whole;
    this.start = start;
    this.size = size;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long position, ByteBuffer to) throws IOException {
    requireInside(position, to.remaining());
    whole.read(start + position, to);
  }

  @Override
  public long hostOffset(long position, long length) {
    return whole.hostOffset(start + position, length);
  }

  @Override
  public long run(long position, long length) throws IOException {
    return whole.run(start + position, length);
  }

  @Override
  public void close() {
    // The owner of the whole closes it.
  }
}
