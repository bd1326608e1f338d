package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.storage.Extent;
import org.wardian.storage.QemuTools;

/** VHDs that stand on others, written by the specification: qemu-img makes none. */
class VhdChainTest {
  private static final int LENGTH = (1 << 20) + 512 * 9;
  private static final UUID BASE = new UUID(1, 2);
  private static final UUID CHILD = new UUID(3, 4);

  @TempDir Path folder;

  private final byte[] baseDisk = Content.of(LENGTH, 1);
  private final byte[] childDisk = Content.of(LENGTH, 2);
  private final boolean[] inChild = sectors(3);

  private static boolean[] sectors(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    boolean[] present = new boolean[LENGTH / 512];
    for (int i = 0; i < present.length; ) {
      boolean value = random.nextBoolean();
      int end = Math.min(present.length, i + 1 + random.nextInt(random.nextInt(400) + 1));
      Arrays.fill(present, i, end, value);
      i = end;
    }
    return present;
  }

  private byte[] merged() {
    byte[] merged = baseDisk.clone();
    for (int i = 0; i < inChild.length; i++) {
      if (inChild[i]) {
        System.arraycopy(childDisk, i * 512, merged, i * 512, 512);
      }
    }
    return merged;
  }

  private static boolean[] all() {
    boolean[] present = new boolean[LENGTH / 512];
    Arrays.fill(present, true);
    return present;
  }

  @ParameterizedTest
  @CsvSource({
    "65536, base.vhd, 0, ''",
    "4096, base.vhd, 0, ''",
    "2097152, base.vhd, 0, ''",
    "65536, nothing, 1462923893, .\\base.vhd", // W2ru
    "65536, nothing, 1462922101, C:\\machines\\old\\base.vhd", // W2ku
    "65536, nothing, 1298228056, file://localhost/machines/base.vhd" // MacX
  })
  void readsADifference(int block, String name, int platform, String locator) throws Exception {
    new VhdBuilder(LENGTH, 1 << 16, BASE).write(folder.resolve("base.vhd"), baseDisk, all());
    Path child =
        new VhdBuilder(LENGTH, block, CHILD)
            .parent(BASE, name)
            .locator(platform, locator)
            .write(folder.resolve("child.vhd"), childDisk, inChild);

    try (ImportedImage image = Imports.open(child)) {
      assertThat(image.subformat()).isEqualTo("differencing");
      Content.assertSame(image, merged());
      for (int i = 0; i < inChild.length; i++) {
        Extent extent = image.extent(i * 512L, 512);
        assertThat(extent.depth()).as("sector %s", i).isEqualTo(inChild[i] ? 0 : 1);
      }
    }
  }

  @Test
  void theBuilderWritesWhatQemuReads() throws Exception {
    Path base =
        new VhdBuilder(LENGTH, 1 << 21, BASE).write(folder.resolve("base.vhd"), baseDisk, all());
    Path raw = folder.resolve("raw");
    QemuTools.img("convert", "-f", "vpc", "-O", "raw", base, raw);

    assertThat(Files.readAllBytes(raw)).isEqualTo(baseDisk);
  }

  @Test
  void refusesAnotherParent() throws Exception {
    Path child =
        new VhdBuilder(LENGTH, 1 << 16, CHILD)
            .parent(BASE, "base.vhd")
            .write(folder.resolve("child.vhd"), childDisk, inChild);
    assertThatThrownBy(() -> Imports.open(child))
        .hasMessageContaining("base.vhd")
        .hasMessageContaining("is not there");

    new VhdBuilder(LENGTH, 1 << 16, new UUID(9, 9))
        .write(folder.resolve("base.vhd"), baseDisk, all());
    assertThatThrownBy(() -> Imports.open(child)).hasMessageContaining("is another image");
  }

  @Test
  void refusesAChainThatBitesItsTail() throws Exception {
    Path a =
        new VhdBuilder(LENGTH, 1 << 16, BASE)
            .parent(CHILD, "b.vhd")
            .write(folder.resolve("a.vhd"), baseDisk, inChild);
    new VhdBuilder(LENGTH, 1 << 16, CHILD)
        .parent(BASE, "a.vhd")
        .write(folder.resolve("b.vhd"), childDisk, inChild);
    assertThatThrownBy(() -> Imports.open(a)).hasMessageContaining("its own parent");
  }

  @Test
  void aDamagedFooterIsReplacedByItsCopy() throws Exception {
    byte[] file = new VhdBuilder(LENGTH, 1 << 16, BASE).build(baseDisk, all());
    file[file.length - 500] ^= 1;
    try (ImportedImage image = Imports.open(Files.write(folder.resolve("a.vhd"), file))) {
      Content.assertSame(image, baseDisk);
    }
    file[20] ^= 1;
    assertThatThrownBy(() -> Imports.open(Files.write(folder.resolve("b.vhd"), file)))
        .hasMessageContaining("no sound VHD footer");
  }

  @Test
  void sectorsOutsideOfTheBitmapAreZeroes() throws Exception {
    Path file =
        new VhdBuilder(LENGTH, 1 << 16, BASE).write(folder.resolve("a.vhd"), childDisk, inChild);
    try (ImportedImage image = Imports.open(file)) {
      ByteBuffer sector = ByteBuffer.allocate(512);
      for (int i = 0; i < inChild.length; i++) {
        image.read(i * 512L, sector.clear());
        byte[] due = new byte[512];
        if (inChild[i]) {
          System.arraycopy(childDisk, i * 512, due, 0, 512);
        }
        assertThat(sector.array()).isEqualTo(due);
      }
    }
  }
}
