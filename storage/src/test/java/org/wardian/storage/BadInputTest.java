package org.wardian.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.storage.device.TemporaryOverlay;

/** What cannot work is refused by a message that names the file, the fault and the remedy. */
class BadInputTest {
  private static final OpenOptions READ = OpenOptions.readOnly();
  private static final OpenOptions WRITE = OpenOptions.readWrite();

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void create() throws IOException {
    path = folder.resolve("disk.qcow2");
    Images.create(path, CreateOptions.qcow2(64 << 20));
  }

  private void patch(int offset, long value, int bytes) throws IOException {
    byte[] file = Files.readAllBytes(path);
    for (int i = 0; i < bytes; i++) {
      file[offset + i] = (byte) (value >>> 8 * (bytes - 1 - i));
    }
    Files.write(path, file);
  }

  @ParameterizedTest
  @CsvSource({
    "4, 4, 4, has version 4",
    "20, 63, 4, has clusters of 2^63 bytes",
    "20, 8, 4, has clusters of 2^8 bytes",
    "24, -1, 8, bytes large",
    "24, 1152921504606846976, 8, too small for its size",
    "32, 1, 4, encrypted (AES)",
    "32, 2, 4, encrypted (LUKS)",
    "36, 2147483647, 4, has an L1 table of 2147483647 entries",
    "40, 65537, 8, has its L1 table at offset 65537",
    "40, 9223372036854710272, 8, behind the file's end",
    "48, 512, 8, has its refcount table at offset 512",
    "56, 1000000, 4, has a refcount table of 1000000 clusters",
    "60, 70000, 4, has 70000 snapshots",
    "72, 32, 8, features that are not known here: bit 5",
    "72, 1, 1, features that are not known here: bit 56",
    "96, 7, 4, reference counts of 2^7 bits",
    "100, 8, 4, has a header of 8 bytes",
    "104, 9, 1, compression type 9",
    "8, 70000, 8, backing file name of 0 bytes",
    "112, 3852080842, 4, leaves the header cluster",
  })
  void absurdHeaders(int offset, long value, int bytes, String message) throws IOException {
    patch(offset, value, bytes);
    if (offset == 112) {
      patch(116, 0x7fffffff, 4);
    }
    assertThatThrownBy(() -> Images.open(path, READ.withFormat(ImageFormat.QCOW2)))
        .isInstanceOf(ImageFormatException.class)
        .hasMessageContaining(path.toString())
        .hasMessageContaining(message);
  }

  @Test
  void everyTruncationIsRefusedOrReads() throws IOException {
    byte[] file = Files.readAllBytes(path);
    for (int size = 0; size < file.length; size += size < 600 ? 7 : 9973) {
      Files.write(path, java.util.Arrays.copyOf(file, size));
      try (BlockImage image = Images.open(path, READ.withFormat(ImageFormat.QCOW2))) {
        image.read(0, ByteBuffer.allocate(4096));
      } catch (IOException e) {
        assertThat(e).hasMessageContaining(path.toString());
      }
    }
  }

  @Test
  void aChainThatLeadsBackToItself() throws IOException {
    Path other = folder.resolve("other.qcow2");
    Images.create(other, CreateOptions.qcow2(-1).withBacking("disk.qcow2", ImageFormat.QCOW2));
    QemuTools.require();
    QemuTools.img("rebase", "-u", "-F", "qcow2", "-b", "other.qcow2", path);
    assertThatThrownBy(() -> Images.open(path, READ))
        .isInstanceOf(ImageFormatException.class)
        .hasMessageContaining("backing file of itself");
  }

  @Test
  void aBackingFileThatIsMissing() throws IOException {
    Path overlay = folder.resolve("overlay.qcow2");
    Images.create(overlay, CreateOptions.qcow2(-1).withBacking("disk.qcow2", ImageFormat.QCOW2));
    Files.delete(path);
    assertThatThrownBy(() -> Images.open(overlay, READ))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("disk.qcow2")
        .hasMessageContaining("overlay.qcow2")
        .hasMessageContaining("rebase");
  }

