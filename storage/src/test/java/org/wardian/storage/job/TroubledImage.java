package org.wardian.storage.job;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ForwardingImage;
import org.wardian.storage.NoSpaceException;

/** An image on a host that has no room for a while. */
final class TroubledImage extends ForwardingImage {
  private volatile boolean full = true;

  TroubledImage(BlockImage image) {
    super(image);
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
  public void write(long offset, ByteBuffer from) throws IOException {
    check();
    super.write(offset, from);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    check();
    super.writeZeroes(offset, length, mayUnmap);
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    check();
    super.discard(offset, length);
  }
}
