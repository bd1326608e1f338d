package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.block.VirtioBlock;

/** Requests of many runs on the host's files, as the guest's memory is handed to them. */
class BlockOnFileTest {
  private static final int SIZE = 4 << 20;
  private static final int READ = 0;
  private static final int WRITE = 1;

  @TempDir private Path folder;

  private TestDriver driver;
  private DriverQueue queue;
  private long header;
  private long status;
  private long room;

  static Stream<CreateOptions> images() {
    return Stream.of(CreateOptions.raw(SIZE), CreateOptions.qcow2(SIZE));
  }

  @ParameterizedTest
  @MethodSource("images")
  void everyByteGoesToItsPlace(CreateOptions image) throws Exception {
    Path path = folder.resolve("disk");
    Images.create(path, image);
    OpenOptions options = OpenOptions.readWrite().withFormat(image.format()).withFlushed(false);
    try (ImageDevice disk =
            new ImageDevice(
                "disk0", Images.open(path, options), DeviceOptions.usual(), cause -> {});
        TestMachine machine = new TestMachine(new VirtioBlock("disk", disk, "SN", 1))) {
      driver = new TestDriver(machine);
      driver.negotiate(Features.VERSION_1 | Features.INDIRECT);
      queue = driver.queue(0, 256);
      driver.ready();
      header = driver.allocate(16);
      status = driver.allocate(1);
      room = driver.allocate(1 << 20);
      exchange(new byte[SIZE]);
      assertThat(machine.device.failure()).isEmpty();
    }
  }

  /** Half of the disk is never written: those reads find holes. */
  private void exchange(byte[] mirror) {
    Random random = new Random(20);
    for (int round = 0; round < 200; round++) {
      List<Buffer> runs = new ArrayList<>();
      int length = runs(random, runs);
      int sector = random.nextInt((SIZE - length) / 512 + 1);
      boolean write = random.nextBoolean() && sector * 512 + length <= SIZE / 2;
      if (write) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        System.arraycopy(bytes, 0, mirror, sector * 512, length);
        int at = 0;
        for (Buffer run : runs) {
          driver.write(run.address(), Arrays.copyOfRange(bytes, at, at + run.length()));
          at += run.length();
        }
      }
      request(write ? WRITE : READ, sector, runs);
      if (!write) {
        int at = sector * 512;
        for (Buffer run : runs) {
          assertThat(driver.read(run.address(), run.length()))
              .as("round %d, byte %d", round, at)
              .isEqualTo(Arrays.copyOfRange(mirror, at, at + run.length()));
          at += run.length();
        }
      }
    }
  }

  /** Up to 128 runs in 1 MiB, of whatever length, that make sectors; their length. */
  private int runs(Random random, List<Buffer> runs) {
    int count = 1 + random.nextInt(1 << random.nextInt(8));
    int most = (1 << 20) / count;
    int length = 0;
    for (int i = 0; i < count; i++) {
      int bytes = i < count - 1 ? 1 + random.nextInt(most) : 512 - length % 512;
      runs.add(new Buffer(room + (long) i * most + random.nextInt(most - bytes + 1), bytes, false));
      length += bytes;
    }
    return length;
  }

  private void request(int type, int sector, List<Buffer> runs) {
    driver.write(
        header,
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(type)
            .putInt(0)
            .putLong(sector)
            .array());
    List<Buffer> chain = new ArrayList<>();
    chain.add(new Buffer(header, 16, false));
    runs.forEach(run -> chain.add(new Buffer(run.address(), run.length(), type == READ)));
    chain.add(new Buffer(status, 1, true));
    driver.write(status, (byte) 0x55);
    queue.add(chain, chain.size() > 20);
    queue.kick();
    queue.await();
    assertThat(driver.read(status, 1)).containsExactly(0);
  }
}
