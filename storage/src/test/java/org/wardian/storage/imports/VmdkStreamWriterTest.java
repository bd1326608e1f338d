package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;
import org.wardian.storage.operation.Progress;

/** Stream-optimised VMDKs of ours are read by QEMU and by ourselves. */
class VmdkStreamWriterTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {512, 65536, (33 << 20) + 512 * 3, 64 << 20})
  void isReadByQemu(int length) throws Exception {
    byte[] disk = Content.of(length, length);
    Path raw = Content.file(folder.resolve("raw"), disk);
    Path file = folder.resolve("disk.vmdk");
    try (BlockImage source = Images.open(raw, OpenOptions.readOnly())) {
      VmdkStreamWriter.write(source, file, Progress.NONE);
    }

    assertThat(QemuTools.img("compare", "-f", "raw", "-F", "vmdk", raw, file))
        .contains("identical");
    assertThat(QemuTools.img("info", file)).contains("streamOptimized");
    assertThat(QemuTools.img("check", "-f", "vmdk", file)).contains("No errors");
    try (ImportedImage image = Imports.open(file)) {
      assertThat(image.length()).isEqualTo(length);
      Content.assertSame(image, disk);
    }
  }

  @Test
  void writesADiskOfNothing() throws Exception {
    Path raw = Files.write(folder.resolve("raw"), new byte[5 << 20]);
    Path file = folder.resolve("disk.vmdk");
    try (BlockImage source = Images.open(raw, OpenOptions.readOnly())) {
      VmdkStreamWriter.write(source, file, Progress.NONE);
      assertThatThrownBy(() -> VmdkStreamWriter.write(source, file, Progress.NONE))
          .isInstanceOf(FileAlreadyExistsException.class);
    }
    assertThat(Files.size(file)).isLessThan(128 << 10);
    assertThat(QemuTools.img("compare", "-f", "raw", "-F", "vmdk", raw, file))
        .contains("identical");
  }

  @Test
  void leavesNothingWhenItIsEnded() throws Exception {
    Path raw = Content.file(folder.resolve("raw"), Content.of(4 << 20, 1));
    Path file = folder.resolve("disk.vmdk");
    try (BlockImage source = Images.open(raw, OpenOptions.readOnly())) {
      assertThatThrownBy(
              () -> VmdkStreamWriter.write(source, file, (done, total) -> done < 2 << 20))
          .isInstanceOf(CancellationException.class);
    }
    assertThat(file).doesNotExist();
  }
}
