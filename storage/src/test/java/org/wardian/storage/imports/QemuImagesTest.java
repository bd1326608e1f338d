package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;
import org.wardian.storage.ReadOnlyImageException;

/** Images that qemu-img wrote are read as qemu-img reads them. */
class QemuImagesTest {
  /** No multiple of any block size but the sector's. */
  private static final int ODD = (11 << 20) + 37 * 512;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "vmdk | subformat=monolithicSparse | monolithicSparse",
        "vmdk | subformat=monolithicSparse,compat6=on | monolithicSparse",
        "vmdk | subformat=monolithicSparse,zeroed_grain=on | monolithicSparse",
        "vmdk | subformat=monolithicSparse,adapter_type=lsilogic | monolithicSparse",
        "vmdk | subformat=monolithicFlat | monolithicFlat",
        "vmdk | subformat=twoGbMaxExtentSparse | twoGbMaxExtentSparse",
        "vmdk | subformat=twoGbMaxExtentFlat | twoGbMaxExtentFlat",
        "vmdk | subformat=streamOptimized | streamOptimized",
        "vmdk | subformat=streamOptimized,adapter_type=buslogic,hwversion=8 | streamOptimized",
        "vdi | static=off | dynamic",
        "vdi | static=on | static",
        "vpc | subformat=dynamic | dynamic",
        "vpc | subformat=dynamic,force_size=on | dynamic",
        "vpc | subformat=fixed | fixed",
        "vpc | subformat=fixed,force_size=on | fixed",
        "vhdx | subformat=dynamic | dynamic",
        "vhdx | subformat=dynamic,block_size=1M,log_size=2M | dynamic",
        "vhdx | subformat=dynamic,block_size=32M,block_state_zero=off | dynamic",
        "vhdx | subformat=fixed | fixed"
      })
  void readsWhatQemuWrote(String format, String options, String subformat) throws Exception {
    byte[] disk = Content.of(ODD, options.hashCode());
    Path raw = Content.file(folder.resolve("raw"), disk);
    Path file = folder.resolve("disk." + format);
    QemuTools.img("convert", "-f", "raw", "-O", format, "-o", options, raw, file);

    try (ImportedImage image = Imports.open(file)) {
      assertThat(image.format().text()).isEqualTo(format);
      assertThat(image.subformat()).isEqualTo(subformat);
      Content.assertSame(image, disk);

      Path copy = folder.resolve("copy");
      ByteBuffer all = ByteBuffer.allocate((int) image.length());
      image.read(0, all);
      Files.write(copy, all.array());
      assertThat(QemuTools.img("compare", "-f", "raw", "-F", format, copy, file))
          .contains("Images are identical");
    }
    if (!subformat.equals("fixed") || !format.equals("vpc")) {
      // A fixed VHD is told by its last sector, where a raw disk's guest can write.
      try (BlockImage image = Images.open(file, OpenOptions.readOnly())) {
        assertThat(image).isInstanceOf(ImportedImage.class);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"vmdk,4097M", "vdi,5G", "vpc,6G", "vhdx,40G"})
  void readsFarIntoLargeDisks(String format, String size) throws Exception {
    Path file = folder.resolve("large." + format);
    String options =
        format.equals("vmdk")
            ? "subformat=twoGbMaxExtentSparse"
            : format.equals("vpc") ? "force_size=on" : "";
    if (options.isEmpty()) {
      QemuTools.img("create", "-f", format, file, size);
    } else {
      QemuTools.img("create", "-f", format, "-o", options, file, size);
    }
    // Over the border of two gigabytes, where one extent ends and offsets grow out of 31 bits.
    QemuTools.io(file, List.of("write -P 7 2147418112 131072"), "-f", format);
    QemuTools.io(file, List.of("write -P 9 4294901760 65536"), "-f", format);

    try (ImportedImage image = Imports.open(file)) {
      ByteBuffer part = ByteBuffer.allocate(131072 + 1024);
      image.read(2147418112L - 512, part);
      assertThat(part.get(511)).isZero();
      assertThat(part.get(512)).isEqualTo((byte) 7);
      assertThat(part.get(512 + 131071)).isEqualTo((byte) 7);
      assertThat(part.get(512 + 131072)).isZero();
      ByteBuffer far = ByteBuffer.allocate(512);
      image.read(4294901760L + 65536 - 512, far);
      assertThat(far.get(0)).isEqualTo((byte) 9);

      Extent hole = image.extent(1L << 30, 1 << 20);
      assertThat(hole.kind()).isNotEqualTo(Extent.Kind.DATA);
      assertThat(hole.length()).isEqualTo(1 << 20);
    }
  }

  @Test
  void readsAVmdkAndItsParents() throws Exception {
    byte[] disk = Content.of(ODD, 3);
    Path raw = Content.file(folder.resolve("raw"), disk);
    Path base = folder.resolve("base.vmdk");
    QemuTools.img("convert", "-f", "raw", "-O", "vmdk", raw, base);
    Path middle = folder.resolve("middle.vmdk");
    QemuTools.img("create", "-f", "vmdk", "-b", base, "-F", "vmdk", middle);
    QemuTools.io(middle, List.of("write -P 65 70000 100000"), "-f", "vmdk");
    Path top = folder.resolve("top.vmdk");
    QemuTools.img("create", "-f", "vmdk", "-b", middle, "-F", "vmdk", top);
    QemuTools.io(top, List.of("write -P 66 1048576 512"), "-f", "vmdk");
    java.util.Arrays.fill(disk, 70000, 170000, (byte) 65);
    java.util.Arrays.fill(disk, 1048576, 1048576 + 512, (byte) 66);

    try (ImportedImage image = Imports.open(top)) {
      Content.assertSame(image, disk);
      assertThat(image.parent().orElseThrow().parent()).isPresent();
      assertThat(image.extent(1048576, 512).depth()).isZero();
      assertThat(image.extent(131072, 512).depth()).isEqualTo(1);
    }

    // Written to since: what the children stand on is gone.
    QemuTools.io(base, List.of("write -P 1 0 512"), "-f", "vmdk");
    assertThatThrownBy(() -> Imports.open(top)).hasMessageContaining("was changed since");
    Files.delete(base);
    assertThatThrownBy(() -> Imports.open(top)).hasMessageContaining("is not there");
    try (BlockImage alone =
        Imports.open(
            top,
            OpenOptions.readOnly()
                .withFormat(org.wardian.storage.ImageFormat.VMDK)
                .withChain(false))) {
      assertThat(alone.extent(0, 512).kind()).isEqualTo(Extent.Kind.ABSENT);
    }
  }

  @Test
  void isReadOnly() throws Exception {
    Path file = folder.resolve("disk.vdi");
    QemuTools.img("create", "-f", "vdi", file, "1M");
    try (ImportedImage image = Imports.open(file)) {
      assertThat(image.writable()).isFalse();
      assertThatThrownBy(() -> image.write(0, ByteBuffer.allocate(512)))
          .isInstanceOf(ReadOnlyImageException.class)
          .hasMessageContaining("ward disk convert");
      assertThatThrownBy(() -> image.read(image.length() - 1, ByteBuffer.allocate(2)))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    assertThatThrownBy(() -> Images.open(file, OpenOptions.readWrite()))
        .isInstanceOf(ReadOnlyImageException.class)
        .hasMessageContaining("ward disk convert");
  }
}
