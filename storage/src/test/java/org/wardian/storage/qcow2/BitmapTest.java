package org.wardian.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;

/** Dirty bitmaps that QEMU made stay right when we write. */
class BitmapTest {
  private static final OpenOptions WRITE = OpenOptions.readWrite();
  private static final int GRANULARITY = 64 << 10;

  @TempDir Path folder;
  private Path path;

  @BeforeAll
  static void tools() {
    QemuTools.require();
  }

  @BeforeEach
  void create() {
    path = folder.resolve("disk.qcow2");
    QemuTools.img("create", "-q", "-f", "qcow2", path, "64M");
    QemuTools.img("bitmap", "--add", path, "followed");
    QemuTools.img("bitmap", "--add", "--disable", path, "still");
  }

  /** A bitmap's bits as QEMU has them: a copy of the disk has data where a bit is set. */
  private String dirty(String bitmap) {
    return QemuTools.img(
        "map",
        "--output=json",
        "--image-opts",
        "driver=nbd,server.type=unix,server.path="
            + folder.resolve("socket")
            + ",x-dirty-bitmap=qemu:dirty-bitmap:"
            + bitmap);
  }

  private String served(String bitmap) throws IOException, InterruptedException {
    Path socket = folder.resolve("socket");
    Process server =
        new ProcessBuilder(
                "qemu-nbd",
                "-r",
                "-f",
                "qcow2",
                "-B",
                bitmap,
                "-k",
                socket.toString(),
                path.toString())
            .redirectErrorStream(true)
            .start();
    try {
      while (!Files.exists(socket) && server.isAlive()) {
        Thread.sleep(10);
      }
      return dirty(bitmap);
    } finally {
      server.destroy();
      server.waitFor();
      Files.deleteIfExists(socket);
    }
  }

  private void write(long offset, int bytes) throws IOException {
    try (Qcow2Image image = (Qcow2Image) Images.open(path, WRITE)) {
      image.write(offset, ByteBuffer.allocate(bytes));
    }
  }

  @Test
  void enabledOnesFollowWritesAndOthersStay() throws Exception {
    write(5L * GRANULARITY + 100 * 512, 40 << 10);
    write(1000L * GRANULARITY, 512);
    assertThat(QemuTools.img("check", path)).contains("No errors");
    String info = QemuTools.img("info", "--output=json", path);
    assertThat(info).contains("followed").contains("still").doesNotContain("in-use");
    String map = served("followed");
    // Where a bit is set, the map says that there is no data.
    assertThat(map)
        .contains("\"start\": " + 5 * GRANULARITY + ", \"length\": " + 2 * GRANULARITY)
        .contains("\"start\": " + 1000L * GRANULARITY + ", \"length\": " + GRANULARITY);
    assertThat(served("still")).contains("\"start\": 0, \"length\": " + (64 << 20));
  }

  @Test
  void marksTellThatAWriterDidNotFinish() throws IOException {
    try (Qcow2Image image = (Qcow2Image) Images.open(path, WRITE)) {
      image.write(0, ByteBuffer.allocate(512));
      image.flush();
      Path copy = folder.resolve("copy.qcow2");
      Files.copy(path, copy);
      assertThat(QemuTools.img("info", "--output=json", copy)).contains("in-use");
    }
    assertThat(QemuTools.img("info", "--output=json", path)).doesNotContain("in-use");
  }

  @Test
  void readingTouchesNothing() throws IOException {
    byte[] before = Files.readAllBytes(path);
    try (Qcow2Image image = (Qcow2Image) Images.open(path, WRITE)) {
      image.read(0, ByteBuffer.allocate(4096));
      assertThat(image.bitmaps().list())
          .extracting(BitmapTracker.Bitmap::name)
          .containsExactly("followed", "still");
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
  }

  @Test
  void aDiskThatGrowsHasAllOfTheNewPartMarked() throws Exception {
    try (Qcow2Image image = (Qcow2Image) Images.open(path, WRITE)) {
      image.resize(128L << 20);
    }
    assertThat(QemuTools.img("check", path)).contains("No errors");
    assertThat(served("followed"))
        .contains("\"start\": " + (64 << 20) + ", \"length\": " + (64 << 20));
  }
}
