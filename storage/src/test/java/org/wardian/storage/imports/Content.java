package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;

/** Disks with holes, text that can be compressed and noise that cannot, and their comparison. */
final class Content {
  private static final int CHUNK = 64 << 10;

  private Content() {}

  /** A disk of {@code length} bytes; the same seed gives the same disk. */
  static byte[] of(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] disk = new byte[length];
    for (int at = 0; at < length; at += CHUNK) {
      int end = Math.min(length, at + CHUNK);
      switch (random.nextInt(6)) {
        case 0 -> {
          byte[] noise = new byte[end - at];
          random.nextBytes(noise);
          System.arraycopy(noise, 0, disk, at, noise.length);
        }
        case 1 -> Arrays.fill(disk, at, end, (byte) random.nextInt(256));
        case 2 -> {
          // A few sectors of the chunk only.
          for (int i = 0; i < 5 && end - at >= 512; i++) {
            int sector = at + random.nextInt((end - at) / 512) * 512;
            Arrays.fill(disk, sector, sector + 512, (byte) (1 + i));
          }
        }
        default -> {
          // A hole.
        }
      }
    }
    // The first and the last byte, where readers are off by one.
    disk[0] = 1;
    disk[length - 1] = 2;
    return disk;
  }

  /** Writes it, with the holes as holes. */
  static Path file(Path path, byte[] disk) throws IOException {
    return Files.write(path, disk);
  }

  /** The image is that disk, followed by zeroes up to its length, however it is read. */
  static void assertSame(BlockImage image, byte[] disk) throws IOException {
    assertThat(image.length()).isGreaterThanOrEqualTo(disk.length);
    ByteBuffer all = ByteBuffer.allocate((int) image.length());
    image.read(0, all);
    byte[] due = Arrays.copyOf(disk, all.capacity());
    int difference = Arrays.mismatch(all.array(), due);
    assertThat(difference).as("first byte that differs").isEqualTo(-1);

    SplittableRandom random = new SplittableRandom(disk.length);
    for (int i = 0; i < 300; i++) {
      int from = random.nextInt(due.length);
      int count = random.nextInt(Math.min(300_000, due.length - from) + 1);
      ByteBuffer part =
          (i & 1) == 0 ? ByteBuffer.allocate(count + 7) : ByteBuffer.allocateDirect(count + 7);
      part.position(3).limit(3 + count);
      image.read(from, part);
      assertThat(part.position()).isEqualTo(3 + count);
      part.position(3);
      assertThat(part.mismatch(ByteBuffer.wrap(due, from, count))).isEqualTo(-1);
    }
    assertExtents(image, due);
  }

  /** Extents cover the disk, and what is called zero is. */
  private static void assertExtents(BlockImage image, byte[] due) throws IOException {
    long at = 0;
    while (at < image.length()) {
      Extent extent = image.extent(at, image.length() - at);
      assertThat(extent.offset()).isEqualTo(at);
      assertThat(extent.length()).isBetween(1L, image.length() - at);
      if (extent.kind() != Extent.Kind.DATA) {
        for (long i = at; i < at + extent.length(); i++) {
          if (due[(int) i] != 0) {
            throw new AssertionError(extent + " has data at " + i);
          }
        }
      }
      at += extent.length();
    }
  }
}
