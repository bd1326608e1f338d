package org.wardian.storage.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.BlockRequest;
import org.wardian.storage.BlockRequest.Kind;
import org.wardian.storage.BlockRequest.Result;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ForwardingImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.NoSpaceException;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.RandomOperations;

/** Requests to a disk: order, limits, policies, ends. */
class ImageDeviceTest {
  private static final int SIZE = 8 << 20;

  @TempDir Path folder;

  /** A request whose end can be waited for. */
  private static final class Request extends BlockRequest {
    final CompletableFuture<Result> result = new CompletableFuture<>();

    Request(Kind kind, long offset, ByteBuffer... buffers) {
      this(kind, offset, List.of(buffers).stream().mapToLong(ByteBuffer::remaining).sum(), buffers);
    }

    Request(Kind kind, long offset, long length, ByteBuffer... buffers) {
      super(kind, offset, length, List.of(buffers), true);
    }

    @Override
    public void completed(Result how) {
      assertThat(result.complete(how)).as("completed once").isTrue();
    }

    Result await() {
      return result.orTimeout(120, TimeUnit.SECONDS).join();
    }
  }

  /** A real image whose host has no room, or fails, as long as it is told to. */
  private static final class Failing extends ForwardingImage {
    final AtomicBoolean full;
    final AtomicBoolean broken;

    Failing(BlockImage image, AtomicBoolean full, AtomicBoolean broken) {
      super(image);
      this.full = full;
      this.broken = broken;
    }

    private void fail() throws IOException {
      if (full.get()) {
        throw new NoSpaceException("the host has no room for " + this);
      }
      if (broken.get()) {
        throw new IOException("the host's disk under " + this + " is broken");
      }
    }

    @Override
    public void read(long offset, ByteBuffer to) throws IOException {
      if (broken.get()) {
        fail();
      }
      super.read(offset, to);
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
      fail();
      super.write(offset, from);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
      fail();
      super.writeZeroes(offset, length, mayUnmap);
    }
  }

  private BlockImage qcow2() throws IOException {
    Path path = folder.resolve("disk.qcow2");
    Images.create(path, CreateOptions.qcow2(SIZE));
    return Images.open(path, OpenOptions.readWrite().withFlushed(false));
  }

  private static ImageDevice device(BlockImage image, DeviceOptions options) {
    return new ImageDevice("disk0", image, options, cause -> {});
  }

  /** A qcow2 image over a backing file, and a raw one: all that is read has just been written. */
  private List<BlockImage> cached(byte[] content) throws IOException {
    Path base = folder.resolve("base.qcow2");
    Path top = folder.resolve("top.qcow2");
    Path raw = folder.resolve("disk.raw");
    Images.create(base, CreateOptions.qcow2(SIZE));
    Images.create(raw, CreateOptions.raw(SIZE));
    for (Path path : List.of(base, raw)) {
      try (BlockImage image = Images.open(path, OpenOptions.readWrite().withFlushed(false))) {
        image.write(0, ByteBuffer.wrap(content));
      }
    }
    Images.create(top, CreateOptions.qcow2(SIZE).withBacking("base.qcow2", ImageFormat.QCOW2));
    BlockImage overlay = Images.open(top, OpenOptions.readWrite().withFlushed(false));
    overlay.write(65_536, ByteBuffer.wrap(content, 65_536, 65_536));
    overlay.writeZeroes(131_072, 65_536, true);
    return List.of(overlay, Images.open(raw, OpenOptions.readWrite().withFlushed(false)));
  }

  @Test
  void shortReadsOfWhatIsInMemoryAreDoneByTheCaller() throws IOException {
    byte[] content = new byte[SIZE];
    new Random(7).nextBytes(content);
    for (BlockImage image : cached(content)) {
      boolean zeroes = image.toString().contains("top");
      Random random = new Random(8);
      int now = 0;
      try (ImageDevice device = device(image, DeviceOptions.usual())) {
        for (int i = 0; i < 500; i++) {
          int length = 512 * (1 + random.nextInt(64));
          int offset = 512 * random.nextInt((SIZE - length) / 512);
          ByteBuffer first = ByteBuffer.allocateDirect(512);
          ByteBuffer rest = ByteBuffer.allocateDirect(length - 512 + 1).limit(length - 512);
          Request request = new Request(Kind.READ, offset, first, rest);
          if (device.tryNow(request)) {
            assertThat(request.result).isCompletedWithValue(Result.OK);
            now++;
          } else {
            device.submit(request);
            assertThat(request.await()).isEqualTo(Result.OK);
          }
          for (int at = 0; at < length; at++) {
            boolean zero = zeroes && offset + at >= 131_072 && offset + at < 196_608;
            byte wanted = zero ? 0 : content[offset + at];
            byte seen = at < 512 ? first.get(at) : rest.get(at - 512);
            if (seen != wanted) {
              assertThat(seen).as("byte %d of %s", offset + at, image).isEqualTo(wanted);
            }
          }
        }
        assertThat(device.statistics().byKind().get(Kind.READ).operations()).isEqualTo(500);
      }
      if (Files.getFileStore(folder).type().matches("ext4|xfs|btrfs")) {
        assertThat(now).as("of 500 reads of %s", image).isGreaterThan(400);
      }
    }
  }

