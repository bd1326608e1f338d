package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageNames;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/**
 * Writes and flushes numbers, one block after the other and round again, to a disk that a machine
 * shows by NBD, until that ends. The first write is number 1.
 */
final class CountingWriter {
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 64;

  private final AtomicLong acknowledged = new AtomicLong();
  private final Thread thread;
  private volatile Exception failure;

  /** Begins. */
  CountingWriter(Path socket, String export) {
    Path disk = ImageNames.given("nbd+unix:///" + export + "?socket=" + socket);
    thread = Thread.ofPlatform().daemon().name("writer").start(() -> write(disk));
  }

  private void write(Path path) {
    OpenOptions options = OpenOptions.readWrite().withFormat(ImageFormat.RAW);
    try (BlockImage disk = Images.open(path, options)) {
      while (true) {
        long number = acknowledged.get() + 1;
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        while (block.hasRemaining()) {
          block.putLong(number);
        }
        disk.write(number % BLOCKS * BLOCK, block.flip());
        disk.flush();
        acknowledged.set(number);
      }
    } catch (IOException | RuntimeException e) {
      // The machine is gone.
      failure = e;
    }
  }

  /** Waits until so many more numbers are on the disk. */
  void await(int more) throws InterruptedException {
    long wanted = acknowledged.get() + more;
    while (acknowledged.get() < wanted) {
      assertThat(thread.isAlive()).as("after %s writes: %s", acknowledged, failure).isTrue();
      Thread.sleep(1);
    }
  }

  /** An image has all numbers that were on the disk, each or one that was written later. */
  void requireAll(Path image) throws Exception {
    thread.join();
    long last = acknowledged.get();
    OpenOptions options = OpenOptions.readOnly().withLocked(false).withFormat(ImageFormat.QCOW2);
    try (BlockImage disk = Images.open(image, options)) {
      for (long number = Math.max(1, last - BLOCKS + 1); number <= last; number++) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        disk.read(number % BLOCKS * BLOCK, block);
        long found = block.flip().getLong();
        // The last that was under way may be there.
        assertThat(found)
            .as("block %d of %s after %d writes", number % BLOCKS, image, last)
            .isIn(number, number + BLOCKS);
      }
    }
  }
}
