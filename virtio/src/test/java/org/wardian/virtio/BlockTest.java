package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockRequest;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.block.VirtioBlock;

/** The block device by its protocol (virtio 1.2 §5.2). */
class BlockTest {
  private static final long FLUSH = 1L << 9;
  private static final long CONFIG_WCE = 1L << 11;
  private static final long AGREED = Features.VERSION_1 | FLUSH | CONFIG_WCE;
  private static final int SECTORS = 256;

  private final MemoryDisk disk = new MemoryDisk(SECTORS * 512, false);
  private TestMachine machine = machine(disk);
  private TestDriver driver = new TestDriver(machine);
  private DriverQueue queue;

  private static TestMachine machine(MemoryDisk disk) {
    return new TestMachine(new VirtioBlock("disk", disk, "SN-0123456789", 2));
  }

  @BeforeEach
  void begin() {
    open(AGREED);
  }

  private void open(long features) {
    driver.negotiate(features);
    queue = driver.queue(0, 64);
    driver.ready();
  }

  @AfterEach
  void end() {
    assertThat(machine.device.failure()).isEmpty();
    machine.close();
    disk.close();
  }

  private long header(int type, long sector) {
    long at = driver.allocate(16);
    driver.write(
        at,
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(type)
            .putInt(0)
            .putLong(sector)
            .array());
    return at;
  }

  /** Sends a request; its status. */
  private int request(int type, long sector, Buffer... data) {
    List<Buffer> chain = new ArrayList<>();
    chain.add(new Buffer(header(type, sector), 16, false));
    chain.addAll(List.of(data));
    long status = driver.allocate(1);
    driver.write(status, (byte) 0x55);
    chain.add(new Buffer(status, 1, true));
    queue.transact(chain);
    return driver.read(status, 1)[0];
  }

  private Buffer out(byte[] bytes) {
    long at = driver.allocate(bytes.length);
    driver.write(at, bytes);
    return new Buffer(at, bytes.length, false);
  }

