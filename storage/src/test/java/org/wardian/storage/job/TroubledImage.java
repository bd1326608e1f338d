package org.wardian.storage.job;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.NoSpaceException;

/** An image on a host that has no room for a while. */
final class TroubledImage implements BlockImage {
  private final BlockImage image;
  private volatile boolean full = true;

  TroubledImage(BlockImage image) {
    this.image = image;
  }

  /** There is room again. */
  void makeRoom() {
    full = false;
  }

  private void check() throws IOException {
    if (full) {
      throw new NoSpaceException("no room on the host");
    }
  }

  @Override
  public long length() {
    return image.length();
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    image.read(offset, to);
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    check();
    image.write(offset, from);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    check();
    image.writeZeroes(offset, length, mayUnmap);
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    check();
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
}
