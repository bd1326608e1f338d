package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.QemuTools;

/** A VHDX that was not closed: what its log says is read, and the file stays as it is. */
class VhdxLogTest {
  private static final int LENGTH = 4 << 20;
  private static final UUID LOG_IDENTIFIER =
      UUID.fromString("aabbccdd-1111-2222-3333-444455556666");
  private static final int SECTOR = 4096;

  @TempDir Path folder;

  private final byte[] disk = Content.of(LENGTH, 8);
  private final VhdxBuilder builder = new VhdxBuilder(LENGTH, 512, new UUID(1, 1));
  private ByteBuffer file;

  /** Where the disk's first byte lies in the file. */
  private int data;

  @BeforeEach
  void build() {
    boolean[] all = new boolean[LENGTH / 512];
    Arrays.fill(all, true);
    file = ByteBuffer.wrap(builder.build(disk, all)).order(ByteOrder.LITTLE_ENDIAN);
    data = 5 << 20;
  }

  private void markOpen() {
    builder.header(file, 64 << 10, 3, LOG_IDENTIFIER);
  }

  /**
   * Writes an entry into the log: data sectors, then one descriptor of zeroes.
   *
   * @param at in the log; it may wrap around
   * @param target where the data goes in the file; sector i is filled by the value {@code fill + i}
   * @return bytes of the entry
   */
  private int entry(
      int at,
      int tail,
      long sequence,
      long target,
      int sectors,
      int fill,
      long zeroAt,
      long zeroes) {
    int descriptors = sectors + (zeroes > 0 ? 1 : 0);
    int head = (64 + 32 * descriptors + SECTOR - 1) / SECTOR * SECTOR;
    int length = head + sectors * SECTOR;
    ByteBuffer entry = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    entry.put(0, "loge".getBytes(StandardCharsets.US_ASCII));
    entry.putInt(8, length).putInt(12, tail).putLong(16, sequence).putInt(24, descriptors);
    VhdxBuilder.guid(entry, 32, LOG_IDENTIFIER);
    long size = Math.max(file.limit(), target + (long) sectors * SECTOR);
    entry.putLong(48, file.limit()).putLong(56, size);
    for (int i = 0; i < sectors; i++) {
      byte[] sector = new byte[SECTOR];
      Arrays.fill(sector, (byte) (fill + i));
      int descriptor = 64 + 32 * i;
      entry.put(descriptor, "desc".getBytes(StandardCharsets.US_ASCII));
      entry.put(descriptor + 4, sector, SECTOR - 4, 4).put(descriptor + 8, sector, 0, 8);
      entry.putLong(descriptor + 16, target + (long) i * SECTOR).putLong(descriptor + 24, sequence);
      int content = head + i * SECTOR;
      entry.put(content, sector);
      entry.put(content, "data".getBytes(StandardCharsets.US_ASCII));
      entry.putInt(content + 4, (int) (sequence >>> 32));
      entry.putInt(content + SECTOR - 4, (int) sequence);
    }
    if (zeroes > 0) {
      int descriptor = 64 + 32 * sectors;
      entry.put(descriptor, "zero".getBytes(StandardCharsets.US_ASCII));
      entry.putLong(descriptor + 8, zeroes).putLong(descriptor + 16, zeroAt);
      entry.putLong(descriptor + 24, sequence);
    }
    entry.putInt(4, VhdxHeader.checksum(entry, 4));
    int first = Math.min(length, VhdxBuilder.MIB - at);
    file.put(VhdxBuilder.LOG + at, entry, 0, first);
    file.put(VhdxBuilder.LOG, entry, first, length - first);
    return length;
  }

  private void fill(long target, int sectors, int fill) {
    for (int i = 0; i < sectors; i++) {
      int at = (int) (target - data) + i * SECTOR;
      Arrays.fill(disk, at, at + SECTOR, (byte) (fill + i));
    }
  }

