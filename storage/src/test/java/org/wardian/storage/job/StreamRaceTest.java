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
import org.wardian.storage.ForwardingImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;

/** The guest writes just where a stream has looked and not written yet. */
class StreamRaceTest {
  private static final int SIZE = 1 << 20;
  private static final int SECTOR = 512;
  private static final int LEAST_SHIFT = 9;

  /** How long a write is waited for that has to wait itself. */
  private static final long PATIENCE_MILLIS = 20;

  @TempDir Path folder;

  /** Has the guest write to what a job has just read, before the job gets it. */
  private static final class Meddling extends ForwardingImage {
    private final List<Thread> guests = new ArrayList<>();
    private ImageDevice device;

    Meddling(BlockImage image) {
      super(image);
    }

    @Override
    public void read(long offset, ByteBuffer to) throws IOException {
      super.read(offset, to);
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
    meddling.read(0, ByteBuffer.wrap(content));
    int written = 0;
    for (int at = 0; at < SIZE; at += SECTOR) {
      written += content[at] == 9 ? 1 : 0;
    }
    assertThat(written).isEqualTo(meddling.guests.size());
    device.close();
  }

  @Test
  void bitmapsNoteTheGuestsWritesAndNotTheCopies() throws Exception {
    Path base = folder.resolve("base.raw");
    Path top = folder.resolve("top.qcow2");
    Images.create(base, CreateOptions.raw(SIZE));
    byte[] old = new byte[SIZE];
    // Data, then zeroes.
    Arrays.fill(old, 0, SIZE / 2, (byte) 1);
    try (BlockImage image =
        Images.open(base, OpenOptions.readWrite().withFormat(ImageFormat.RAW))) {
      image.write(0, ByteBuffer.wrap(old));
    }
    Images.create(top, CreateOptions.qcow2(SIZE).withBacking(base.toString(), ImageFormat.RAW));
    BlockImage image =
        Images.openShared(top, OpenOptions.readWrite().withFormat(ImageFormat.QCOW2));
    DirtyBitmap bitmap = new DirtyBitmap("since", new RangeBits(LEAST_SHIFT, SIZE), true, true);
    image.dirtyBitmaps().orElseThrow().add(bitmap);
    ImageDevice device = new ImageDevice("disk", image, DeviceOptions.usual(), cause -> {});
    new DeviceStripe(device, 0, SIZE).write(SECTOR, ByteBuffer.wrap(new byte[SECTOR]));
    StreamJob job =
        new StreamJob(
            JobOptions.of("bits"), new JobEvents(), device, StreamJob.WHOLE, 0, JobEnd.NOTHING);
    job.start();
    job.join();
    assertThat(image.extent(2 * 65536, 1).depth()).isZero();
    byte[] content = new byte[SIZE];
    image.read(0, ByteBuffer.wrap(content));
    Arrays.fill(old, SECTOR, 2 * SECTOR, (byte) 0);
    assertThat(content).isEqualTo(old);
    assertThat(bitmap.bits().count()).isEqualTo(SECTOR);
    assertThat(bitmap.bits().isSet(SECTOR)).isTrue();
    device.close();
  }
}