  private Buffer room(int length) {
    return new Buffer(driver.allocate(length), length, true);
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void saysHowLargeItIs() {
    assertThat(driver.deviceConfig(0, 8)).isEqualTo(SECTORS);
    assertThat(driver.deviceConfig(20, 4)).isEqualTo(512);
    assertThat(driver.deviceConfig(34, 2)).isEqualTo(2);
    disk.grow(2 * SECTORS * 512);
    assertThat(driver.deviceConfig(0, 8)).isEqualTo(2 * SECTORS);
  }

  @Test
  void writesAndReadsAcrossSeveralRuns() {
    byte[] bytes = noise(1536);
    byte[] first = Arrays.copyOf(bytes, 700);
    byte[] rest = Arrays.copyOfRange(bytes, 700, 1536);
    assertThat(request(1, 3, out(first), out(rest))).isZero();
    assertThat(Arrays.copyOfRange(disk.content, 1536, 3072)).isEqualTo(bytes);
    Buffer one = room(1000);
    Buffer two = room(536);
    assertThat(request(0, 3, one, two)).isZero();
    assertThat(driver.read(one.address(), 1000)).isEqualTo(Arrays.copyOf(bytes, 1000));
    assertThat(driver.read(two.address(), 536)).isEqualTo(Arrays.copyOfRange(bytes, 1000, 1536));
  }

  @Test
  void aDoorbellReadsBeforeItReturnsWhatIsInMemory() {
    disk.longestNow = 4096;
    byte[] bytes = noise(4096);
    System.arraycopy(bytes, 0, disk.content, 8192, 4096);
    for (int i = 0; i < 100; i++) {
      Buffer data = room(4096);
      long status = driver.allocate(1);
      TestDriver.await("idle", machine.device::idle);
      queue.add(
          List.of(new Buffer(header(0, 16), 16, false), data, new Buffer(status, 1, true)), false);
      queue.kick();
      assertThat(queue.poll()).isNotNull();
      assertThat(driver.read(status, 1)[0]).isZero();
      assertThat(driver.read(data.address(), 4096)).isEqualTo(bytes);
    }
    Buffer longer = room(8192);
    assertThat(request(0, 16, longer)).as("a longer one takes the disk's thread").isZero();
    assertThat(driver.read(longer.address(), 4096)).isEqualTo(bytes);
  }

  @Test
  void whatIsNotOnTheDiskIsAnError() {
    assertThat(request(0, SECTORS, room(512))).isEqualTo(1);
    assertThat(request(0, SECTORS - 1, room(1024))).isEqualTo(1);
    assertThat(request(1, -1, out(noise(512)))).isEqualTo(1);
    assertThat(request(1, Long.MIN_VALUE, out(noise(512)))).isEqualTo(1);
    assertThat(request(1, 1L << 55, out(noise(512)))).isEqualTo(1);
    assertThat(request(0, 0, room(100))).isEqualTo(1);
    assertThat(request(77, 0, room(512))).as("an unknown request").isEqualTo(2);
  }

  @Test
  void everyEndingHasItsStatus() {
    disk.ending = BlockRequest.Result.IO_ERROR;
    assertThat(request(0, 0, room(512))).isEqualTo(1);
    disk.ending = BlockRequest.Result.NO_SPACE;
    assertThat(request(1, 0, out(noise(512)))).isEqualTo(1);
    disk.ending = BlockRequest.Result.UNSUPPORTED;
    assertThat(request(4, 0)).isEqualTo(2);
  }

  @Test
  void tellsItsSerialNumber() {
    Buffer id = room(20);
    assertThat(request(8, 0, id)).isZero();
    assertThat(new String(driver.read(id.address(), 20), StandardCharsets.US_ASCII))
        .isEqualTo("SN-0123456789" + "\0".repeat(7));
  }

  private Buffer range(long sector, int sectors, int flags) {
    return out(
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(sector)
            .putInt(sectors)
            .putInt(flags)
            .array());
  }

  @Test
  void zeroesAndDiscardsRanges() {
    assertThat(request(1, 0, out(noise(2048)))).isZero();
    assertThat(request(13, 0, range(1, 1, 1))).isZero();
    assertThat(request(11, 0, range(2, 1, 0))).isZero();
    byte[] expected = noise(2048);
    Arrays.fill(expected, 512, 1536, (byte) 0);
    assertThat(Arrays.copyOf(disk.content, 2048)).isEqualTo(expected);
    assertThat(disk.done())
        .containsExactly(
            BlockRequest.Kind.WRITE, BlockRequest.Kind.WRITE_ZEROES, BlockRequest.Kind.DISCARD);
    assertThat(request(11, 0, range(2, 1, 1))).as("a flag of zeroing").isEqualTo(2);
    assertThat(request(13, 0, range(2, 1, 2))).as("an unknown flag").isEqualTo(2);
    assertThat(request(13, 0, range(2, -1, 0))).as("too long").isEqualTo(1);
    assertThat(request(13, 0, range(SECTORS, 1, 0))).isEqualTo(1);
  }

  @Test
  void aWriteIsStableWithoutTheCache() {
    driver.deviceConfig(32, 1, 0);
    assertThat(request(1, 0, out(noise(512)))).isZero();
    driver.deviceConfig(32, 1, 1);
    assertThat(request(1, 0, out(noise(512)))).isZero();
    assertThat(request(4, 0)).isZero();
    assertThat(disk.done())
        .containsExactly(
            BlockRequest.Kind.WRITE,
            BlockRequest.Kind.FLUSH,
            BlockRequest.Kind.WRITE,
            BlockRequest.Kind.FLUSH);
  }

  @Test
  void aDriverThatCannotFlushWritesThrough() {
    open(Features.VERSION_1);
    assertThat(request(1, 0, out(noise(512)))).isZero();
    assertThat(disk.done()).containsExactly(BlockRequest.Kind.WRITE, BlockRequest.Kind.FLUSH);
  }

  @Test
  void aReadOnlyDiskSaysSo() {
    machine.close();
    MemoryDisk fixed = new MemoryDisk(1024, true);
    machine = machine(fixed);
    driver = new TestDriver(machine);
    assertThat(driver.offered() & (1 << 5 | 1 << 13 | 1 << 14)).isEqualTo(1 << 5);
    open(AGREED);
    assertThat(request(1, 0, out(noise(512)))).isEqualTo(1);
    assertThat(request(13, 0, range(0, 1, 0))).isEqualTo(1);
    assertThat(request(0, 0, room(512))).isZero();
    fixed.close();
  }

  @Test
  void everyQueueWorks() {
    open(AGREED | 1 << 12);
    DriverQueue second = driver.queue(1, 32);
    queue = second;
    assertThat(request(4, 0)).isZero();
  }

  @Test
  void whatIsUnderWayIsSavedAndDoneByTheOther() {
    disk.pause();
    Buffer data = out(noise(512));
    long status = driver.allocate(1);
    queue.add(
        List.of(new Buffer(header(1, 7), 16, false), data, new Buffer(status, 1, true)), false);
    queue.kick();
    TestDriver.await("the request's arrival", machine.device::idle);
    machine.pci.pause();
    StateWriter out = new StateWriter();
    machine.pci.save(out);
    MemoryDisk target = new MemoryDisk(SECTORS * 512, false);
    TestMachine other = new TestMachine(new VirtioBlock("disk", target, "SN-0123456789", 2), false);
    byte[] ram = new byte[(int) TestMachine.RAM];
    machine.memory.read(0, ram, 0, ram.length);
    other.memory.write(0, ram, 0, ram.length);
    StateReader in = new StateReader(out.toByteArray());
    other.pci.load(in);
    in.finish();
    other.pci.start();
    queue.movedTo(driver.movedTo(other)).await();
    assertThat(Arrays.copyOfRange(target.content, 3584, 4096)).isEqualTo(noise(512));
    other.close();
    target.close();
    machine.pci.resume();
  }

  @Test
  void aResetWaitsForTheDisk() {
    disk.pause();
    Buffer data = room(512);
    queue.add(
        List.of(new Buffer(header(0, 0), 16, false), data, new Buffer(driver.allocate(1), 1, true)),
        false);
    queue.kick();
    TestDriver.await("the request's arrival", machine.device::idle);
    driver.status(0);
    assertThat(driver.status()).as("not reset while the disk may write").isNotZero();
    disk.resume();
    TestDriver.await("the reset", () -> driver.status() == 0);
  }
}
