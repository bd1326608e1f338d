package org.wardian.storage.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.storage.QemuTools;

/** Appliances: tar archives with a description, digests and stream-optimised disks. */
class OvaTest {
  private static final int LENGTH = 3 << 20;

  @TempDir Path folder;

  private final byte[] disk = Content.of(LENGTH, 4);
  private byte[] vmdk;

  @BeforeEach
  void convert() throws Exception {
    Path raw = Content.file(folder.resolve("raw"), disk);
    Path file = folder.resolve("disk.vmdk");
    QemuTools.img("convert", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, file);
    vmdk = Files.readAllBytes(file);
  }

  @ParameterizedTest
  @CsvSource({"SHA1, false", "SHA256, false", "SHA512, true"})
  void readsTheDiskAndVerifiesIt(String digest, boolean gzip) throws Exception {
    Path ova =
        new OvaBuilder()
            .digest(digest)
            .disk("vm-disk1.vmdk", vmdk, LENGTH, gzip)
            .write(folder.resolve("vm.ova"));

    try (ImportedImage image = Imports.open(ova)) {
      Content.assertSame(image, disk);
      assertThat(image.format().text()).isEqualTo("vmdk");
    }
    try (OvaArchive archive = OvaArchive.open(ova)) {
      OvaArchive.Disk member = archive.disks().getFirst();
      assertThat(member.capacity()).isEqualTo(LENGTH);
      assertThat(archive.hasDigest(member)).isTrue();
      long[] seen = {0};
      archive.verify(member, read -> seen[0] = read);
      assertThat(seen[0]).isEqualTo(member.bytes());
    }
  }

  @Test
  void readsWhatTarWrote() throws Exception {
    // A name of 120 characters, for which GNU tar and pax have headers of their own.
    String name = "n".repeat(115) + ".vmdk";
    Path work = Files.createDirectory(folder.resolve("work"));
    Files.write(work.resolve(name), vmdk);
    Files.writeString(
        work.resolve("vm.ovf"),
        "<Envelope xmlns='http://schemas.dmtf.org/ovf/envelope/1'><References>"
            + "<File href='%s' id='a'/></References><DiskSection>".formatted(name)
            + "<Disk diskId='d' fileRef='a' capacity='3' capacityAllocationUnits='byte * 2^20'/>"
            + "</DiskSection></Envelope>");
    for (String format : new String[] {"gnu", "pax", "oldgnu"}) {
      Path ova = folder.resolve(format + ".ova");
      Process tar =
          new ProcessBuilder("tar", "--format=" + format, "-cf", ova.toString(), "vm.ovf", name)
              .directory(work.toFile())
              .inheritIO()
              .start();
      assertThat(tar.waitFor()).isZero();
      try (OvaArchive archive = OvaArchive.open(ova)) {
        assertThat(archive.disks().getFirst().name()).isEqualTo(name);
        assertThat(archive.disks().getFirst().capacity()).isEqualTo(LENGTH);
        try (ImportedImage image = archive.open(archive.disks().getFirst())) {
          Content.assertSame(image, disk);
        }
      }
    }
  }

  @Test
  void tellsOfATamperedDiskAndDescription() throws Exception {
    byte[] archive = new OvaBuilder().disk("a.vmdk", vmdk, LENGTH, false).build();
    byte[] tampered = archive.clone();
    tampered[archive.length - 5000] ^= 1;
    try (OvaArchive ova = OvaArchive.open(Files.write(folder.resolve("a.ova"), tampered))) {
      assertThatThrownBy(() -> ova.verify(ova.disks().getFirst(), read -> {}))
          .hasMessageContaining("a.ova/a.vmdk: is not what the manifest says");
    }
    byte[] described = archive.clone();
    int at = new String(archive, StandardCharsets.ISO_8859_1).indexOf("A machine");
    described[at] = 'B';
    assertThatThrownBy(() -> OvaArchive.open(Files.write(folder.resolve("b.ova"), described)))
        .hasMessageContaining("vm.ovf: is not what the manifest says");
  }

  @Test
  void asksWhichOfTwoDisks() throws Exception {
    Path ova =
        new OvaBuilder()
            .disk("one.vmdk", vmdk, LENGTH, false)
            .disk("two.vmdk", vmdk, LENGTH, true)
            .write(folder.resolve("vm.ova"));
    assertThatThrownBy(() -> Imports.open(ova)).hasMessageContaining("one.vmdk, two.vmdk");
    try (OvaArchive archive = OvaArchive.open(ova);
        ImportedImage image = archive.open(archive.disks().get(1))) {
      Content.assertSame(image, disk);
    }
  }

  @Test
  void aSmallFileThatUnpacksToMuchIsRefused() throws Exception {
    Path ova =
        new OvaBuilder()
            .disk("bomb.vmdk", new byte[80 << 20], 1 << 20, true)
            .write(folder.resolve("vm.ova"));
    assertThatThrownBy(() -> Imports.open(ova)).hasMessageContaining("unpacks to more than");
  }

  @Test
  void anEntityIsNotExpanded() throws Exception {
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put(
        "vm.ovf",
        ("<!DOCTYPE e [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
                + "<Envelope><References><File href='&x;' id='a'/></References></Envelope>")
            .getBytes(StandardCharsets.UTF_8));
    Path ova = Files.write(folder.resolve("vm.ova"), OvaBuilder.tar(members));
    assertThatThrownBy(() -> OvaArchive.open(ova))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no well-formed XML");
  }
}
