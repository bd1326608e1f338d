package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.wardian.boot.initramfs.CpioArchive;

class DriverArchiveTest {
  private static final String FOLDER = "lib/modules/6.1.0-1-amd64/";

  private static byte[] module(String... strings) {
    return ("\u007fELF....\0" + String.join("\0", strings) + "\0retpoline=Y\0")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String text(CpioArchive archive, String name) {
    return new String(
        archive.find(FOLDER + name).orElseThrow().content(), StandardCharsets.US_ASCII);
  }

  @Test
  void writesWhatModprobeReads() {
    Map<String, byte[]> modules = new LinkedHashMap<>();
    modules.put("virtio", module("depends="));
    modules.put("virtio_ring", module("depends=virtio"));
    modules.put("failover", module("license=GPL", "depends="));
    modules.put(
        "virtio_net",
        module(
            "alias=virtio:d00000001v*",
            "alias=",
            "depends=failover,virtio-ring,virtio,builtin",
            "alias=other"));
    CpioArchive archive = DriverArchive.archive(modules, "6.1.0-1-amd64");
    assertThat(text(archive, "modules.dep"))
        .isEqualTo(
            """
            virtio.ko:
            virtio_ring.ko: virtio.ko
            failover.ko:
            virtio_net.ko: failover.ko virtio_ring.ko virtio.ko
            """);
    assertThat(text(archive, "modules.alias"))
        .isEqualTo(
            """
            alias virtio:d00000001v* virtio_net
            alias other virtio_net
            """);
    assertThat(archive.find(FOLDER + "virtio_ring.ko").orElseThrow().content())
        .isEqualTo(modules.get("virtio_ring"));
    assertThat(archive.entries().get(2).name()).isEqualTo(FOLDER.substring(0, FOLDER.length() - 1));
  }
}