  /** The disk is read as the log has it, and the file is not touched. */
  private void assertRead() throws Exception {
    Path path = Files.write(folder.resolve("open.vhdx"), file.array());
    try (ImportedImage image = Imports.open(path)) {
      Content.assertSame(image, disk);
      assertThat(image.details()).containsEntry("log replayed in memory", "yes");
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(file.array());
  }

  /** The same, and QEMU makes the same of a copy that it may repair. */
  private void assertReplayed() throws Exception {
    assertRead();
    Path repaired = Files.write(folder.resolve("repaired.vhdx"), file.array());
    QemuTools.img("check", "-r", "all", "-f", "vhdx", repaired);
    Path raw = folder.resolve("raw");
    QemuTools.img("convert", "-f", "vhdx", "-O", "raw", repaired, raw);
    assertThat(Arrays.mismatch(Files.readAllBytes(raw), disk)).isEqualTo(-1);
  }

  @Test
  void oneEntry() throws Exception {
    markOpen();
    long target = data + 8 * SECTOR;
    entry(0, 0, 100, target, 3, 10, data + (1 << 20), 2 * SECTOR);
    fill(target, 3, 10);
    Arrays.fill(disk, 1 << 20, (1 << 20) + 2 * SECTOR, (byte) 0);
    assertReplayed();
  }

  @Test
  void laterEntriesWin() throws Exception {
    markOpen();
    long target = data + 20 * SECTOR;
    int next = entry(8192, 8192, 7, target, 6, 50, 0, 0);
    entry(8192 + next, 8192, 8, target + 2 * SECTOR, 1, 90, target + 4 * SECTOR, SECTOR);
    fill(target, 6, 50);
    fill(target + 2 * SECTOR, 1, 90);
    Arrays.fill(disk, 24 * SECTOR, 25 * SECTOR, (byte) 0);
    assertReplayed();
  }

  @Test
  void aLogThatWrapsAround() throws Exception {
    markOpen();
    int start = VhdxBuilder.MIB - 2 * SECTOR;
    int length = entry(start, start, 40, data, 4, 30, 0, 0);
    entry((start + length) % VhdxBuilder.MIB, start, 41, data + 9 * SECTOR, 2, 60, 0, 0);
    fill(data, 4, 30);
    fill(data + 9 * SECTOR, 2, 60);
    // QEMU 7.2 takes the second entry, whose tail is not in its run, for a sequence of its own.
    assertRead();
  }

  @Test
  void whatIsNoPartOfTheSequenceIsNotReplayed() throws Exception {
    markOpen();
    long target = data + 30 * SECTOR;
    // The newest entry says that its tail is itself: the one before it is done with.
    int next = entry(0, 0, 500, target, 1, 20, 0, 0);
    next += entry(next, next, 501, target + SECTOR, 1, 40, 0, 0);
    // An older run elsewhere, and one whose checksum is wrong.
    entry(512 << 10, 512 << 10, 90, target + 5 * SECTOR, 1, 70, 0, 0);
    int torn = 64 << 10;
    entry(torn, torn, 900, target + 6 * SECTOR, 1, 80, 0, 0);
    file.put(VhdxBuilder.LOG + torn + 5000, (byte) 1);
    fill(target + SECTOR, 1, 40);
    // QEMU 7.2 replays entries that come before the tail too.
    assertRead();
  }

  @Test
  void theBlockTableIsReadThroughTheLog() throws Exception {
    markOpen();
    // A table of which nothing is present: the sector is all of it.
    long table = 3L << 20;
    entry(0, 0, 1, 0, 0, 0, table, SECTOR);
    Arrays.fill(disk, (byte) 0);
    assertReplayed();
  }

  @Test
  void anOpenFileWithoutASoundLogIsRefused() throws Exception {
    markOpen();
    Path path = Files.write(folder.resolve("open.vhdx"), file.array());
    assertThatThrownBy(() -> Imports.open(path)).hasMessageContaining("no sound entry");
  }

  @Test
  void entriesThatOverlapEndInTime() throws Exception {
    markOpen();
    // Each sector claims to begin an entry as long as the log.
    for (int at = 0; at < VhdxBuilder.MIB; at += SECTOR) {
      int position = VhdxBuilder.LOG + at;
      file.put(position, "loge".getBytes(StandardCharsets.US_ASCII));
      file.putInt(position + 8, VhdxBuilder.MIB);
    }
    Path path = Files.write(folder.resolve("open.vhdx"), file.array());
    assertThatThrownBy(() -> Imports.open(path)).hasMessageContaining("overlap");
  }

  /** Entries that are wrong in a field, but have the checksum of what they are. */
  @Test
  void fuzzedEntriesAreReplayedOrRefused() throws Exception {
    markOpen();
    int second = entry(0, 0, 100, data + 8 * SECTOR, 3, 10, data + (1 << 20), 2 * SECTOR);
    entry(second, 0, 101, data + 40 * SECTOR, 2, 60, 0, 0);
    byte[] log = new byte[second + 4 * SECTOR];
    file.get(VhdxBuilder.LOG, log);
    Path path = Files.write(folder.resolve("fuzzed.vhdx"), file.array());
    SplittableRandom random = new SplittableRandom(12);
    int iterations = Integer.getInteger("wardian.fuzz.iterations", 20_000) / 20;
    int opened = 0;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      for (int i = 0; i < iterations; i++) {
        ByteBuffer damaged = ByteBuffer.wrap(log.clone()).order(ByteOrder.LITTLE_ENDIAN);
        int at = random.nextBoolean() ? 0 : second;
        for (int k = random.nextInt(3); k >= 0; k--) {
          damage(damaged, at + random.nextInt(64 + 4 * 32), random);
        }
        int length = Math.clamp(damaged.getInt(at + 8), SECTOR, log.length - at);
        ByteBuffer entry = damaged.slice(at, length).order(ByteOrder.LITTLE_ENDIAN);
        damaged.putInt(at + 4, VhdxHeader.checksum(entry, 4));
        channel.write(damaged.clear(), VhdxBuilder.LOG);
        opened += opens(path) ? 1 : 0;
      }
    }
    assertThat(opened).isBetween(iterations / 50, iterations - 1);
  }

  private static void damage(ByteBuffer log, int at, SplittableRandom random) {
    switch (random.nextInt(4)) {
      case 0 -> log.put(at, (byte) random.nextInt(256));
      case 1 -> log.put(at, (byte) (log.get(at) ^ 1 << random.nextInt(8)));
      case 2 -> log.putLong(at, random.nextBoolean() ? -1 : Long.MIN_VALUE);
      default -> log.putInt(at, (random.nextInt(64) - 8) * SECTOR);
    }
  }

  private static boolean opens(Path path) throws IOException {
    try (ImportedImage image = Imports.open(path)) {
      for (long at : new long[] {0, 8 * SECTOR, 40 * SECTOR, 1 << 20}) {
        image.read(at, ByteBuffer.allocate(2 * SECTOR));
      }
      return true;
    } catch (ImageFormatException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
      return false;
    }
  }
}
