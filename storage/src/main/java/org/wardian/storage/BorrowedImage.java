package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An image that belongs to somebody else: closing it closes nothing. */
record BorrowedImage(BlockImage image) implements BlockImage {
  @Override
  public long length() {
    return image.length();
  }

  @Override
  public boolean writable() {
    return false;
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
  public void write(long offset, ByteBuffer from) throws IOException {
    throw readOnly();
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    throw readOnly();
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    throw readOnly();
  }

  private ReadOnlyImageException readOnly() {
    return new ReadOnlyImageException(image + " is read-only as a backing file");
  }

  @Override
  public void flush() {
    // Nothing was written by this way.
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
