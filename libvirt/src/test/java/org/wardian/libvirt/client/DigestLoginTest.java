package org.wardian.libvirt.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.memory.MemoryHost;
import org.wardian.libvirt.sasl.DigestCredential;
import org.wardian.libvirt.sasl.DigestServer;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.TcpService;

/** Our client over plain TCP, with daemons that know DIGEST-MD5 and nothing better. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class DigestLoginTest {
  @TempDir private Path folder;

  private static ConnectOptions as(String user, String password) {
    return ConnectOptions.DEFAULT.withCredentials(user, password);
  }

  private static void isRefused(String uri) {
    assertThatThrownBy(() -> Connection.open(uri, as("fred", "guess")).close())
        .isInstanceOf(LibvirtException.class)
        .hasMessageContaining("authentication failed");
  }

  @Test
  void withOurServer() throws Exception {
    MemoryHost host = new MemoryHost();
    DigestServer mechanism =
        new DigestServer(Map.of("fred", DigestCredential.of("fred", "secret"))::get);
    try (Server server = host.server(new Server.Settings(host).mechanisms(List.of(mechanism)))) {
      TcpService tcp =
          new TcpService(
              new InetSocketAddress("127.0.0.1", 0), null, List.of(AuthenticationType.SASL));
      server.serve(tcp);
      String uri = "qemu+tcp://127.0.0.1:" + tcp.port() + "/system";
      isRefused(uri);
      try (Connection connection = Connection.open(uri, as("fred", "secret"))) {
        // Longer than a buffer, both ways.
        String text = "leaf ".repeat(40_000);
        Domain domain =
            connection.defineDomain(
                "<domain type='kvm'><name>fern</name><description>%s</description></domain>"
                    .formatted(text));
        assertThat(domain.xml()).contains(text);
        for (int i = 0; i < 200; i++) {
          assertThat(connection.hostname()).isEqualTo("memory.example");
        }
      }
    }
  }

  @Test
  void withARealLibvirtd() throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path passwords = folder.resolve("passwords");
    Path saslpasswd2 = Tool.require("saslpasswd2", "sasl2-bin");
    Tool.succeed(
        "sh",
        "-c",
        "echo secret | %s -p -c -a libvirt -f %s fred".formatted(saslpasswd2, passwords));
    Files.setPosixFilePermissions(passwords, PosixFilePermissions.fromString("rw-r--r--"));
    Files.writeString(
        folder.resolve("libvirt.conf"), "mech_list: digest-md5\nsasldb_path: " + passwords + "\n");
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    try (RealDaemon daemon =
        RealDaemon.start(
            List.of(
                "listen_tls = 0",
                "listen_tcp = 1",
                "listen_addr = \"127.0.0.1\"",
                "tcp_port = \"" + free + "\"",
                "auth_tcp = \"sasl\""),
            true,
            Map.of("SASL_CONF_PATH", folder.toString()))) {
      daemon.awaitPort(free);
      String uri = "test+tcp://127.0.0.1:" + free + "/default";
      isRefused(uri);
      try (Connection connection = Connection.open(uri, as("fred", "secret"))) {
        assertThat(connection.type()).isEqualTo("TEST");
        Domain domain =
            connection.defineDomain(
                "<domain"
                    + " type='test'><name>fern</name><memory>8192</memory><os><type>hvm</type></os>"
                    + "<description>%s</description></domain>".formatted("leaf ".repeat(40_000)));
        assertThat(domain.xml()).contains("leaf ".repeat(40_000));
        assertThat(connection.domains()).hasSize(2);
      }
    }
  }
}
