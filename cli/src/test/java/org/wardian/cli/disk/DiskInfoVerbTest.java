package org.wardian.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.cli.WardRun;

/** {@code ward disk info} and {@code ward disk map} beside qemu-img's. */
class DiskInfoVerbTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"raw", "qcow2", "vmdk", "vdi", "vpc", "vhdx"})
  void tellsFormatAndSizes(String format) throws Exception {
    Path raw = Disks.raw(folder.resolve("disk.raw"), 5, 2);
    Path file = folder.resolve("disk." + format);
    if (!format.equals("raw")) {
      QemuImg.ok("convert", "-f", "raw", "-O", format, raw, file);
    }

    JsonNode ours = Disks.json("info", file);
    JsonNode theirs =
        Disks.parse(QemuImg.ok("info", "-f", format, "--output=json", file.toString()));

    assertThat(ours.get("format").asText()).isEqualTo(theirs.get("format").asText());
    assertThat(ours.get("virtualSize").asLong()).isEqualTo(theirs.get("virtual-size").asLong());
    // QEMU counts blocks of the file system, which may have set some more aside.
    assertThat(ours.get("diskSize").asLong())
        .isPositive()
        .isLessThanOrEqualTo(Files.size(file))
        .isCloseTo(
            theirs.get("actual-size").asLong(), org.assertj.core.data.Offset.offset(1L << 20));
    assertThat(Disks.ok("info", file))
        .contains("file: " + file + "\n")
        .contains("format: " + format + "\n")
        .contains("virtual size: ")
        .contains("(" + ours.get("virtualSize").asLong() + " bytes)");
  }

  @Test
  void tellsOfTheImagesBehind() throws Exception {
    Path base = folder.resolve("base.vmdk");
    QemuImg.ok("create", "-f", "vmdk", base, "1G");
    Path top = folder.resolve("top.vmdk");
    QemuImg.ok("create", "-f", "vmdk", "-b", base, "-F", "vmdk", top);

    JsonNode chain = Disks.json("info", top).get("backingChain");
    assertThat(chain).hasSize(1);
    assertThat(chain.get(0).get("file").asText()).endsWith("base.vmdk");
    assertThat(Disks.ok("info", top)).contains("behind it:\nfile: " + base);
  }

  @ParameterizedTest
  @CsvSource({"raw", "qcow2", "vmdk", "vdi"})
  void mapsWhatQemuMaps(String format) throws Exception {
    Path raw = Disks.raw(folder.resolve("disk.raw"), 5, 3);
    Path file = folder.resolve("disk." + format);
    if (!format.equals("raw")) {
      QemuImg.ok("convert", "-f", "raw", "-O", format, raw, file);
    }

    JsonNode ours = Disks.json("map", file);
    JsonNode theirs = Disks.parse(QemuImg.ok("map", "-f", format, "--output=json", file));

    boolean[] dataHere = dataSectors(ours);
    assertThat(dataHere).isEqualTo(dataSectors(theirs));
    long end = 0;
    for (JsonNode each : ours) {
      assertThat(each.get("start").asLong()).isEqualTo(end);
      end += each.get("length").asLong();
    }
    assertThat(end).isEqualTo(5 << 20);
    assertThat(offsetOfFirst(ours)).isEqualTo(offsetOfFirst(theirs));
    assertThat(Disks.ok("map", file))
        .startsWith("START")
        .contains("0x0 ")
        .contains(file.toString());
  }

  private static boolean[] dataSectors(JsonNode map) {
    boolean[] data = new boolean[(5 << 20) / 512];
    for (JsonNode each : map) {
      int start = each.get("start").asInt() / 512;
      for (int i = 0; i < each.get("length").asInt() / 512; i++) {
        data[start + i] = each.get("data").asBoolean();
      }
    }
    return data;
  }

  private static long offsetOfFirst(JsonNode map) {
    return map.get(0).get("offset").asLong();
  }

  @Test
  void refusesWhatIsNoDisk() throws Exception {
    Path archive = folder.resolve("disk.img.gz");
    try (var out = new java.util.zip.GZIPOutputStream(Files.newOutputStream(archive))) {
      out.write(new byte[4096]);
    }
    WardRun run = Disks.ward("info", archive);
    assertThat(run.status()).isEqualTo(3);
    assertThat(run.err()).contains("gunzip").hasLineCount(1);
    // Said to be raw, it is.
    assertThat(Disks.json("info", "-f", "raw", archive).get("format").asText()).isEqualTo("raw");

    assertThat(Disks.ward("info", folder.resolve("none")).status()).isEqualTo(2);
    assertThat(Disks.ward("info", folder).status()).isNotZero();
  }

  @Test
  void makesRawDisks() throws Exception {
    Path file = folder.resolve("new.img");
    assertThat(Disks.ok("create", file, "1.5M")).contains("raw").contains("1.5 MiB");
    assertThat(Files.size(file)).isEqualTo(3 << 19);

    WardRun again = Disks.ward("create", file, "2M");
    assertThat(again.status()).isEqualTo(2);
    assertThat(again.err()).contains("exists already").hasLineCount(1);
    assertThat(Disks.ok("create", "--force", file, "2M")).contains("2 MiB");

    Path other = folder.resolve("other.raw");
    Disks.ok("create", other, "1000");
    assertThat(Files.size(other)).isEqualTo(1024);
    Disks.ok("create", "-o", "preallocation=full", folder.resolve("full.raw"), "1M");
    assertThat(Disks.json("info", folder.resolve("full.raw")).get("diskSize").asLong())
        .isEqualTo(1 << 20);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "new.raw | SIZE is needed",
        "new.raw 12Q | is not a disk's size",
        "new.raw +1G | has a size, such as 20G",
        "new.vmdk 1G | only read",
        "new.raw 1G -o cluster_size=4K | a raw image has no cluster_size",
        "new.qcow2 1G -o clusters=4K | there is no option clusters",
        "new.qcow2 1G -o lazy_refcounts=perhaps | on or off",
        "new.qcow2 1G -o cluster_size=4G | a power of two",
        "-f raw -b base.raw new.raw | a raw image has no backing file",
        "-F raw new.qcow2 1G | --backing-format says what"
      })
  void tellsOfMistakes(String arguments, String told) {
    Object[] words =
        java.util.Arrays.copyOf(
            ("create " + arguments).split(" "), arguments.split(" ").length + 1, Object[].class);
    for (int i = 0; i < words.length; i++) {
      if (words[i].toString().startsWith("new.")) {
        words[i] = folder.resolve(words[i].toString());
      }
    }
    WardRun run = Disks.ward(words);
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).startsWith("ward: ").contains(told).hasLineCount(1);
    assertThat(folder).isEmptyDirectory();
  }
}
