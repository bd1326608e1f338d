package org.wardian.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.cli.WardRun;

/** {@code ward disk compare} beside {@code qemu-img compare}: the same verdict, the same status. */
class DiskCompareVerbTest {
  @TempDir Path folder;

  private Path raw;

  @BeforeEach
  void disk() throws Exception {
    raw = Disks.raw(folder.resolve("disk.raw"), 5, 1);
  }

  private static void write(Path file, long at, int value) throws Exception {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {(byte) value}), at);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2", "vmdk", "vdi", "vhdx"})
  void equalDisks(String format) throws Exception {
    Path other = folder.resolve("other." + format);
    QemuImg.ok("convert", "-f", "raw", "-O", format, raw, other);

    assertThat(Disks.ok("compare", raw, other)).isEqualTo("The disks are equal.\n");
    assertThat(Disks.json("compare", other, raw).get("equal").asBoolean()).isTrue();
  }

  @Test
  void aByteThatDiffers() throws Exception {
    Path other = Files.copy(raw, folder.resolve("other.raw"));
    write(other, 3_333_333, 99);

    WardRun run = Disks.ward("compare", "-f", "raw", "-F", "raw", raw, other);
    QemuImg theirs = QemuImg.run("compare", "-f", "raw", "-F", "raw", raw, other);

    assertThat(run.status()).isEqualTo(1).isEqualTo(theirs.status());
    assertThat(run.out()).contains("differ").contains("3333333");
    WardRun json = Disks.ward("compare", raw, other, "--json");
    assertThat(json.status()).isEqualTo(1);
    assertThat(Disks.parse(json.out()).get("offset").asLong()).isEqualTo(3_333_333);
  }

  @Test
  void aLongerDisk() throws Exception {
    Path longer = Files.copy(raw, folder.resolve("longer.raw"));
    write(longer, 7 * (1 << 20) - 1, 0);
    assertThat(Disks.ok("compare", raw, longer)).contains("equal").contains("7340032");
    assertThat(Disks.ward("compare", "--strict", raw, longer).status()).isEqualTo(1);
    assertThat(Disks.ward("compare", longer, raw, "-s").out()).contains("5242880");

    write(longer, 6 << 20, 1);
    WardRun run = Disks.ward("compare", longer, raw);
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out()).contains(String.valueOf(6 << 20));
  }

  @Test
  void whatCannotBeComparedHasTheStatusOfAnError() throws Exception {
    WardRun missing = Disks.ward("compare", raw, folder.resolve("none"));
    assertThat(missing.status()).isEqualTo(2);
    assertThat(missing.err()).startsWith("ward: ").contains("no such file").hasLineCount(1);
    assertThat(Disks.ward("compare", raw).status()).isEqualTo(2);
    assertThat(Disks.ward("compare", raw, raw, "-f", "qcow2").status()).isEqualTo(2);
    assertThat(Disks.ward("compare", raw, raw, "-f", "zip").status()).isEqualTo(2);
  }

  @Test
  void tellsHowFarItIs() throws Exception {
    WardRun run = Disks.ward("compare", "--progress", raw, raw);
    assertThat(run.status()).isZero();
    assertThat(run.err()).contains("disk.raw: 20 %").contains("disk.raw: 100 %");
  }
}
