package org.wardian.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.cli.WardRun;
import org.wardian.storage.FileStore;

/** The verbs that change an image, beside qemu-img on a copy of it. */
class DiskChangeVerbsTest {
  @TempDir Path folder;

  private Path raw;
  private Path base;

  @BeforeEach
  void disk() throws Exception {
    raw = Disks.raw(folder.resolve("disk.raw"), 5, 21);
    base = folder.resolve("base.qcow2");
    QemuImg.ok("convert", "-f", "raw", "-O", "qcow2", raw, base);
  }

  private static void assertSame(Path one, Path other) throws Exception {
    assertThat(QemuImg.ok("compare", one, other)).contains("identical");
    QemuImg.ok("check", "-f", "qcow2", one);
  }

  private Path overlay(String name) throws Exception {
    Path overlay = folder.resolve(name);
    Disks.ok("create", "--backing", "base.qcow2", overlay);
    QemuImg.io("-f", "qcow2", "-c", "write -P 77 1000000 300000", overlay);
    return overlay;
  }

  @Test
  void createRecordsTheBackingFileAndItsFormat() throws Exception {
    Path overlay = overlay("top.qcow2");

    JsonNode theirs = Disks.parse(QemuImg.ok("info", "--output=json", overlay));
    assertThat(theirs.get("backing-filename").asText()).isEqualTo("base.qcow2");
    assertThat(theirs.get("backing-filename-format").asText()).isEqualTo("qcow2");
    assertThat(theirs.get("virtual-size").asLong()).isEqualTo(5 << 20);
    JsonNode ours = Disks.json("info", overlay);
    assertThat(ours.get("backingFile").asText()).isEqualTo("base.qcow2");
    assertThat(ours.get("backingChain").get(0).get("file").asText()).endsWith("base.qcow2");

    Files.delete(base);
    assertThat(Disks.json("info", overlay).get("backingChain").get(0).get("missing").asBoolean())
        .isTrue();
    assertThat(Disks.ok("info", overlay)).contains("missing: yes");
    WardRun map = Disks.ward("map", overlay);
    assertThat(map.status()).isEqualTo(2);
    assertThat(map.err()).contains("backing file of").hasLineCount(1);
  }

  @Test
  void anOverlayStandsOnAnImageOfAnotherMachine() throws Exception {
    Path vmdk = folder.resolve("base.vmdk");
    QemuImg.ok("convert", "-f", "raw", "-O", "vmdk", raw, vmdk);
    Path overlay = folder.resolve("top.qcow2");

    Disks.ok("create", "-b", "base.vmdk", overlay);
    assertSame(overlay, raw);
    QemuImg.io("-f", "qcow2", "-c", "write -P 77 1000000 300000", overlay);
    Path ours = folder.resolve("ours.raw");
    Disks.ok("convert", overlay, ours);

    assertSame(overlay, ours);
    assertThat(Disks.json("info", overlay).get("backingChain").get(0).get("format").asText())
        .isEqualTo("vmdk");
    WardRun commit = Disks.ward("commit", overlay);
    assertThat(commit.status()).isEqualTo(3);
    assertThat(commit.err()).contains("only read").hasLineCount(1);
  }

  @Test
  void anImageInUseIsLookedAtOnlyIfTold() throws Exception {
    try (FileStore machine = FileStore.open(base, true, true)) {
      WardRun refused = Disks.ward("resize", base, "9M");
      assertThat(refused.status()).isEqualTo(5);
      assertThat(refused.err()).contains("base.qcow2").hasLineCount(1);
      assertThat(Disks.ward("check", base).status()).isEqualTo(1);
      assertThat(Disks.ward("create", "--force", base, "9M").status()).isEqualTo(5);
      assertThat(Disks.ward("convert", "--force", raw, base).status()).isEqualTo(5);
      assertThat(Disks.json("info", "--in-use", base).get("virtualSize").asLong())
          .isEqualTo(5 << 20);
      assertThat(machine.size()).isEqualTo(Files.size(base));
    }
    assertSame(base, raw);
  }

  @Test
  void mapTellsWhichImageHasWhat() throws Exception {
    Path overlay = overlay("top.qcow2");
    JsonNode ours = Disks.json("map", overlay);
    JsonNode theirs = Disks.parse(QemuImg.ok("map", "--output=json", overlay));

    assertThat(depths(ours)).isEqualTo(depths(theirs));
    assertThat(Disks.ok("map", overlay)).contains("top.qcow2").contains("base.qcow2");
  }

