package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.DaemonSettings;
import org.wardian.daemon.Folders;
import org.wardian.daemon.host.HostProcedures;

/** More than the host has, as far as wardiand.conf lets it; machines are processes of QEMU. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class OverCommitTest {
  // Short: a UNIX socket's path has 107 bytes.
  @TempDir private Path root;

  private QemuDaemon daemon(String settings) throws Exception {
    Path folder = Files.createDirectories(Folders.under(root, true).configuration());
    Files.writeString(folder.resolve(DaemonSettings.FILE), settings);
    return new QemuDaemon(root);
  }

  private void define(QemuDaemon host, String name, long mib, int processors) throws Exception {
    String xml =
        QemuDaemon.xml(name, "<vcpu>" + processors + "</vcpu>")
            .replace(
                "<memory unit='MiB'>16</memory>",
                "<memory unit='MiB'>"
                    + mib
                    + "</memory>"
                    + "<currentMemory unit='MiB'>16</currentMemory>");
    host.virsh().printed("define " + Files.writeString(root.resolve(name + ".xml"), xml));
  }

  @Test
  void noMoreMemoryIsPromisedThanAllowed() throws Exception {
    long host = HostProcedures.memoryKib() >> 10;
    try (QemuDaemon daemon = daemon("memory_overcommit = 50\n")) {
      define(daemon, "small", host / 3, 1);
      define(daemon, "other", host / 3, 1);
      daemon.virsh().printed("start small --paused");
      assertThat(daemon.virsh().refused("start other"))
          .contains(
              host / 3 + " MiB of memory are wanted, machines that run have " + host / 3,
              "all may have " + host / 2 + " (50% of the host's " + host,
              "memory_overcommit of wardiand.conf");
      assertThat(daemon.virsh().printed("domstate other")).isEqualTo("shut off");

      daemon.end();
      daemon.open();
      assertThat(daemon.virsh().refused("start other")).contains("memory_overcommit");

      daemon.virsh().printed("destroy small");
      daemon.virsh().printed("start other --paused");
    }
  }

  @Test
  void noMoreProcessorsArePromisedThanAllowed() throws Exception {
    int host = Runtime.getRuntime().availableProcessors();
    try (QemuDaemon daemon = daemon("vcpu_overcommit = 150\n")) {
      define(daemon, "all", 16, host);
      define(daemon, "more", 16, host);
      daemon.virsh().printed("start all --paused");
      assertThat(daemon.virsh().refused("start more"))
          .contains(
              host + " processors are wanted",
              "may have " + host * 150L / 100,
              "vcpu_overcommit of wardiand.conf");
    }
  }

  @Test
  void withoutASettingMachinesMayHaveMoreThanThereIsAndFiguresTellWhatTheyUse() throws Exception {
    int host = Runtime.getRuntime().availableProcessors();
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    try (QemuDaemon daemon = daemon("metrics_listen = \"127.0.0.1:" + port + "\"\n")) {
      define(daemon, "first", 16, 2 * host);
      define(daemon, "second", 16, 2 * host);
      daemon.virsh().printed("start first --paused");
      daemon.virsh().printed("start second --paused");

      String figures = figures(port);
      assertThat(figures)
          .containsPattern("wardian_domain_resident_bytes\\{domain=\"first\"} [1-9]")
          .containsPattern("wardian_domain_merged_bytes\\{domain=\"second\"} [0-9]")
          .containsPattern("wardian_domain_merge_profit_bytes\\{domain=\"second\"} -?[0-9]");
      if (Files.isDirectory(Path.of("/sys/kernel/mm/ksm"))) {
        assertThat(figures).containsPattern("\nwardian_host_ksm_pages_sharing [0-9]");
      }
    }
  }

  private static String figures(int port) throws IOException {
    try (InputStream in =
        URI.create("http://127.0.0.1:" + port + "/metrics").toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