  @Test
  void aDiskThatIsPausedOrLimitedDoesNothingOnTheCallersThread() throws IOException {
    byte[] content = new byte[SIZE];
    DeviceLimits limits = DeviceLimits.ofOperations(RateLimit.of(1000));
    for (BlockImage image : cached(content)) {
      try (ImageDevice device = device(image, DeviceOptions.usual())) {
        Request request = new Request(Kind.READ, 0, ByteBuffer.allocateDirect(512));
        device.pause();
        assertThat(device.tryNow(request)).isFalse();
        device.resume();
        device.limit(limits);
        assertThat(device.tryNow(request)).isFalse();
        device.limit(DeviceLimits.NONE);
        Request beyond = new Request(Kind.READ, SIZE, ByteBuffer.allocateDirect(512));
        assertThat(device.tryNow(beyond)).isFalse();
        Request write = new Request(Kind.WRITE, 0, ByteBuffer.allocateDirect(512));
        assertThat(device.tryNow(write)).isFalse();
        assertThat(request.result).isNotDone();
      }
    }
  }

  @Test
  void manyRequestsAtOnceKeepTheirData() throws IOException {
    byte[] model = new byte[SIZE];
    Random random = new Random(4);
    try (ImageDevice device = device(qcow2(), DeviceOptions.usual())) {
      for (int round = 0; round < 10; round++) {
        List<Request> requests = new ArrayList<>();
        // Blocks of 4 KiB in random order, many to the same cluster, no two to the same block.
        int[] blocks = random.ints(0, SIZE / 4096).distinct().limit(200).toArray();
        for (int block : blocks) {
          byte[] content = new byte[4096];
          random.nextBytes(content);
          System.arraycopy(content, 0, model, block * 4096, 4096);
          ByteBuffer guest = ByteBuffer.allocateDirect(4096).put(content).flip();
          requests.add(
              new Request(
                  Kind.WRITE, block * 4096L, guest.slice(0, 1024), guest.slice(1024, 3072)));
        }
        requests.forEach(device::submit);
        requests.add(new Request(Kind.FLUSH, 0));
        device.submit(requests.get(requests.size() - 1));
        for (Request request : requests) {
          assertThat(request.await()).isEqualTo(Result.OK);
        }
      }
      assertThat(RandomOperations.content(device.image())).isEqualTo(model);
      DeviceStatistics.Totals writes = device.statistics().byKind().get(Kind.WRITE);
      assertThat(writes.operations()).isEqualTo(2000);
      assertThat(writes.bytes()).isEqualTo(2000L * 4096);
      assertThat(writes.nanos()).isPositive();
      assertThat(device.statistics().underWay()).isZero();
    }
  }

  @Test
  void requestsThatCannotBeAreRefused() throws IOException {
    Path path = folder.resolve("raw");
    Images.create(path, CreateOptions.raw(SIZE));
    OpenOptions raw = OpenOptions.readOnly().withFormat(ImageFormat.RAW);
    DeviceOptions options = DeviceOptions.usual().withBlockSize(4096).withDiscards(false);
    try (ImageDevice device = device(Images.open(path, raw), options)) {
      assertThat(result(device, Kind.READ, SIZE, 4096)).isEqualTo(Result.OUT_OF_RANGE);
      assertThat(result(device, Kind.READ, -4096, 4096)).isEqualTo(Result.OUT_OF_RANGE);
      assertThat(result(device, Kind.READ, Long.MAX_VALUE & -4096, 4096))
          .isEqualTo(Result.OUT_OF_RANGE);
      assertThat(result(device, Kind.READ, 512, 4096)).isEqualTo(Result.OUT_OF_RANGE);
      assertThat(result(device, Kind.WRITE, 0, 4096)).isEqualTo(Result.READ_ONLY);
      assertThat(result(device, Kind.READ, 4096, 4096)).isEqualTo(Result.OK);
      assertThat(device.readOnly()).isTrue();
    }
  }

  private static Result result(ImageDevice device, Kind kind, long offset, int bytes) {
    Request request = new Request(kind, offset, ByteBuffer.allocate(bytes));
    device.submit(request);
    return request.await();
  }