  @Test
  void filesThatAreNoImages() {
    assertThatThrownBy(() -> Images.open(folder, READ)).hasMessageContaining("is a directory");
    assertThatThrownBy(() -> Images.open(folder.resolve("none"), READ))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Images.create(path, CreateOptions.qcow2(1 << 20)))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessageContaining("exists already");
    assertThatThrownBy(() ->
            Images.create(
                folder.resolve("new"), CreateOptions.qcow2(1 << 20).withClusterSize(1000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("power of two");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  @Test
  void aGuestCannotMakeItsProbedRawDiskAnotherFormat() throws IOException {
    Path raw = folder.resolve("guest.raw");
    Images.create(raw, CreateOptions.raw(1 << 20));
    ByteBuffer header = ByteBuffer.wrap(Files.readAllBytes(path), 0, 512);
    try (BlockImage image = Images.open(raw, WRITE)) {
      assertThatThrownBy(() -> image.write(0, header.duplicate()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("give its format (raw) by name");
      image.write(0, ByteBuffer.allocate(4096));
    }
    try (BlockImage image = Images.open(raw, WRITE.withFormat(ImageFormat.RAW))) {
      image.write(0, header.duplicate());
    }
    try (BlockImage image = Images.open(raw, READ.withFormat(ImageFormat.RAW))) {
      assertThat(image.length()).isEqualTo(1 << 20);
    }
  }

  @Test
  void twoWritersOfOneImage() throws IOException {
    try (BlockImage first = Images.open(path, WRITE)) {
      assertThat(first.writable()).isTrue();
      for (OpenOptions second : new OpenOptions[] {WRITE, READ}) {
        assertThatThrownBy(() -> Images.open(path, second))
            .isInstanceOf(ImageInUseException.class)
            .hasMessageContaining(path.toString());
      }
      Images.open(path, READ.withLocked(false)).close();
      QemuTools.require();
      assertThat(QemuTools.run("qemu-img", "info", path).output()).contains("lock");
      assertThat(QemuTools.run("qemu-io", "-c", "write 0 512", path).output()).contains("lock");
    }
    try (BlockImage one = Images.open(path, READ);
        BlockImage two = Images.open(path, READ)) {
      assertThat(one.length()).isEqualTo(two.length());
      assertThatThrownBy(() -> Images.open(path, WRITE)).isInstanceOf(ImageInUseException.class);
      assertThat(QemuTools.run("qemu-img", "info", path).status()).isZero();
    }
  }

  @Test
  void aWriterOfQemuKeepsUsOut() throws IOException, InterruptedException {
    QemuTools.require();
    Process qemu =
        new ProcessBuilder("qemu-io", "-f", "qcow2", path.toString())
            .redirectErrorStream(true)
            .start();
    try {
      qemu.getOutputStream()
          .write("write 0 512\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
      qemu.getOutputStream().flush();
      qemu.inputReader().readLine();
      assertThatThrownBy(() -> Images.open(path, WRITE)).isInstanceOf(ImageInUseException.class);
      assertThatThrownBy(() -> Images.open(path, READ)).isInstanceOf(ImageInUseException.class);
    } finally {
      qemu.getOutputStream().close();
      qemu.waitFor();
    }
    Images.open(path, WRITE).close();
  }

  @Test
  void guestDataNeverGoWhereTablesAre() throws IOException {
    try (BlockImage image = Images.open(path, WRITE)) {
      image.write(0, ByteBuffer.allocate(512));
    }
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path));
    int l1 = (int) file.getLong(40);
    int l2 = (int) (file.getLong(l1) & 0xfffffffffffe00L);
    patch(l2, 1L << 63 | l1, 8);
    try (BlockImage image = Images.open(path, WRITE)) {
      assertThatThrownBy(() -> image.write(0, ByteBuffer.allocate(512)))
          .isInstanceOf(ImageFormatException.class)
          .hasMessageContaining("guest data mapped onto a table");
      assertThatThrownBy(() -> image.write(1 << 20, ByteBuffer.allocate(512)))
          .isInstanceOf(ReadOnlyImageException.class);
    }
    assertThatThrownBy(() -> Images.open(path, WRITE))
        .isInstanceOf(ImageFormatException.class)
        .hasMessageContaining("repair");
    assertThat(Files.readAllBytes(path)[l1 + 7]).isEqualTo(file.get(l1 + 7));
  }

  @Test
  void aFullHostIsAnErrorAndNoDamage() throws IOException {
    Path small = folder.resolve("small");
    Files.createDirectory(small);
    QemuTools.Outcome mounted =
        QemuTools.run("mount", "-t", "tmpfs", "-o", "size=3m", "none", small);
    assumeTrue(mounted.status() == 0, "mounting a small file system needs root");
    try {
      Path disk = small.resolve("full.qcow2");
      Images.create(disk, CreateOptions.qcow2(64 << 20));
      byte[] content = new byte[100_000];
      java.util.Arrays.fill(content, (byte) 7);
      int written = 0;
      try (BlockImage image = Images.open(disk, WRITE)) {
        boolean full = false;
        while (!full) {
          try {
            image.write(written * 200_192L, ByteBuffer.wrap(content));
            written++;
          } catch (NoSpaceException e) {
            assertThat(e).hasMessageContaining(disk.toString());
            full = true;
          }
        }
        for (int i = 0; i < written; i++) {
          ByteBuffer got = ByteBuffer.allocate(content.length);
          image.read(i * 200_192L, got);
          assertThat(got.array()).isEqualTo(content);
        }
        image.discard(0, 2L << 20);
        image.flush();
        image.write(0, ByteBuffer.wrap(content));
      }
      assertThat(written).isPositive();
      QemuTools.require();
      QemuTools.Outcome check = QemuTools.run("qemu-img", "check", disk);
      assertThat(check.output()).doesNotContain("ERROR");
    } finally {
      QemuTools.run("umount", small);
    }
  }

  @Test
  void changesOfAThrowAwayOverlayAreGone() throws IOException {
    byte[] before = Files.readAllBytes(path);
    try (BlockImage image = TemporaryOverlay.open(path, READ)) {
      image.write(0, ByteBuffer.allocate(4096).put(0, (byte) 1));
      ByteBuffer got = ByteBuffer.allocate(1);
      image.read(0, got);
      assertThat(got.get(0)).isEqualTo((byte) 1);
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
  }
}
