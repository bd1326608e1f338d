package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ForwardingImage;

/** An image whose writes wait, as those to a slow disk do. */
final class GatedImage extends ForwardingImage {
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch open = new CountDownLatch(1);

  GatedImage(BlockImage image) {
    super(image);
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
  public void write(long offset, ByteBuffer from) throws IOException {
    begun.countDown();
    try {
      open.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    super.write(offset, from);
  }

  @Override
  public void close() {
    // The test's.
  }
}
