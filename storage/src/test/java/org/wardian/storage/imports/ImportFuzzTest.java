package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.Extent;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;

/**
 * Damaged images of every import format: each is read, or refused with one line. The places where
 * headers and tables are get most of the damage.
 */
class ImportFuzzTest {
  /** For each of the formats: together the usual 20,000. */
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000) / 10;

  private static final int LENGTH = 1 << 20;
  private static final int[] INTERESTING = {0, 1, 2, 0x7f, 0x80, 0xfe, 0xff};

  @TempDir Path folder;

  private int opened;
  private int refused;

  /** Ranges of a file that its structures are in. */
  private record Structures(int... bounds) {
    int pick(SplittableRandom random, int size) {
      if (random.nextInt(8) == 0) {
        return random.nextInt(size);
      }
      int pair = random.nextInt(bounds.length / 2) * 2;
      return Math.min(size - 1, bounds[pair] + random.nextInt(bounds[pair + 1] - bounds[pair]));
    }
  }

  private void fuzz(byte[] valid, ImageFormat format, Structures structures) throws IOException {
    SplittableRandom random = new SplittableRandom(valid.length);
    Path file = Files.write(folder.resolve("fuzzed." + format.text()), valid);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int i = 0; i < ITERATIONS; i++) {
        int damages = 1 + random.nextInt(3);
        int[] places = new int[damages];
        for (int k = 0; k < damages; k++) {
          int at = structures.pick(random, valid.length);
          places[k] = at;
          damage(channel, valid, at, random);
        }
        boolean cut = random.nextInt(40) == 0;
        if (cut) {
          channel.truncate(random.nextInt(valid.length));
        }
        attempt(file, format);
        if (cut) {
          channel.write(ByteBuffer.wrap(valid), 0);
        }
        for (int at : places) {
          channel.write(ByteBuffer.wrap(valid, at, Math.min(8, valid.length - at)), at);
        }
      }
    }
    // A fuzzer whose inputs all fail at the first check would prove nothing.
    assertThat(opened).isGreaterThan(ITERATIONS / 50);
    assertThat(refused).isGreaterThan(ITERATIONS / 50);
  }

  private static void damage(FileChannel channel, byte[] valid, int at, SplittableRandom random)
      throws IOException {
    int length = Math.min(1 + random.nextInt(8), valid.length - at);
    byte[] bytes = Arrays.copyOfRange(valid, at, at + length);
    switch (random.nextInt(4)) {
      case 0 -> bytes[0] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[0] = (byte) random.nextInt(256);
      case 2 -> Arrays.fill(bytes, (byte) INTERESTING[random.nextInt(INTERESTING.length)]);
      default -> {
        int from = random.nextInt(valid.length - length + 1);
        System.arraycopy(valid, from, bytes, 0, length);
      }
    }
    channel.write(ByteBuffer.wrap(bytes), at);
  }

  private void attempt(Path file, ImageFormat format) throws IOException {
    try (ImportedImage image =
        Imports.open(file, OpenOptions.readOnly().withFormat(format).withLocked(false))) {
      ByteBuffer part = ByteBuffer.allocate(20_000);
      for (long at : new long[] {0, image.length() / 2, image.length() - part.capacity()}) {
        if (at >= 0 && at + part.capacity() <= image.length()) {
          image.read(at, part.clear());
        }
      }
      if (image.length() > 0) {
        Extent extent = image.extent(0, image.length());
        assertThat(extent.length()).isBetween(1L, image.length());
      }
      opened++;
    } catch (ImageFormatException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
      refused++;
    }
  }

  private byte[] converted(String format, String options) throws Exception {
    Path raw = Content.file(folder.resolve("raw"), Content.of(LENGTH, 6));
    Path file = folder.resolve("made." + format);
    QemuTools.img("convert", "-O", format, "-o", options, raw, file);
    return Files.readAllBytes(file);
  }

  @Test
  void vmdkSparse() throws Exception {
    byte[] valid = converted("vmdk", "subformat=monolithicSparse");
    int directory = ByteBuffer.wrap(valid).order(java.nio.ByteOrder.LITTLE_ENDIAN).getInt(56) * 512;
    fuzz(valid, ImageFormat.VMDK, new Structures(0, 80, 512, 1024, directory, directory + 2600));
  }

  @Test
  void vmdkStream() throws Exception {
    byte[] valid = converted("vmdk", "subformat=streamOptimized");
    fuzz(
        valid,
        ImageFormat.VMDK,
        new Structures(0, 80, 512, 1024, 65536, 66000, valid.length - 1024, valid.length - 900));
  }

  @Test
  void vmdkDescriptor() throws Exception {
    byte[] valid = converted("vmdk", "subformat=monolithicFlat");
    fuzz(valid, ImageFormat.VMDK, new Structures(0, valid.length));
  }

  @Test
  void vdi() throws Exception {
    fuzz(converted("vdi", "static=off"), ImageFormat.VDI, new Structures(0x40, 0x1c8, 512, 520));
  }

  @Test
  void vhd() throws Exception {
    // Checksums would refuse nearly all damage: most of it goes to tables and bitmaps.
    byte[] valid = converted("vpc", "subformat=dynamic");
    fuzz(valid, ImageFormat.VHD, new Structures(0, 512, 512, 1536, 1536, 1540, 1536, 3072));
  }

  @Test
  void vhdDifferencing() throws Exception {
    byte[] disk = Content.of(LENGTH, 7);
    boolean[] present = new boolean[LENGTH / 512];
    for (int i = 0; i < present.length; i++) {
      present[i] = i % 7 < 3;
    }
    new VhdBuilder(LENGTH, 1 << 16, new UUID(1, 1)).write(folder.resolve("p.vhd"), disk, present);
    byte[] valid =
        new VhdBuilder(LENGTH, 1 << 16, new UUID(2, 2))
            .parent(new UUID(1, 1), "p.vhd")
            .build(disk, present);
    fuzz(valid, ImageFormat.VHD, new Structures(1536, 3200, 1536, 1600, 512, 1536));
  }

  @Test
  void vhdx() throws Exception {
    byte[] disk = Content.of(LENGTH, 7);
    boolean[] present = new boolean[LENGTH / 512];
    Arrays.fill(present, true);
    byte[] valid = new VhdxBuilder(LENGTH, 512, new UUID(1, 1)).build(disk, present);
    fuzz(
        valid,
        ImageFormat.VHDX,
        new Structures(
            65536,
            65620,
            196608,
            196700,
            2 << 20,
            (2 << 20) + 300,
            (2 << 20) + 65536,
            (2 << 20) + 65590,
            3 << 20,
            (3 << 20) + 16,
            3 << 20,
            (3 << 20) + 16));
  }

  @Test
  void vhdxDifferencing() throws Exception {
    byte[] disk = Content.of(LENGTH, 7);
    boolean[] present = new boolean[LENGTH / 512];
    for (int i = 0; i < present.length; i++) {
      present[i] = i % 7 < 3;
    }
    UUID parent = new UUID(1, 1);
    boolean[] all = new boolean[present.length];
    Arrays.fill(all, true);
    new VhdxBuilder(LENGTH, 512, parent).write(folder.resolve("p.vhdx"), disk, all);
    byte[] valid =
        new VhdxBuilder(LENGTH, 512, new UUID(2, 2))
            .parent("parent_linkage", "{" + parent + "}")
            .parent("relative_path", "p.vhdx")
            .build(disk, present);
    int bitmapEntry = (3 << 20) + 4096 * 8;
    fuzz(
        valid,
        ImageFormat.VHDX,
        new Structures(
            (2 << 20) + 65536,
            (2 << 20) + 65600,
            (2 << 20) + 69632,
            (2 << 20) + 69900,
            3 << 20,
            (3 << 20) + 8,
            bitmapEntry,
            bitmapEntry + 8,
            4 << 20,
            (4 << 20) + 300));
  }

  @Test
  void ova() throws Exception {
    byte[] vmdk = converted("vmdk", "subformat=streamOptimized");
    byte[] valid = new OvaBuilder().disk("a.vmdk", vmdk, LENGTH, false).build();
    fuzz(valid, ImageFormat.OVA, new Structures(0, 512, 512, 3072, 1024, 3600));
  }

  @Test
  void noise() throws Exception {
    SplittableRandom random = new SplittableRandom(9);
    ImageFormat[] formats = {
      ImageFormat.VMDK, ImageFormat.VDI, ImageFormat.VHD, ImageFormat.VHDX, ImageFormat.OVA
    };
    for (int i = 0; i < ITERATIONS; i++) {
      byte[] bytes = new byte[random.nextInt(5000)];
      random.nextBytes(bytes);
      attempt(Files.write(folder.resolve("noise"), bytes), formats[i % formats.length]);
    }
    assertThat(opened).isZero();
  }
}
