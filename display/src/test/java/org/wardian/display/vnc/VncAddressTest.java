package org.wardian.display.vnc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VncAddressTest {
  @ParameterizedTest
  @CsvSource({
    ":1, 127.0.0.1, 5901, 127.0.0.1:1",
    ":0, 127.0.0.1, 5900, 127.0.0.1:0",
    "0.0.0.0:99, 0.0.0.0, 5999, 0.0.0.0:99",
    "127.0.0.1:5901, 127.0.0.1, 5901, 127.0.0.1:1",
    "localhost:6100, localhost, 6100, localhost::6100",
    "host::80, host, 80, host::80",
    "::0, 127.0.0.1, 0, 127.0.0.1::0",
    "[::1]:2, ::1, 5902, [::1]:2",
    "[::]:65535, ::, 65535, [::]::65535",
  })
  void displaysAndPorts(String text, String host, int port, String written) {
    VncAddress address = VncAddress.parse(text);
    assertThat(address).isEqualTo(new VncAddress.Tcp(host, port)).hasToString(written);
    assertThat(VncAddress.parse(written)).isEqualTo(address);
  }

  @Test
  void unixSockets() {
    assertThat(VncAddress.parse("unix:/a:b/c"))
        .isEqualTo(new VncAddress.Unix(Path.of("/a:b/c")))
        .hasToString("unix:/a:b/c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "1",
        "host",
        ":x",
        ":-1",
        ":100",
        "host:1023",
        ":65536",
        "::65536",
        "a:b:1",
        "::1:1",
        "[::1]",
        ":123456",
        "unix:",
        "[x]:1"
      })
  void othersAreRefused(String text) {
    assertThatThrownBy(() -> VncAddress.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whoMeansALowPortIsToldHow() {
    assertThatThrownBy(() -> VncAddress.parse("host:443")).hasMessageContaining("host::443");
  }

  @Test
  void aPortThatIsTaken() throws IOException {
    try (ServerSocketChannel first = VncAddress.parse("127.0.0.1::0").listen()) {
      int port = first.socket().getLocalPort();
      assertThatThrownBy(() -> VncAddress.parse("127.0.0.1::" + port).listen())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("port " + port + " is taken");
    }
  }

  @Test
  void addressesThatAreNotHere() {
    assertThatThrownBy(() -> VncAddress.parse("192.0.2.1:1").listen())
        .hasMessageContaining("this machine has no address 192.0.2.1");
    assertThatThrownBy(() -> VncAddress.parse("no-such-host.invalid:1").listen())
        .hasMessageContaining("there is no host no-such-host.invalid");
  }

  @Test
  void portsOfRoot() throws IOException {
    Path first = Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    assumeTrue(
        !"root".equals(System.getProperty("user.name"))
            && Files.exists(first)
            && Integer.parseInt(Files.readString(first).strip()) > 80,
        "only somebody without rights sees this");
    assertThatThrownBy(() -> VncAddress.parse("127.0.0.1::80").listen())
        .hasMessageContaining("needs the rights of root");
  }

  @Test
  void socketsOfOthersAndOtherFilesStay(@TempDir Path folder) throws IOException {
    Path path = folder.resolve("s");
    VncAddress address = new VncAddress.Unix(path);
    try (ServerSocketChannel first = address.listen()) {
      assertThat(first.isOpen()).isTrue();
      assertThatThrownBy(address::listen).hasMessageContaining("another server listens there");
    }
    assertThat(path).as("the socket of a server that is gone").exists();
    address.listen().close();
    Files.delete(path);
    Files.writeString(path, "mine");
    assertThatThrownBy(address::listen).hasMessageContaining("there is a file of that name");
    assertThat(path).hasContent("mine");
    assertThatThrownBy(() -> new VncAddress.Unix(folder.resolve("no/s")).listen())
        .hasMessageContaining("there is no folder");
  }
}