  @Test
  void aPausedDiskStartsNothing() throws IOException {
    try (ImageDevice device = device(qcow2(), DeviceOptions.usual())) {
      device.pause();
      Request request = new Request(Kind.WRITE, 0, ByteBuffer.allocate(4096));
      device.submit(request);
      assertThat(device.statistics().waiting()).isEqualTo(1);
      assertThat(request.result).isNotDone();
      device.resume();
      assertThat(request.await()).isEqualTo(Result.OK);
    }
  }

  @Test
  void aFullHostStopsTheMachineAndTheRequestIsTriedAgain() throws Exception {
    Failing image = new Failing(qcow2(), new AtomicBoolean(true), new AtomicBoolean());
    CompletableFuture<String> stopped = new CompletableFuture<>();
    try (ImageDevice device =
        new ImageDevice("disk0", image, DeviceOptions.usual(), stopped::complete)) {
      Request write = new Request(Kind.WRITE, 0, ByteBuffer.allocate(4096).put(0, (byte) 5));
      device.submit(write);
      assertThat(stopped.get(120, TimeUnit.SECONDS)).contains("no room");
      device.pause();
      assertThat(write.result).isNotDone();
      image.full.set(false);
      device.resume();
      assertThat(write.await()).isEqualTo(Result.OK);
      ByteBuffer got = ByteBuffer.allocate(512);
      Request read = new Request(Kind.READ, 0, got);
      device.submit(read);
      assertThat(read.await()).isEqualTo(Result.OK);
      assertThat(got.get(0)).isEqualTo((byte) 5);
      assertThat(device.statistics().byKind().get(Kind.WRITE).errors()).isEqualTo(1);
    }
  }

  @Test
  void errorsAreReportedOrIgnoredAsThePolicySays() throws IOException {
    Failing image = new Failing(qcow2(), new AtomicBoolean(), new AtomicBoolean(true));
    DeviceOptions usual = DeviceOptions.usual();
    ImageDevice reporting = device(image, usual);
    assertThat(result(reporting, Kind.READ, 0, 512)).isEqualTo(Result.IO_ERROR);
    assertThat(result(reporting, Kind.WRITE, 0, 512)).isEqualTo(Result.IO_ERROR);
    assertThat(reporting.lastError()).contains("broken");
    try (ImageDevice ignoring =
        device(image, usual.withErrors(ErrorPolicy.REPORT, ErrorPolicy.IGNORE))) {
      assertThat(result(ignoring, Kind.WRITE, 0, 512)).isEqualTo(Result.OK);
      assertThat(result(ignoring, Kind.READ, 0, 512)).isEqualTo(Result.IO_ERROR);
    }
    reporting.close();
  }

  @Test
  void sizeAndMediumChangeUnderTheGuest() throws IOException {
    CountDownLatch told = new CountDownLatch(2);
    try (ImageDevice device = device(qcow2(), DeviceOptions.usual())) {
      device.onChange(told::countDown);
      device.resize(2L * SIZE);
      assertThat(device.length()).isEqualTo(2L * SIZE);
      Path other = folder.resolve("other.raw");
      Images.create(other, CreateOptions.raw(1 << 20));
      device.change(Images.open(other, OpenOptions.readOnly()));
      assertThat(device.length()).isEqualTo(1 << 20);
      assertThat(told.getCount()).isZero();
    }
  }

  @Test
  void closingFailsWhatNeverStarted() throws IOException {
    ImageDevice device = device(qcow2(), DeviceOptions.usual());
    device.pause();
    Request request = new Request(Kind.WRITE, 0, ByteBuffer.allocate(512));
    device.submit(request);
    device.close();
    assertThat(request.await()).isEqualTo(Result.IO_ERROR);
    assertThat(result(device, Kind.READ, 0, 512)).isEqualTo(Result.IO_ERROR);
    device.close();
  }

  @Test
  void aLimitHoldsTheRateAndNotTheOtherKind() throws IOException {
    DeviceLimits limits =
        new DeviceLimits(
            RateLimit.NONE,
            RateLimit.NONE,
            RateLimit.of(4 << 20),
            RateLimit.NONE,
            RateLimit.NONE,
            RateLimit.NONE);
    try (ImageDevice device = device(qcow2(), DeviceOptions.usual().withLimits(limits))) {
      long start = System.nanoTime();
      List<Request> writes = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        writes.add(new Request(Kind.WRITE, i * 65536L, ByteBuffer.allocate(65536)));
      }
      writes.forEach(device::submit);
      assertThat(result(device, Kind.READ, 0, 4096)).isEqualTo(Result.OK);
      writes.forEach(Request::await);
      // 2 MiB at 4 MiB a second, of which a tenth of a second goes at once: 0.4 s at least.
      assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(350));
      device.limit(DeviceLimits.NONE);
      assertThat(result(device, Kind.WRITE, 0, 1 << 20)).isEqualTo(Result.OK);
    }
  }
}