  /** For each 64 KiB whether it has data, and where in the chain. */
  private static String depths(JsonNode map) {
    StringBuilder text = new StringBuilder();
    for (JsonNode each : map) {
      boolean data = each.get("data").asBoolean();
      String mark = data ? each.get("depth").asText() : ".";
      text.append(mark.repeat((each.get("length").asInt() + 65535) / 65536));
    }
    return text.toString();
  }

  @Test
  void commitWritesIntoTheBackingFile() throws Exception {
    Path overlay = overlay("top.qcow2");
    Path whole = folder.resolve("whole.qcow2");
    QemuImg.ok("convert", "-O", "qcow2", overlay, whole);

    assertThat(Disks.ok("commit", overlay)).contains("committed");

    assertSame(base, whole);
    assertSame(overlay, whole);
    assertThat(Disks.ok("map", overlay)).doesNotContain("top.qcow2");
    WardRun none = Disks.ward("commit", base);
    assertThat(none.status()).isEqualTo(2);
    assertThat(none.err()).contains("no backing file");
  }

  @Test
  void rebaseKeepsTheDisk() throws Exception {
    Path overlay = overlay("top.qcow2");
    Path whole = folder.resolve("whole.qcow2");
    QemuImg.ok("convert", "-O", "qcow2", overlay, whole);
    Path other = folder.resolve("other.qcow2");
    QemuImg.ok("create", "-f", "qcow2", other, "5M");
    QemuImg.io("-f", "qcow2", "-c", "write -P 3 0 2M", other);

    Disks.ok("rebase", "--backing", "other.qcow2", overlay);
    assertThat(Disks.json("info", overlay).get("backingFile").asText()).isEqualTo("other.qcow2");
    assertSame(overlay, whole);

    Disks.ok("rebase", "-b", "", overlay);
    assertThat(Disks.json("info", overlay).has("backingFile")).isFalse();
    assertSame(overlay, whole);
  }

  @Test
  void anUnsafeRebaseOnlyChangesTheName() throws Exception {
    Path overlay = overlay("top.qcow2");
    Path moved = Files.createDirectory(folder.resolve("moved")).resolve("base.qcow2");
    Files.move(base, moved);
    assertThat(Disks.ward("rebase", "-b", "moved/base.qcow2", overlay).status()).isNotZero();
    Disks.ok("rebase", "--unsafe", "-b", "moved/base.qcow2", overlay);
    QemuImg.ok("check", overlay);
    assertThat(Disks.ok("map", overlay)).contains("moved");

    WardRun unknown = Disks.ward("rebase", "-u", "-b", "nowhere", overlay);
    assertThat(unknown.status()).isEqualTo(2);
    assertThat(unknown.err()).contains("--backing-format");
  }

  @Test
  void resizeGrowsAndShrinksOnlyIfTold() throws Exception {
    assertThat(Disks.ok("resize", base, "+1M")).contains("6 MiB").contains("5 MiB");
    assertThat(Disks.json("resize", base, "8M").get("virtualSizeBefore").asLong())
        .isEqualTo(6 << 20);
    WardRun refused = Disks.ward("resize", base, "2M");
    assertThat(refused.status()).isEqualTo(2);
    assertThat(refused.err()).contains("--shrink").hasLineCount(1);
    assertThat(Disks.ward("resize", base, "-9M", "--shrink").err()).contains("cannot be taken");
    Disks.ok("resize", "--shrink", base, "-3M");
    assertSame(base, raw);
    Disks.ok("resize", "--shrink", raw, "1M");
    assertThat(Files.size(raw)).isEqualTo(1 << 20);
    Path vdi = folder.resolve("disk.vdi");
    QemuImg.ok("create", "-f", "vdi", vdi, "1M");
    WardRun foreign = Disks.ward("resize", vdi, "2M");
    assertThat(foreign.status()).isEqualTo(3);
    assertThat(foreign.err()).contains("ward disk convert").hasLineCount(1);
  }

