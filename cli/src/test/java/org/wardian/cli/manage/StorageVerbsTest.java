package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.WardRun;

/** Verbs for storage, and clones of machines, against a user's libvirtd with true volumes. */
class StorageVerbsTest {
  private static final int MIB = 1 << 20;

  private static UserLibvirtd daemon;

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws Exception {
    daemon = UserLibvirtd.start();
    assertThat(done("pool", "define", "images", "--folder", daemon.pool() + "/images", "--start"))
        .isEqualTo("images: defined and started\n");
  }

  @AfterAll
  static void stop() throws Exception {
    if (daemon != null) {
      daemon.close();
    }
  }

  private static WardRun ward(String... arguments) {
    return UserLibvirtd.ward(
        daemon.sessionUri(), arguments[0].matches("pool|vol") ? 2 : 1, arguments);
  }

  private static String done(String... arguments) {
    WardRun run = ward(arguments);
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    return run.out();
  }

  private static JsonNode json(String... arguments) throws Exception {
    return new JsonMapper().readTree(done(arguments));
  }

  /** A file with content at its begin and near its end, and a hole between. */
  private Path sparseFile(String name, long length) throws Exception {
    Path file = folder.resolve(name);
    byte[] content = new byte[100_000];
    new SplittableRandom(1).nextBytes(content);
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.write(content);
      raw.seek(length - 200_000);
      raw.write(content);
      raw.setLength(length);
    }
    return file;
  }

  @Test
  void aFileComesBackAsItWentAndItsHolesAreNotSent() throws Exception {
    Path file = sparseFile("there.raw", 64 * MIB);
    Path back = folder.resolve("back.raw");

    assertThat(done("vol", "upload", "--create", "images/sparse.raw", file.toString()))
        .isEqualTo("images/sparse.raw: 64 MiB of " + file + "\n");
    JsonNode info = json("vol", "info", "images/sparse.raw", "--json");
    assertThat(info.get("capacity").asLong()).isEqualTo(64 * MIB);
    assertThat(info.get("allocation").asLong()).isLessThan(MIB);
    done("vol", "download", "images/sparse.raw", back.toString());

    assertThat(Files.mismatch(file, back)).isEqualTo(-1);
    assertThat(json("vol", "list", "images", "--json").findValuesAsText("name"))
        .contains("sparse.raw");
    WardRun again = ward("vol", "download", "images/sparse.raw", back.toString());
    assertThat(again.status()).isEqualTo(ExitStatus.USAGE.code());
    assertThat(again.err()).contains("--force");
    assertThat(done("vol", "delete", "--yes", "images/sparse.raw"))
        .isEqualTo("images/sparse.raw: deleted\n");
  }

  @Test
  void zerosAreSentWhereTheVolumeHasOtherContent() throws Exception {
    Path full = folder.resolve("full");
    byte[] ones = new byte[MIB];
    Arrays.fill(ones, (byte) 1);
    Files.write(full, ones);
    Path zero = Files.write(folder.resolve("zero"), new byte[MIB]);
    done("vol", "upload", "--create", "images/used.raw", full.toString());

    done("vol", "upload", "images/used.raw", zero.toString());

    Path back = folder.resolve("used");
    done("vol", "download", "images/used.raw", back.toString());
    assertThat(Files.mismatch(zero, back)).isEqualTo(-1);
    done("vol", "delete", "-y", "images/used.raw");
  }

  @Test
  void anUploadThatDoesNotFitIsRefusedBeforeItBegins() throws Exception {
    done("vol", "create", "images/small.raw", "64K");
    Path file = Files.write(folder.resolve("large"), new byte[MIB]);

    WardRun run = ward("vol", "upload", "images/small.raw", file.toString());

    assertThat(run.status()).isEqualTo(ExitStatus.USAGE.code());
    assertThat(run.err()).contains("the file has 1 MiB and the volume 64 KiB");
    done("vol", "delete", "-y", "images/small.raw");
  }

  @Test
  void aVolumeIsResizedAndNotShrunkByMistake() throws Exception {
    done("vol", "create", "images/data.raw", "10M");

    assertThat(done("vol", "resize", "images/data.raw", "+6M"))
        .isEqualTo("images/data.raw: 16 MiB, was 10 MiB\n");
    assertThat(ward("vol", "resize", "images/data.raw", "-8M").status())
        .isEqualTo(ExitStatus.USAGE.code());
    done("vol", "resize", "--shrink", "images/data.raw", "-8M");

    assertThat(json("vol", "info", "--json", "images/data.raw").get("capacity").asLong())
        .isEqualTo(8 * MIB);
    assertThat(done("vol", "wipe", "--yes", "images/data.raw")).contains("overwrote 8 MiB");
    done("vol", "delete", "-y", "images/data.raw");
  }

  @Test
  void aVolumeThatIsNotThereIsTold() {
    WardRun run = ward("vol", "info", "images/none");

    assertThat(run.status()).isEqualTo(ExitStatus.NOT_FOUND.code());
    assertThat(run.err()).contains("'ward vol list images'").hasLineCount(1);
    assertThat(ward("vol", "info", "none").status()).isEqualTo(ExitStatus.USAGE.code());
    assertThat(ward("vol", "info", "none/none").status()).isEqualTo(ExitStatus.NOT_FOUND.code());
  }

  @Test
  void poolsAreListedStoppedStartedAndForgotten() throws Exception {
    done("pool", "define", "other", "--folder", daemon.pool() + "/other", "--start");

    assertThat(done("pool", "list")).contains("images", "other");
    done("pool", "stop", "other");
    assertThat(done("pool", "list")).doesNotContain("other");
    assertThat(json("pool", "info", "other", "--json").get("state").asText()).isEqualTo("inactive");
    assertThat(done("pool", "start", "other")).isEqualTo("other: started\n");
    assertThat(done("pool", "refresh", "other")).isEqualTo("other: refreshed, 0 volumes\n");
    assertThat(done("pool", "delete", "--yes", "other")).isEqualTo("other: forgotten\n");
    assertThat(Files.exists(daemon.pool().resolve("other"))).isTrue();
  }

  private void defineMachine(String name, String disk) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve(name + ".xml"),
            """
            <domain type='qemu'>
              <name>%s</name>
              <memory unit='MiB'>64</memory>
              <os><type arch='x86_64'>hvm</type></os>
              <devices>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='raw'/>
                  <source file='%s'/><target dev='vda' bus='virtio'/>
                </disk>
                <interface type='user'><mac address='52:54:00:01:02:03'/></interface>
              </devices>
            </domain>
            """
                .formatted(name, disk));
    done("define", file.toString());
  }

  @Test
  void aMachineIsClonedWithACopyOfItsDiskAndForgottenWithIt() throws Exception {
    Path file = sparseFile("base", 8 * MIB);
    done("vol", "upload", "--create", "images/base.raw", file.toString());
    String disk = json("vol", "info", "images/base.raw", "--json").get("path").asText();
    defineMachine("base", disk);

    JsonNode clone = json("clone", "--json", "base", "copy");

    assertThat(clone.get("volumes").get(0).get("name").asText()).isEqualTo("copy.raw");
    Path copied = Path.of(clone.get("volumes").get(0).get("path").asText());
    assertThat(Files.mismatch(file, copied)).isEqualTo(-1);
    JsonNode info = json("info", "--json", "copy").get(0);
    assertThat(info.get("disks").get(0).get("source").asText()).isEqualTo(copied.toString());
    assertThat(info.get("interfaces").get(0).get("mac").asText())
        .startsWith("52:54:00:")
        .isNotEqualTo("52:54:00:01:02:03");
    assertThat(ward("clone", "base", "copy").status()).isEqualTo(ExitStatus.REFUSED.code());

    assertThat(done("undefine", "--yes", "--storage", "copy"))
        .isEqualTo("copy: forgotten, deleted images/copy.raw\n");
    assertThat(Files.exists(copied)).isFalse();
    done("undefine", "-y", "--storage", "base");
  }

  @Test
  void manyClonesAreCountedThrough() throws Exception {
    done("vol", "create", "images/many.raw", "8M");
    defineMachine("many", json("vol", "info", "images/many.raw", "--json").get("path").asText());

    JsonNode clones =
        json("clone", "--json", "--linked", "--count", "3", "many", "few").get("clones");

    assertThat(clones).hasSize(3);
    for (int i = 1; i <= 3; i++) {
      JsonNode clone = clones.get(i - 1);
      assertThat(clone.get("name").asText()).isEqualTo("few-" + i);
      assertThat(json("info", "--json", "few-" + i).findValue("uuid")).isEqualTo(clone.get("uuid"));
      assertThat(Path.of(clone.get("volumes").get(0).get("path").asText())).exists();
    }
    // One name of those asked for is taken: nothing is made.
    done("undefine", "-y", "few-1");
    assertThat(ward("clone", "--linked", "--count", "3", "many", "few").status())
        .isEqualTo(ExitStatus.REFUSED.code());
    assertThat(ward("info", "few-1").status()).isNotZero();
    assertThat(ward("clone", "--count", "0", "many", "few").status())
        .isEqualTo(ExitStatus.USAGE.code());
    for (String one : List.of("few-2", "few-3", "many")) {
      done("undefine", "-y", "--storage", one);
    }
  }

  @Test
  void aLinkedCloneStandsOnTheOldDisk() throws Exception {
    done("vol", "create", "images/root.raw", "8M");
    String disk = json("vol", "info", "images/root.raw", "--json").get("path").asText();
    defineMachine("root", disk);

    done("clone", "--linked", "root", "leaf");

    JsonNode volume = json("vol", "info", "--json", "images/leaf.raw");
    assertThat(volume.get("format").asText()).isEqualTo("qcow2");
    assertThat(volume.get("backing").asText()).isEqualTo(disk);
    try (RandomAccessFile made = new RandomAccessFile(volume.get("path").asText(), "r")) {
      byte[] magic = new byte[4];
      made.readFully(magic);
      assertThat(ByteBuffer.wrap(magic).getInt()).isEqualTo(0x514649fb);
    }
    assertThat(json("info", "--json", "leaf").get(0).get("disks").get(0).get("format").asText())
        .isEqualTo("qcow2");
    done("undefine", "-y", "--storage", "leaf", "root");
  }

  @Test
  void aDiskOutsideOfAllPoolsIsNotCloned() throws Exception {
    defineMachine("outside", "/nowhere/disk.raw");

    WardRun run = ward("clone", "outside", "inside");

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED.code());
    assertThat(run.err()).contains("vda, /nowhere/disk.raw, is in no storage pool").hasLineCount(1);
    done("clone", "--share", "vda", "outside", "inside");
    done("undefine", "-y", "outside", "inside");
  }
}
