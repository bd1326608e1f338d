package org.wardian.libvirt.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.memory.MemoryHost;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.UnixService;

/**
 * {@code qemu+ssh}: an sshd with its own key and port, our client and virsh, our server behind it.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class SshTest {
  @TempDir private static Path folder;
  private static Process sshd;
  private static int port;
  private static Server server;

  @BeforeAll
  static void start() throws Exception {
    Path program = Tool.require("sshd", "openssh-server");
    Tool.require("nc", "netcat-openbsd");
    boolean root = System.getProperty("user.name").equals("root");
    Assumptions.assumeTrue(
        !root || Files.isDirectory(Path.of("/run/sshd")), "root's sshd needs the folder /run/sshd");
    for (String key : List.of("host", "mine", "stranger")) {
      Tool.succeed(
          "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder.resolve(key).toString());
    }
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path configuration =
        Files.write(
            folder.resolve("sshd_config"),
            List.of(
                "Port " + port,
                "ListenAddress 127.0.0.1",
                "HostKey " + folder.resolve("host"),
                "AuthorizedKeysFile " + folder.resolve("mine.pub"),
                "PermitRootLogin yes",
                "StrictModes no",
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication no",
                "UsePAM no",
                "PidFile none"));
    Files.writeString(
        folder.resolve("known"),
        "[127.0.0.1]:" + port + " " + Files.readString(folder.resolve("host.pub")));
    sshd =
        new ProcessBuilder(program.toString(), "-D", "-e", "-f", configuration.toString())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    await();
    MemoryHost host = new MemoryHost();
    server = host.server(new Server.Settings(host));
    serve("it's a socket", false);
    serve("it's a socket-ro", true);
  }

  private static void serve(String name, boolean readOnly) throws IOException {
    server.serve(
        new UnixService(
            folder.resolve(name),
            PosixFilePermissions.fromString("rwx------"),
            readOnly,
            List.of(AuthenticationType.NONE)));
  }

  private static void await() throws Exception {
    while (sshd.isAlive()) {
      try {
        new Socket("127.0.0.1", port).close();
        return;
      } catch (ConnectException notYet) {
        Thread.sleep(20);
      }
    }
    throw new IOException("sshd ended: " + Files.readString(folder.resolve("log")));
  }

  @AfterAll
  static void stop() throws Exception {
    if (server != null) {
      server.close();
    }
    if (sshd != null) {
      sshd.destroy();
      sshd.waitFor();
    }
  }

  private static String uri(String key, String socket) {
    return "qemu+ssh://%s@127.0.0.1:%d/system?no_tty=1&known_hosts=%s&keyfile=%s&socket=%s"
        .formatted(
            System.getProperty("user.name"),
            port,
            folder.resolve("known"),
            folder.resolve(key),
            folder.resolve(socket).toString().replace(" ", "%20"));
  }

  private static void fails(String uri, String words) {
    ThrowingCallable open = () -> Connection.open(uri).close();
    assertThatThrownBy(open)
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.is(ErrorNumber.SYSTEM_ERROR)).isTrue())
        .hasMessageContaining(words);
  }

  @Test
  void ourClientWorksOverIt() throws Exception {
    try (Connection connection = Connection.open(uri("mine", "it's a socket"))) {
      String text = "leaf ".repeat(100_000);
      Domain domain =
          connection.defineDomain(
              "<domain type='kvm'><name>fern</name><description>%s</description></domain>"
                  .formatted(text));
      assertThat(domain.xml()).contains(text);
      for (int i = 0; i < 100; i++) {
        assertThat(connection.hostname()).isEqualTo("memory.example");
      }
      domain.undefine(0);
    }
    while (!server.sessions().isEmpty()) {
      // The far end goes when this one does.
      Thread.sleep(20);
    }
  }

  @Test
  void whatFailsSaysWhyAndWhatToDo() {
    fails(uri("stranger", "it's a socket"), "Permission denied");
    fails(uri("stranger", "it's a socket"), "see that 'ssh -p " + port);
    fails(uri("mine", "none"), "the daemon has to run there");
    fails(uri("mine", "it's a socket").replace("known_hosts=", "known_hosts=/nowhere"), "key");
    fails(uri("mine", "x").replace(":" + port, ":1"), "Connection refused");
    fails(uri("mine", "x") + "&command=/nowhere/ssh", "openssh-client");
  }

  @Test
  void virshWorksOverIt() throws Exception {
    Path virsh = Tool.require("virsh", "libvirt-clients");
    // Its own way of quoting takes no quotation mark in a path.
    Path link = Files.createSymbolicLink(folder.resolve("plain"), folder.resolve("it's a socket"));
    String uri = uri("mine", link.getFileName().toString()) + "&no_verify=1";
    Tool.Result result = Tool.run(Map.of(), List.of(virsh.toString(), "-c", uri, "hostname"));
    assertThat(result.text()).contains("memory.example");
  }
}
