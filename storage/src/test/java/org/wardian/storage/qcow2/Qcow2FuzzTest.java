package org.wardian.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.CreateOptions.Compression;
import org.wardian.storage.Images;
import org.wardian.storage.MemoryStore;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;
import org.wardian.storage.Scatter;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.DirtyBitmaps;
import org.wardian.storage.bitmap.RangeBits;

/**
 * Damaged and hostile images: each is used, or refused with an {@link IOException}; none hangs, and
 * none writes guest data where its own tables are.
 */
class Qcow2FuzzTest {
  private static final int SIZE = 512 << 10;
  private static final int[] HEADER_FIELDS = {
    0, 4, 8, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 72, 76, 80, 88, 92, 96, 100,
    104
  };

  @TempDir Path folder;

  private List<byte[]> seeds() throws IOException {
    CreateOptions usual = CreateOptions.qcow2(SIZE).withClusterSize(4096);
    List<CreateOptions> kinds =
        List.of(
            usual,
            usual.withClusterSize(512),
            usual.withVersion(2),
            usual.withLazyRefcounts(true),
            usual.withRefcountBits(1),
            usual.withClusterSize(16 << 10).withExtendedL2(true),
            usual.withCompression(Compression.ZSTD).withRefcountBits(64));
    List<byte[]> seeds = new ArrayList<>();
    for (CreateOptions kind : kinds) {
      Path path = folder.resolve("seed" + seeds.size());
      Images.create(path, kind);
      try (Qcow2Image image = (Qcow2Image) Images.open(path, OpenOptions.readWrite())) {
        Random random = new Random(seeds.size());
        for (int i = 0; i < 12; i++) {
          byte[] content = new byte[1 + random.nextInt(20_000)];
          random.nextBytes(content);
          image.write(random.nextInt(SIZE - content.length), ByteBuffer.wrap(content));
        }
        byte[] even = new byte[image.clusterSize()];
        byte[] packed = image.pack(even);
        if (packed != null) {
          image.writePacked(0, packed);
          image.writePacked(image.clusterSize() * 3L, packed);
        }
        if (kind.refcountBits() > 1) {
          image
              .snapshots()
              .create("kept", Duration.ZERO, area -> area.write(0, ByteBuffer.allocate(5000)));
        }
        image.writeZeroes(64 << 10, 32 << 10, true);
      }
      seeds.add(Files.readAllBytes(path));
    }
    if (Files.isExecutable(Path.of("/usr/bin/qemu-img"))) {
      Path path = folder.resolve("bitmaps");
      Images.create(path, usual);
      QemuTools.img("bitmap", "--add", "-g", "4096", path, "followed");
      QemuTools.img("bitmap", "--add", "--disable", path, "still");
      QemuTools.io(path, List.of("write 0 100000"));
      seeds.add(Files.readAllBytes(path));
    }
    return seeds;
  }

  @Test
  void damagedImagesAreUsedOrRefused() throws IOException {
    List<byte[]> seeds = seeds();
    int iterations = Integer.getInteger("wardian.fuzz.iterations", 3000);
    long seed = Long.getLong("wardian.fuzz.seed", 1);
    int refused = 0;
    int damaged = 0;
    for (int i = 0; i < iterations; i++) {
      Random random = new Random(seed * 1_000_003 + i);
      byte[] file = mutate(seeds.get(random.nextInt(seeds.size())), random);
      try {
        damaged += use(file, random) ? 1 : 0;
      } catch (IOException e) {
        assertThat(e.getMessage()).as("case %d", i).isNotBlank();
        refused++;
      } catch (RuntimeException | Error e) {
        fail("case " + i + " of seed " + seed, e);
      }
    }
    assertThat(refused).isBetween(iterations / 10, iterations);
    assertThat(damaged).isPositive();
  }

