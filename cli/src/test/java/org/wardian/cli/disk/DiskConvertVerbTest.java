package org.wardian.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.cli.WardRun;

/** {@code ward disk convert}: what it writes is what qemu-img reads. */
class DiskConvertVerbTest {
  @TempDir Path folder;

  private Path raw;

  @BeforeEach
  void disk() throws Exception {
    raw = Disks.raw(folder.resolve("disk.raw"), 5, 11);
  }

  private void assertSame(String format, Path file) throws Exception {
    assertThat(QemuImg.ok("compare", "-f", "raw", "-F", format, raw, file)).contains("identical");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "vmdk | vmdk | qcow2 |",
        "vdi | vdi | raw |",
        "vhdx | vhdx | qcow2 | --compress",
        "qcow2 | qcow2 | raw |",
        "qcow2 | qcow2 | vmdk |",
        "raw | raw | qcow2 | -c -o compression_type=zstd",
        "raw | raw | qcow2 | -o compat=0.10,cluster_size=4K",
        "raw | raw | qcow2 | -o extended_l2=on,cluster_size=128k",
        "raw | raw | qcow2 | -S 0",
        "raw | raw | raw | -o preallocation=full"
      })
  void convertsBetweenFormats(String suffix, String from, String to, String options)
      throws Exception {
    Path source = raw;
    if (!from.equals("raw")) {
      source = folder.resolve("source." + suffix);
      QemuImg.ok("convert", "-f", "raw", "-O", from, raw, source);
    }
    Path target = folder.resolve("target." + to);
    Object[] words = ("convert " + (options == null ? "" : options)).strip().split(" ");
    Object[] all = java.util.Arrays.copyOf(words, words.length + 2, Object[].class);
    all[words.length] = source;
    all[words.length + 1] = target;

    assertThat(Disks.ok(all)).contains(to).contains("5 MiB");

    assertSame(to, target);
    if (to.equals("qcow2")) {
      QemuImg.ok("check", "-f", "qcow2", target);
      assertThat(Disks.ok("check", target)).contains("sound");
      JsonNode info = Disks.parse(QemuImg.ok("info", "--output=json", target));
      JsonNode ours = Disks.json("info", target);
      JsonNode details = info.get("format-specific").get("data");
      assertThat(ours.get("clusterSize")).isEqualTo(info.get("cluster-size"));
      assertThat(ours.get("compression")).isEqualTo(details.get("compression-type"));
      assertThat(ours.get("version").asInt() == 2)
          .isEqualTo(details.get("compat").asText().equals("0.10"));
    }
  }

  @Test
  void compressionMakesItSmaller() throws Exception {
    Path text = Files.writeString(folder.resolve("text"), "lorem ipsum ".repeat(200_000));
    Disks.ok("convert", text, folder.resolve("plain.qcow2"));
    Disks.ok("convert", "-c", text, folder.resolve("packed.qcow2"));
    assertThat(Files.size(folder.resolve("packed.qcow2")))
        .isLessThan(Files.size(folder.resolve("plain.qcow2")) / 3);
    assertThat(Disks.ok("map", folder.resolve("packed.qcow2"))).contains("packed");
  }

  @Test
  void copiesASnapshot() throws Exception {
    Path image = folder.resolve("image.qcow2");
    Disks.ok("convert", raw, image);
    Disks.ok("snapshot", "create", image, "before");
    QemuImg.io("-f", "qcow2", "-c", "write -P 5 0 1M", image);

    Path old = folder.resolve("old.raw");
    Disks.ok("convert", "--snapshot", "before", image, old);

    assertSame("raw", old);
    WardRun none = Disks.ward("convert", "-l", "other", image, folder.resolve("x.raw"));
    assertThat(none.status()).isNotZero();
    assertThat(none.err()).contains("other").hasLineCount(1);
    WardRun raws = Disks.ward("convert", "-l", "before", raw, folder.resolve("x.raw"));
    assertThat(raws.err()).contains("only qcow2");
    assertThat(folder.resolve("x.raw")).doesNotExist();
  }

  @Test
  void doesNotReplaceUnlessTold() throws Exception {
    Path target = Files.writeString(folder.resolve("target.qcow2"), "precious");
    WardRun run = Disks.ward("convert", raw, target);
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("--force");
    assertThat(target).hasContent("precious");
    Disks.ok("convert", "--force", raw, target);
    assertSame("qcow2", target);
    assertThat(Disks.ward("convert", "--force", raw, raw).err()).contains("one file");
    assertSame("raw", raw);
  }

  @Test
  void writesIntoATargetThatIsThere() throws Exception {
    Path target = folder.resolve("target.raw");
    Disks.ok("create", target, "8M");
    Disks.ok("convert", "--existing", raw, target);
    assertThat(Files.size(target)).isEqualTo(8 << 20);
    assertSame("raw", target);
  }

  @Test
  void tellsOfWhatItCannotWrite() throws Exception {
    assertThat(Disks.ward("convert", raw, folder.resolve("a.vdi")).err())
        .contains("vdi images are only read");
    assertThat(Disks.ward("convert", "-c", raw, folder.resolve("a.raw")).err())
        .contains("cannot be compressed");
    assertThat(Disks.ward("convert", raw, folder.resolve("none/a.raw")).status()).isNotZero();
    assertThat(Disks.ward("convert", folder.resolve("none"), folder.resolve("a.raw")).err())
        .contains("no such file");
    assertThat(folder.resolve("a.raw")).doesNotExist();
  }

  @Test
  void convertsAnAppliancesDiskOnceItsDigestIsRight() throws Exception {
    Path vmdk = folder.resolve("one.vmdk");
    Disks.ok("convert", raw, vmdk);
    Files.copy(vmdk, folder.resolve("two.vmdk"));
    String references = "";
    String disks = "";
    for (String name : new String[] {"one", "two"}) {
      references += "<File href='%s.vmdk' id='%s'/>".formatted(name, name);
      disks += "<Disk diskId='%s' fileRef='%s' capacity='5242880'/>".formatted(name, name);
    }
    Files.writeString(
        folder.resolve("vm.ovf"),
        "<Envelope><References>%s</References><DiskSection>%s</DiskSection></Envelope>"
            .formatted(references, disks));
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    String right = HexFormat.of().formatHex(digest.digest(Files.readAllBytes(vmdk)));
    Files.writeString(
        folder.resolve("vm.mf"),
        "SHA256(one.vmdk)= " + right + "\nSHA256(two.vmdk)= " + right.replace('1', '2') + "\n");
    Path ova = folder.resolve("vm.ova");
    Process tar =
        new ProcessBuilder(
                "tar",
                "-C",
                folder.toString(),
                "-cf",
                ova.toString(),
                "vm.ovf",
                "vm.mf",
                "one.vmdk",
                "two.vmdk")
            .redirectErrorStream(true)
            .start();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    tar.getInputStream().transferTo(said);
    assertThat(tar.waitFor()).as(said.toString(StandardCharsets.UTF_8)).isZero();

    assertThat(Disks.json("info", ova).get("disks")).hasSize(2);
    assertThat(Disks.ok("info", ova)).contains("one.vmdk").contains("two.vmdk");
    assertThat(Disks.json("info", "--disk", "one.vmdk", ova).get("virtualSize").asLong())
        .isEqualTo(5 << 20);
    assertThat(Disks.ward("convert", ova, folder.resolve("a.raw")).err())
        .contains("--disk: one.vmdk, two.vmdk");
    Disks.ok("convert", "--disk", "one.vmdk", ova, folder.resolve("a.raw"));
    assertSame("raw", folder.resolve("a.raw"));

    WardRun wrong = Disks.ward("convert", "--disk", "two.vmdk", ova, folder.resolve("b.raw"));
    assertThat(wrong.status()).isEqualTo(3);
    assertThat(wrong.err()).contains("is not what the manifest says").hasLineCount(1);
    assertThat(folder.resolve("b.raw")).doesNotExist();
    Disks.ok("convert", "--no-verify", "--disk", "two.vmdk", ova, folder.resolve("b.raw"));
    assertThat(Disks.ward("check", "--disk", "one.vmdk", ova).status()).isEqualTo(2);
  }
}
