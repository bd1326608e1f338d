package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.storage.QemuTools;

/** VHDX files that stand on others, written by the specification: qemu-img makes none. */
class VhdxChainTest {
  private static final int LENGTH = (5 << 20) + 4096 * 3;
  private static final UUID BASE = UUID.fromString("12345678-9abc-def0-1122-334455667788");
  private static final UUID CHILD = UUID.fromString("02345678-9abc-def0-1122-334455667788");

  @TempDir Path folder;

  private final byte[] baseDisk = Content.of(LENGTH, 1);
  private final byte[] childDisk = Content.of(LENGTH, 2);

  /** Block 0 is there in full, block 1 not at all, the others in part. */
  private static boolean[] sectors(int sectorBytes) {
    SplittableRandom random = new SplittableRandom(sectorBytes);
    boolean[] present = new boolean[LENGTH / sectorBytes];
    int block = (1 << 20) / sectorBytes;
    Arrays.fill(present, 0, block, true);
    for (int i = 2 * block; i < present.length; ) {
      int end = Math.min(present.length, i + 1 + random.nextInt(random.nextInt(200) + 1));
      Arrays.fill(present, i, end, random.nextBoolean());
      i = end;
    }
    return present;
  }

  private static boolean[] all(int sectorBytes) {
    boolean[] present = new boolean[LENGTH / sectorBytes];
    Arrays.fill(present, true);
    return present;
  }

  @ParameterizedTest
  @CsvSource({
    "512, parent_linkage, relative_path, .\\base.vhdx",
    "4096, parent_linkage, absolute_win32_path, C:\\machines\\base.vhdx",
    "512, parent_linkage2, volume_path, \\\\?\\Volume{26A21BDA}\\base.vhdx"
  })
  void readsADifference(int sectorBytes, String linkage, String key, String path) throws Exception {
    new VhdxBuilder(LENGTH, sectorBytes, BASE)
        .write(folder.resolve("base.vhdx"), baseDisk, all(sectorBytes));
    boolean[] inChild = sectors(sectorBytes);
    Path child =
        new VhdxBuilder(LENGTH, sectorBytes, CHILD)
            .parent(linkage, "{" + BASE + "}")
            .parent(key, path)
            .write(folder.resolve("child.vhdx"), childDisk, inChild);

    byte[] merged = baseDisk.clone();
    for (int i = 0; i < inChild.length; i++) {
      if (inChild[i]) {
        System.arraycopy(childDisk, i * sectorBytes, merged, i * sectorBytes, sectorBytes);
      }
    }
    try (ImportedImage image = Imports.open(child)) {
      assertThat(image.subformat()).isEqualTo("differencing");
      Content.assertSame(image, merged);
      for (int i = 0; i < inChild.length; i++) {
        assertThat(image.extent((long) i * sectorBytes, sectorBytes).depth())
            .isEqualTo(inChild[i] ? 0 : 1);
      }
    }
  }

  @Test
  void theBuilderWritesWhatQemuReads() throws Exception {
    Path base =
        new VhdxBuilder(LENGTH, 512, BASE).write(folder.resolve("base.vhdx"), baseDisk, all(512));
    Path raw = folder.resolve("raw");
    QemuTools.img("convert", "-f", "vhdx", "-O", "raw", base, raw);
    assertThat(Files.readAllBytes(raw)).isEqualTo(baseDisk);
  }

  @Test
  void refusesAParentThatWasWrittenTo() throws Exception {
    Path child =
        new VhdxBuilder(LENGTH, 512, CHILD)
            .parent("parent_linkage", "{" + BASE + "}")
            .parent("relative_path", "base.vhdx")
            .write(folder.resolve("child.vhdx"), childDisk, sectors(512));
    assertThatThrownBy(() -> Imports.open(child)).hasMessageContaining("is not there");

    new VhdxBuilder(LENGTH, 512, new UUID(5, 5))
        .write(folder.resolve("base.vhdx"), baseDisk, all(512));
    assertThatThrownBy(() -> Imports.open(child)).hasMessageContaining("was written to since");
  }
}
