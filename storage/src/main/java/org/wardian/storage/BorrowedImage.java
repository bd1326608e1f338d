package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An image that belongs to somebody else: closing it closes nothing. */
record BorrowedImage(BlockImage image) implements ReadOnlyImage {
  @Override
  public long length() {
    return image.length();
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    image.read(offset, to);
  }

  @Override
  public void read(long offset, Scatter to) throws IOException {
    image.read(offset, to);
  }

  @Override
  public boolean readNow(long offset, Scatter to) throws IOException {
    return image.readNow(offset, to);
  }

  @Override
  public ReadOnlyImageException refusal() {
    return new ReadOnlyImageException(image + " is read-only as a backing file");
  }

  @Override
  public Extent extent(long offset, long length) throws IOException {
    return image.extent(offset, length);
  }

  @Override
  public void close() {
    // Its owner does.
  }
}
