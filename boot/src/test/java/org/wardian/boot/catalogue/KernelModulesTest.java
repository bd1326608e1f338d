package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.catalogue.CatalogueException.Kind;

class KernelModulesTest {
  private static final String FOLDER = "./lib/modules/6.1.0-1-cloud-amd64/kernel/drivers/";

  @TempDir private Path folder;

  @Test
  void takesModulesWithWhatTheyNeedFirst() throws IOException {
    byte[] blk = module("virtio_ring,virtio");
    byte[] ring = module("virtio");
    Path deb =
        deb(
            new TestDeb()
                .file(FOLDER + "block/virtio_blk.ko", blk)
                .file(FOLDER + "virtio/virtio-ring.ko", ring)
                .file(FOLDER + "virtio/virtio.ko.xz", TestDeb.xz(module("")))
                .file(FOLDER + "net/other.ko", module("virtio"))
                .file("./boot/vmlinuz-6.1.0-1-cloud-amd64", new byte[10]));
    Map<String, byte[]> modules = KernelModules.of(deb, List.of("virtio_blk", "ext4"));
    assertThat(modules.keySet()).containsExactly("virtio", "virtio_ring", "virtio_blk");
    assertThat(modules.get("virtio_blk")).isEqualTo(blk);
    assertThat(modules.get("virtio")).isEqualTo(module(""));
  }

  @Test
  void refusesModulesThatNeedEachOther() throws IOException {
    Path deb =
        deb(
            new TestDeb()
                .file(FOLDER + "a/a.ko", module("b"))
                .file(FOLDER + "b/b.ko", module("a")));
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> KernelModules.of(deb, List.of("a")))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.MALFORMED));
  }

  @Test
  void aPlainPackageHasTheSameFiles() throws Exception {
    byte[] blk = module("virtio");
    Path deb = deb(new TestDeb().file(FOLDER + "block/virtio_blk.ko", blk));
    Path volume = folder.resolve("volume.iso");
    try (var writer = new org.wardian.boot.seed.IsoWriter(volume, "X", List.of("a.deb"))) {
      try (var out = writer.next()) {
        DebPackage.writePlain(deb, out);
        assertThat(out.position()).isGreaterThan(Files.size(deb));
      }
      writer.finish();
    }
    byte[] bytes = Files.readAllBytes(volume);
    int start = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("!<arch>\ndebian-binary");
    Path plain = folder.resolve("plain.deb");
    Files.write(plain, java.util.Arrays.copyOfRange(bytes, start, bytes.length));
    assertThat(new String(bytes, StandardCharsets.ISO_8859_1))
        .contains("control.tar  ")
        .contains("data.tar  ");
    assertThat(KernelModules.of(plain, List.of("virtio_blk")).get("virtio_blk")).isEqualTo(blk);
  }

  private Path deb(TestDeb deb) throws IOException {
    return Files.write(folder.resolve("kernel.deb"), deb.build("data.tar.xz"));
  }

  /** Enough of a module: strings of a section {@code .modinfo} among other bytes. */
  private static byte[] module(String depends) {
    return ("\u007fELF....\0license=GPL\0depends=" + depends + "\0retpoline=Y\0\0\0")
        .getBytes(StandardCharsets.ISO_8859_1);
  }
}