  @Test
  void snapshotsAreMadeListedAppliedAndDeleted() throws Exception {
    assertThat(Disks.ok("snapshot", "create", base, "clean")).contains("clean");
    QemuImg.io("-f", "qcow2", "-c", "write -P 99 0 3M", base);
    QemuImg.ok("snapshot", "-c", "theirs", base);

    JsonNode list = Disks.json("snapshot", "list", base);
    assertThat(list).hasSize(2);
    assertThat(list.get(0).get("name").asText()).isEqualTo("clean");
    assertThat(list.get(0).get("id").asText()).isEqualTo("1");
    assertThat(Disks.ok("snapshot", "ls", base)).contains("ID").contains("theirs");
    assertThat(Disks.ok("info", base)).contains("snapshots:").contains("clean");
    assertThat(QemuImg.ok("snapshot", "-l", base)).contains("clean");

    Disks.ok("snapshot", "apply", base, "clean");
    assertSame(base, raw);
    Disks.ok("snapshot", "delete", base, "theirs");
    Disks.ok("snapshot", "rm", base, "1");
    assertThat(Disks.json("snapshot", "list", base)).isEmpty();
    assertSame(base, raw);

    WardRun gone = Disks.ward("snapshot", "apply", base, "clean");
    assertThat(gone.status()).isNotZero();
    assertThat(gone.err()).contains("clean").hasLineCount(1);
    assertThat(Disks.ward("snapshot", "create", raw, "x").err()).contains("only qcow2");
  }

  @Test
  void checkHasTheStatusesOfQemuImg() throws Exception {
    assertThat(Disks.ward("check", base).status()).isZero();
    WardRun raws = Disks.ward("check", raw);
    assertThat(raws.status()).isEqualTo(1);
    assertThat(raws.err()).contains("nothing to check").hasLineCount(1);
    assertThat(Disks.ward("check", folder.resolve("none")).status()).isEqualTo(1);
    assertThat(Disks.ward("check", "--repair", "perhaps", base).status()).isEqualTo(1);
    assertThat(Disks.ward("check", "--nonsense").status()).isEqualTo(1);

    // A cluster that is counted and nobody's: a leak.
    long table = bigEndian(base, 48);
    long block = bigEndian(base, table);
    Path leaking = Files.copy(base, folder.resolve("leaking.qcow2"));
    write(leaking, block + 2 * 3000, new byte[] {0, 1});
    long clusters = Files.size(leaking);
    write(leaking, Math.max(clusters, 3001L * 65536) - 1, new byte[1]);
    assertThat(Disks.ward("check", leaking).status())
        .isEqualTo(3)
        .isEqualTo(QemuImg.run("check", leaking).status());
    assertThat(Disks.ok("check", "--repair", "leaks", leaking)).contains("sound");
    assertThat(QemuImg.run("check", leaking).status()).isZero();

    // A cluster that is in use and counted as free: corruption.
    Path corrupt = Files.copy(base, folder.resolve("corrupt.qcow2"));
    long l1 = bigEndian(corrupt, 40);
    long l2 = bigEndian(corrupt, l1) & 0x00fffffffffffe00L;
    write(corrupt, block + 2 * (l2 / 65536), new byte[] {0, 0});
    WardRun run = Disks.ward("check", corrupt, "--json");
    assertThat(run.status()).isEqualTo(2).isEqualTo(QemuImg.run("check", corrupt).status());
    JsonNode report = Disks.parse(run.out());
    assertThat(report.get("corruptions").asLong()).isPositive();
    assertThat(report.get("messages")).isNotEmpty();
    assertThat(Disks.ok("check", "-r", "all", corrupt)).contains("sound");
    assertSame(corrupt, raw);
  }

  @Test
  void checkReadsAllOfAnImport() throws Exception {
    Path vmdk = folder.resolve("disk.vmdk");
    Disks.ok("convert", raw, vmdk);
    assertThat(Disks.ok("check", vmdk)).contains("sound");
    write(vmdk, 65536 + 200, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    WardRun run = Disks.ward("check", vmdk);
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.out()).contains("the grain of sector 0").contains("corrupt");
    assertThat(Disks.ward("check", "-r", "all", vmdk).status()).isEqualTo(1);
  }

  private static long bigEndian(Path file, long at) throws Exception {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer bytes = ByteBuffer.allocate(8);
      channel.read(bytes, at);
      return bytes.getLong(0);
    }
  }

  private static void write(Path file, long at, byte[] bytes) throws Exception {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes), at);
    }
  }
}
