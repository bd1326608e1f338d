package org.wardian.storage.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Extent;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;

/** The guest writes just where a stream has looked and not written yet. */
class StreamRaceTest {
  private static final int SIZE = 1 << 20;
  private static final int SECTOR = 512;

  /** How long a write is waited for that has to wait itself. */
  private static final long PATIENCE_MILLIS = 20;

  @TempDir Path folder;

  /** Has the guest write to what a job has just read, before the job gets it. */
  private static final class Meddling implements BlockImage {
    private final BlockImage image;
    private final List<Thread> guests = new ArrayList<>();
    private ImageDevice device;

    Meddling(BlockImage image) {
      this.image = image;
    }

    @Override
    public void read(long offset, ByteBuffer to) throws IOException {
      image.read(offset, to);
      if (!Thread.currentThread().getName().startsWith("job-")) {
        return;
      }
      DeviceStripe guest = new DeviceStripe(device, 0, SIZE);
      byte[] fresh = new byte[SECTOR];
      Arrays.fill(fresh, (byte) 9);
      Thread writer =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  guest.write(offset, ByteBuffer.wrap(fresh));
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      guests.add(writer);
      try {
        writer.join(PATIENCE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
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
  }

  @Test
  void itsWriteIsNotLost() throws Exception {
    Path base = folder.resolve("base.raw");
    Path top = folder.resolve("top.qcow2");
    Images.create(base, CreateOptions.raw(SIZE));
    try (BlockImage image =
        Images.open(base, OpenOptions.readWrite().withFormat(ImageFormat.RAW))) {
      byte[] old = new byte[SIZE];
      Arrays.fill(old, (byte) 1);
      image.write(0, ByteBuffer.wrap(old));
    }
    Images.create(top, CreateOptions.qcow2(SIZE).withBacking(base.toString(), ImageFormat.RAW));
    Meddling meddling =
        new Meddling(Images.openShared(top, OpenOptions.readWrite().withFormat(ImageFormat.QCOW2)));
    ImageDevice device = new ImageDevice("disk", meddling, DeviceOptions.usual(), cause -> {});
    meddling.device = device;
    JobEvents events = new JobEvents();
    StreamJob job =
        new StreamJob(JobOptions.of("race"), events, device, StreamJob.WHOLE, 0, JobEnd.NOTHING);
    job.start();
    job.join();
    assertThat(events.list()).contains("COMPLETED");
    assertThat(meddling.guests).isNotEmpty();
    for (Thread guest : meddling.guests) {
      guest.join();
    }
    byte[] content = new byte[SIZE];
    meddling.image.read(0, ByteBuffer.wrap(content));
    int written = 0;
    for (int at = 0; at < SIZE; at += SECTOR) {
      written += content[at] == 9 ? 1 : 0;
    }
    assertThat(written).isEqualTo(meddling.guests.size());
    device.close();
  }
}
