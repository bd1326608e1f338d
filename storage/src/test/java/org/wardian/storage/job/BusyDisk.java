package org.wardian.storage.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageNode;
import org.wardian.storage.RandomOperations;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;

/**
 * A disk to which several threads write at random, each to a part of its own whose ends lie within
 * clusters, beside what the disk must hold.
 */
final class BusyDisk implements AutoCloseable {
  private static final int PARTS = 4;
  private static final int SECTOR = 512;

  private final ImageDevice device;
  private final List<RandomOperations> parts = new ArrayList<>();
  private final List<Long> starts = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean stopping;

  BusyDisk(ImageNode image, long seed) throws IOException {
    device =
        new ImageDevice(
            "busy",
            image,
            DeviceOptions.usual(),
            cause -> failure.compareAndSet(null, new IOException(cause)));
    byte[] content = RandomOperations.content(image);
    int sectors = content.length / SECTOR;
    for (int i = 0; i < PARTS; i++) {
      int start = sectors * i / PARTS * SECTOR;
      int end = sectors * (i + 1) / PARTS * SECTOR;
      RandomOperations part = new RandomOperations(seed * PARTS + i, end - start);
      part.model(Arrays.copyOfRange(content, start, end));
      parts.add(part);
      starts.add((long) start);
    }
  }

  ImageDevice device() {
    return device;
  }

  /** Begins to write. */
  BusyDisk start() {
    stopping = false;
    for (int i = 0; i < PARTS; i++) {
      RandomOperations part = parts.get(i);
      DeviceStripe stripe = new DeviceStripe(device, starts.get(i), part.model().length);
      threads.add(Thread.ofPlatform().start(() -> write(part, stripe)));
    }
    return this;
  }

  private void write(RandomOperations part, DeviceStripe stripe) {
    try {
      while (!stopping && failure.get() == null) {
        part.step(stripe);
      }
    } catch (IOException | RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }

  /** Ends writing; all reads were what was written. */
  void stop() throws InterruptedException {
    stopping = true;
    for (Thread thread : threads) {
      thread.join();
    }
    threads.clear();
    assertThat(failure.get()).isNull();
  }

  /** What the disk must hold, when nobody writes. */
  byte[] model() {
    byte[] all = new byte[(int) device.length()];
    for (int i = 0; i < PARTS; i++) {
      byte[] part = parts.get(i).model();
      System.arraycopy(part, 0, all, (int) (long) starts.get(i), part.length);
    }
    return all;
  }

  /** What the disk holds at this moment. */
  byte[] moment() throws IOException {
    device.drain();
    try {
      return content(device.source());
    } finally {
      device.endDrain();
    }
  }

  /** What an image holds in the disk's length. */
  byte[] content(BlockImage image) throws IOException {
    byte[] all = new byte[(int) device.length()];
    image.read(0, ByteBuffer.wrap(all));
    return all;
  }

  @Override
  public void close() {
    stopping = true;
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    device.close();
  }
}
