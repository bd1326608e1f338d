package org.wardian.libvirt.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.client.ConnectOptions;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.RealDaemon;
import org.wardian.libvirt.client.Tool;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.memory.MemoryHost;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.TcpService;

/** TLS with certificates both ways: our client, our server, and libvirt's of each. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class TlsTest {
  @TempDir private static Path folder;
  private static TestCertificates certificates;

  private Server server;
  private int port;

  @BeforeAll
  static void certify() throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    certificates = new TestCertificates(folder);
  }

  @BeforeEach
  void start() throws Exception {
    server = new MemoryHost().server();
    TcpService service =
        new TcpService(
            new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0),
            certificates.identity("server"),
            List.of(AuthenticationType.NONE));
    server.serve(service);
    port = service.port();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private String uri(String host) {
    return "qemu+tls://" + host + ":" + port + "/system";
  }

  private static ConnectOptions as(String name) throws IOException {
    return ConnectOptions.DEFAULT.withIdentity(certificates.identity(name));
  }

  @Test
  void ourClientAndOurServer() throws Exception {
    try (Connection connection = Connection.open(uri("127.0.0.1"), as("client"))) {
      assertThat(connection.hostname()).isEqualTo("memory.example");
      assertThat(server.sessions().getFirst().peer().distinguishedName())
          .isEqualTo("CN=client,O=Wardian");
    }
  }

  @Test
  void aClientThatTheDaemonDoesNotTrustIsRefused() throws Exception {
    assertThatThrownBy(() -> Connection.open(uri("127.0.0.1"), as("stranger")))
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.is(ErrorNumber.SYSTEM_ERROR)).isTrue());
    assertThat(server.sessions()).isEmpty();
  }

  @Test
  void aDaemonOfAnotherNameIsRefusedUnlessThatIsAllowed() throws Exception {
    assertThatThrownBy(() -> Connection.open(uri("127.0.0.2"), as("client")))
        .isInstanceOf(LibvirtException.class);
    try (Connection connection = Connection.open(uri("localhost") + "?no_verify=1", as("client"))) {
      assertThat(connection.type()).isEqualTo("QEMU");
    }
  }

  @Test
  void whoDoesNotSpeakTlsIsNoHarm() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.getOutputStream().write(new byte[] {0, 0, 0, 28, 0, 0, 0, 0});
      socket.setSoTimeout(300_000);
      while (socket.getInputStream().read() >= 0) {
        // An alert, and then the end.
        assertThat(socket.isConnected()).isTrue();
      }
    }
    ourClientAndOurServer();
  }

  @Test
  void virshAndOurServer() throws Exception {
    Path virsh = Tool.require("virsh", "libvirt-clients");
    Tool.Result good =
        Tool.run(
            Map.of(),
            List.of(
                virsh.toString(),
                "-c",
                uri("localhost") + "?pkipath=" + certificates.flatFolder("good"),
                "hostname"));
    assertThat(good.text().strip()).isEqualTo("memory.example");
    Tool.Result bad =
        Tool.run(
            Map.of(),
            List.of(
                virsh.toString(),
                "-c",
                uri("localhost") + "?no_sanity=1&pkipath=" + certificates.flatFolder("bad"),
                "hostname"));
    assertThat(bad.status()).as(bad.text()).isNotZero();
  }

  @Test
  void ourClientAndRealLibvirtd() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    for (String name : List.of("ca.pem", "server.pem", "server.key")) {
      Files.setPosixFilePermissions(
          folder.resolve(name), PosixFilePermissions.fromString("rw-r--r--"));
    }
    try (RealDaemon daemon =
        RealDaemon.start(
            List.of(
                "listen_tls = 1",
                "listen_addr = \"127.0.0.1\"",
                "tls_port = \"" + free + "\"",
                "auth_tls = \"none\"",
                "key_file = \"" + certificates.privateKey("server") + "\"",
                "cert_file = \"" + certificates.certificate("server") + "\"",
                "ca_file = \"" + certificates.authority() + "\""),
            true)) {
      daemon.awaitPort(free);
      try (Connection connection =
          Connection.open("test+tls://127.0.0.1:" + free + "/default", as("client"))) {
        assertThat(connection.type()).isEqualTo("TEST");
        assertThat(connection.domains()).hasSize(1);
      }
      assertThatThrownBy(
              () -> Connection.open("test+tls://127.0.0.1:" + free + "/default", as("stranger")))
          .isInstanceOf(LibvirtException.class);
    }
  }
}
