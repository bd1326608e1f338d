package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;

/** An image whose writes wait, as those to a slow disk do. */
final class GatedImage implements BlockImage {
  private final BlockImage image;
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch open = new CountDownLatch(1);

  GatedImage(BlockImage image) {
    this.image = image;
  }

  /** Waits until a write is under way. */
  void awaitWrite() throws InterruptedException {
    begun.await();
  }

  /** Lets writes go on. */
  void release() {
    open.countDown();
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
    begun.countDown();
    try {
      open.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
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
  public void close() {
    // The test's.
  }
}
