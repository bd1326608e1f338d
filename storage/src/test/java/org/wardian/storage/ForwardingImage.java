package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Before an image: hands on everything. What disturbs a part of it extends this. */
public abstract class ForwardingImage implements BlockImage {
  private final BlockImage image;

  /** Before {@code image}, which is closed with this. */
  protected ForwardingImage(BlockImage image) {
    this.image = image;
  }

  @Override
  public long length() {
    return image.length();
  }

  @Override
  public boolean writable() {
    return image.writable();
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    image.read(offset, to);
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    image.write(offset, from);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    image.writeZeroes(offset, length, mayUnmap);
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    image.discard(offset, length);
  }

  @Override
  public void flush() throws IOException {
    image.flush();
  }

  @Override
  public Extent extent(long offset, long length) throws IOException {
    return image.extent(offset, length);
  }

  @Override
  public void close() throws IOException {
    image.close();
  }

  @Override
  public String toString() {
    return image.toString();
  }
}
