package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.storage.QemuTools;

/** What cannot be read is named, with the way out; what is damaged is told, not read. */
class RefusalTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "qcow, qcow version 1",
    "qed, QED",
    "parallels, Parallels",
  })
  void namesOtherFormats(String format, String told) throws Exception {
    Path file = folder.resolve("disk");
    QemuTools.img("create", "-f", format, file, "1M");

    assertThatThrownBy(() -> Imports.open(file))
        .isInstanceOf(ImportException.class)
        .hasMessageContaining(told)
        .hasMessageContaining("qemu-img convert");
  }

  @Test
  void namesAnAppleImage() throws Exception {
    ByteBuffer file = ByteBuffer.allocate(4096);
    file.putInt(4096 - 512, 0x6b6f6c79).putInt(4096 - 508, 4).putInt(4096 - 504, 512);
    assertThatThrownBy(() -> Imports.open(Files.write(folder.resolve("a.dmg"), file.array())))
        .hasMessageContaining("is an Apple disk image");
  }

  @Test
  void namesCompressedFiles() throws Exception {
    Path file = folder.resolve("disk.img.gz");
    try (var out = new java.util.zip.GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(new byte[4096]);
    }
    assertThatThrownBy(() -> Imports.open(file)).hasMessageContaining("gunzip");
  }

  @Test
  void aRawDiskIsNoneOfThese() throws Exception {
    assertThat(Imports.probe(Files.write(folder.resolve("raw"), new byte[1 << 20]))).isEmpty();
    assertThat(Imports.probe(Files.write(folder.resolve("none"), new byte[0]))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "vmdk, monolithicSparse",
    "vmdk, streamOptimized",
    "vmdk, monolithicFlat",
    "vdi, ''",
    "vpc, dynamic",
    "vhdx, dynamic",
  })
  void tellsOfAFileThatIsCutOff(String format, String subformat) throws Exception {
    byte[] disk = Content.of(3 << 20, 5);
    Path raw = Content.file(folder.resolve("raw"), disk);
    Path file = folder.resolve("disk." + format);
    if (subformat.isEmpty()) {
      QemuTools.img("convert", "-O", format, raw, file);
    } else {
      QemuTools.img("convert", "-O", format, "-o", "subformat=" + subformat, raw, file);
    }
    Path data = subformat.equals("monolithicFlat") ? folder.resolve("disk-flat.vmdk") : file;
    long size = Files.size(data);
    for (long cut : new long[] {0, 3, 511, 512, 600, 4096, size / 2, size - 70_000}) {
      if (cut >= size) {
        continue;
      }
      Path copy = Files.createDirectories(folder.resolve("cut-" + cut)).resolve(file.getFileName());
      Files.copy(file, copy);
      Path cutFile = copy.resolveSibling(data.getFileName());
      if (!cutFile.equals(copy)) {
        Files.copy(data, cutFile);
      }
      try (FileChannel channel = FileChannel.open(cutFile, StandardOpenOption.WRITE)) {
        channel.truncate(cut);
      }
      // What is cut off may be a part that the disk does not use; then nothing may be missing.
      ByteBuffer content = ByteBuffer.allocate(disk.length);
      try (ImportedImage image = Imports.open(copy)) {
        image.read(0, content);
        assertThat(content.array()).as("cut off at %s", cut).isEqualTo(disk);
        assertThat(cut).isGreaterThan(size / 2);
      } catch (ImportException e) {
        assertThat(e).hasMessageStartingWith(copy.getParent().toString());
      }
    }
  }

  @Test
  void opensNoFileOutsideOfTheDescriptorsFolder() throws Exception {
    Path secret = Files.write(folder.resolve("secret"), new byte[4096]);
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Files.createSymbolicLink(inner.resolve("link"), secret);
    for (String name : new String[] {"../secret", secret.toString(), "..\\secret", "link", ""}) {
      Path file = inner.resolve("disk.vmdk");
      Files.writeString(
          file,
          "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n"
              + "createType=\"monolithicFlat\"\nRW 8 FLAT \""
              + name
              + "\" 0\n",
          StandardCharsets.UTF_8);
      assertThatThrownBy(() -> Imports.open(file))
          .as(name)
          .isInstanceOf(ImportException.class)
          .hasMessageMatching(".*(beside the descriptor|link to another folder).*");
    }
  }

  @Test
  void aChainThatBitesItsTailEnds() throws Exception {
    Path file = folder.resolve("disk.vmdk");
    Files.writeString(
        file,
        "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=00000001\n"
            + "parentFileNameHint=\"disk.vmdk\"\ncreateType=\"monolithicFlat\"\nRW 8 ZERO\n");
    assertThatThrownBy(() -> Imports.open(file)).hasMessageContaining("its own parent");
  }

  @Test
  void oneExtentOfASplitDiskIsNotTheDisk() throws Exception {
    Path file = folder.resolve("disk.vmdk");
    QemuTools.img("create", "-f", "vmdk", "-o", "subformat=twoGbMaxExtentSparse", file, "3G");
    assertThatThrownBy(() -> Imports.open(folder.resolve("disk-s001.vmdk")))
        .hasMessageContaining("one extent of a split VMDK");
  }
}