  private static byte[] mutate(byte[] valid, Random random) {
    byte[] file = valid.clone();
    ByteBuffer bytes = ByteBuffer.wrap(file);
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      switch (random.nextInt(5)) {
        case 0 -> bytes.putInt(HEADER_FIELDS[random.nextInt(HEADER_FIELDS.length)], value(random));
        case 1 ->
            file[random.nextInt(Math.min(file.length, 300))] ^= (byte) (1 << random.nextInt(8));
        case 2, 3 -> {
          // Entries of tables: 8 bytes, on the starts of clusters or near other entries.
          int at = random.nextInt(file.length / 512) * 512 + random.nextInt(64) * 8;
          bytes.putLong(at, entry(random, file.length));
        }
        default -> {
          if (random.nextInt(4) == 0) {
            file = java.util.Arrays.copyOf(file, random.nextInt(file.length) & -8 | 512);
            bytes = ByteBuffer.wrap(file);
          } else {
            bytes.putLong(random.nextInt(file.length - 8), random.nextLong());
          }
        }
      }
      if (file.length < 1024) {
        break;
      }
    }
    return file;
  }

  private static int value(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt();
      case 1 -> 1 << random.nextInt(32);
      case 2 -> random.nextInt(1 << 20) & -512;
      default -> random.nextInt(70);
    };
  }

  private static long entry(Random random, int size) {
    long flags = random.nextBoolean() ? Geometry.COPIED : 0;
    return switch (random.nextInt(6)) {
      case 0 -> random.nextLong();
      case 1 -> 0;
      case 2 -> Geometry.COMPRESSED | random.nextInt(size) | (long) random.nextInt(16) << 58;
      case 3 -> flags | 1L << 9 + random.nextInt(47);
      default -> flags | (random.nextInt(size) & -512) | random.nextInt(2);
    };
  }

  /** Uses an image as a machine does; whether it was found to be damaged on the way. */
  private static boolean use(byte[] file, Random random) throws IOException {
    MemoryStore store = new MemoryStore(file, false);
    try (Qcow2Image image = open(store, false)) {
      read(image, random);
    }
    IOException found = null;
    try (Qcow2Image image = open(store, true)) {
      for (Snapshot snapshot : image.snapshots().list()) {
        try (BlockImage view = image.snapshots().open(snapshot.id())) {
          read(view, random);
        }
      }
      for (int i = 0; i < 6; i++) {
        change(image, random);
      }
      if (random.nextInt(3) == 0) {
        changeBitmaps(image, random);
        change(image, random);
      }
      if (random.nextInt(4) == 0) {
        image.snapshots().create("new", Duration.ZERO, null);
      }
      if (random.nextInt(4) == 0) {
        image.snapshots().apply("1");
      }
      if (random.nextInt(8) == 0) {
        image.snapshots().delete("kept");
      }
    } catch (IllegalArgumentException noSuchSnapshot) {
      assertThat(noSuchSnapshot).hasMessageContaining("snapshot");
    } catch (IOException e) {
      found = e;
    }
    long[] steps = new long[1];
    Qcow2Check.Watcher watcher =
        (done, total) -> {
          if (++steps[0] > 100_000) {
            throw new CancellationException("a check without end");
          }
          return true;
        };
    Qcow2Check.run(store, Qcow2Check.Repair.NONE, watcher);
    Qcow2Check.run(store, Qcow2Check.Repair.ALL, watcher);
    return found != null;
  }

  private static void changeBitmaps(Qcow2Image image, Random random) throws IOException {
    DirtyBitmaps bitmaps = image.dirtyBitmaps().orElseThrow();
    image.beginBitmaps();
    for (DirtyBitmap bitmap : bitmaps.list()) {
      if (random.nextBoolean()) {
        bitmaps.remove(bitmap);
      }
    }
    image.bitmaps().dropRemoved();
    boolean possible =
        image.bitmaps().refusal("added") == null && RangeBits.fits(12, image.length());
    if (possible && random.nextBoolean()) {
      bitmaps.add(new DirtyBitmap("added", new RangeBits(12, image.length()), true, true));
    }
  }

  private static Qcow2Image open(MemoryStore store, boolean writable) throws IOException {
    return Qcow2File.open(
        store,
        OpenOptions.readWrite().withWritable(writable).withCacheBytes(1 << 20),
        (image, name, format, options) -> {
          throw new IOException("no backing file " + name);
        },
        (image, name, options) -> {
          throw new IOException("no data file " + name);
        });
  }

  private static void read(BlockImage image, Random random) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    for (int i = 0; i < 6; i++) {
      int bytes = (int) Math.min(image.length(), 1 + random.nextInt(buffer.capacity()));
      long at = i == 0 ? 0 : (random.nextLong() >>> 1) % (image.length() - bytes + 1);
      at = i > 3 ? Math.min(at, random.nextInt(SIZE)) : at;
      at = Math.min(at, image.length() - bytes);
      image.read(at, buffer.clear().limit(bytes));
      if (bytes > 0) {
        image.extent(at, bytes);
      }
    }
  }

  private static void change(Qcow2Image image, Random random) throws IOException {
    int bytes = (int) Math.min(image.length(), 512L * (1 + random.nextInt(40)));
    long at = Math.min(random.nextInt(SIZE), image.length() - bytes);
    switch (random.nextInt(6)) {
      case 0 -> image.writeZeroes(at, bytes, random.nextBoolean());
      case 1 -> image.discard(at, bytes);
      case 2 -> image.flush();
      default -> image.write(at, Scatter.of(ByteBuffer.allocate(bytes)));
    }
  }
}
