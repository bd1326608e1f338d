package org.wardian.libvirt.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a URI means, as libvirt's own clients understand it. */
class ConnectionUriTest {
  @ParameterizedTest
  @CsvSource({
    "qemu:///system, UNIX, qemu:///system",
    "qemu:///session?socket=/a/b, UNIX, qemu:///session",
    "qemu+unix:///system?socket=/a/b&mode=direct, UNIX, qemu:///system",
    "qemu+tcp://host/system, TCP, qemu:///system",
    "qemu+tcp://user@host:99/system?auth=sasl, TCP, qemu:///system",
    "qemu://host/system?no_verify=1, TLS, qemu:///system",
    "qemu+tls://host/system?pkipath=/p&extra=1, TLS, qemu:///system?extra=1",
    "test+unix:///default?socket=/s, UNIX, test:///default",
    "remote+tcp://host, TCP, ''",
    "qemu+ssh://user@host/system?keyfile=/k&no_tty=1, SSH, qemu:///system",
    "qemu+libssh2://host/session?known_hosts=/k&sshauth=agent, SSH, qemu:///session",
    "qemu:///system?name=xen%3A%2F%2F%2Fother, UNIX, xen:///other",
    "QEMU+TLS://[::1]/system, TLS, qemu:///system",
  })
  void theDaemonIsToldTheNameWithoutWhatTheClientUses(
      String text, ConnectionUri.Transport transport, String name) {
    ConnectionUri uri = ConnectionUri.parse(text);

    assertThat(uri.name()).isEqualTo(name);
    assertThat(uri.transport()).isEqualTo(transport);
  }

  @Test
  void hostAndPortAreFound() {
    assertThat(ConnectionUri.parse("qemu+tcp://host/system").port()).isEqualTo(16_509);
    assertThat(ConnectionUri.parse("qemu://host/system").port()).isEqualTo(16_514);
    ConnectionUri six = ConnectionUri.parse("qemu+tls://me@[fe80::1]:7/system");
    assertThat(six.host()).isEqualTo("fe80::1");
    assertThat(six.port()).isEqualTo(7);
    assertThat(six.user()).isEqualTo("me");
  }

  @ParameterizedTest
  @CsvSource({
    "nonsense, has no driver",
    "qemu+ext://host/system, the transport ext is not supported",
    "qemu+unix://host/system, names a host",
    "qemu:///a b, is no URI",
  })
  void whatCannotBeReachedSaysWhy(String text, String words) {
    assertThatThrownBy(() -> ConnectionUri.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(words);
  }

  @Test
  void aDriversOwnSocketIsTakenWhereItExists(@TempDir Path folder) throws Exception {
    SocketPaths paths =
        new SocketPaths(Map.of("XDG_RUNTIME_DIR", folder.toString()), false, folder);
    ConnectionUri system = ConnectionUri.parse("qemu:///system");

    assertThat(paths.socket(system, false)).isEqualTo(folder.resolve("libvirt-sock"));
    assertThat(paths.socket(system, true)).isEqualTo(folder.resolve("libvirt-sock-ro"));
    assertThat(paths.socket(ConnectionUri.parse("qemu:///system?mode=direct"), false))
        .isEqualTo(folder.resolve("virtqemud-sock"));
    Files.createFile(folder.resolve("virtqemud-sock"));
    assertThat(paths.socket(system, false)).isEqualTo(folder.resolve("virtqemud-sock"));
    assertThat(paths.socket(ConnectionUri.parse("qemu:///system?mode=legacy"), false))
        .isEqualTo(folder.resolve("libvirt-sock"));
    assertThat(paths.socket(ConnectionUri.parse("qemu:///session"), true))
        .isEqualTo(folder.resolve("libvirt/libvirt-sock"));
  }

  @Test
  void aSessionsSocketIsTheUsersAndRootsIsTheSystems(@TempDir Path folder) {
    ConnectionUri session = ConnectionUri.parse("qemu:///session");

    assertThat(new SocketPaths(Map.of("HOME", "/home/me"), false, folder).socket(session, false))
        .isEqualTo(Path.of("/home/me/.cache/libvirt/libvirt-sock"));
    assertThat(new SocketPaths(Map.of("HOME", "/root"), true, folder).socket(session, false))
        .isEqualTo(folder.resolve("libvirt-sock"));
  }
}
