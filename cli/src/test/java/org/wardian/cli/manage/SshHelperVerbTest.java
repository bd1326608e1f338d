package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;

/**
 * The far end of ssh where ward is all that is installed. In place of ssh is a script that runs
 * what it is given on this host, with such a path.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class SshHelperVerbTest {
  @TempDir private Path folder;

  private void program(String name, String text) throws IOException {
    Path path = folder.resolve(name);
    Files.createDirectories(path.getParent());
    Files.writeString(path, "#!/bin/sh\n" + text + "\n");
    assertThat(path.toFile().setExecutable(true)).isTrue();
  }

  @BeforeEach
  void install() throws IOException {
    for (String name : new String[] {"sh", "grep"}) {
      program("far/" + name, "exec /bin/" + name + " \"$@\"");
    }
    program(
        "far/ward",
        "CLASSPATH='%s' exec '%s' -XX:TieredStopAtLevel=1 org.wardian.cli.Ward \"$@\""
            .formatted(
                System.getProperty("java.class.path"),
                Path.of(System.getProperty("java.home"), "bin/java")));
    program(
        "ssh",
        "while test \"$1\" != --; do shift; done; shift 2\nPATH=%s exec /bin/sh -c \"$*\""
            .formatted(folder.resolve("far")));
  }

  private String uri(String socket) {
    return "qemu+ssh://far/system?command=%s&socket=%s"
        .formatted(folder.resolve("ssh"), folder.resolve(socket));
  }

  @Test
  void connectsToTheDaemonThere() throws Exception {
    try (EchoHost host = EchoHost.at(folder.resolve("sock"));
        Connection connection = Connection.open(uri("sock"))) {
      assertThat(host.uri()).contains("sock");
      for (int i = 0; i < 50; i++) {
        assertThat(connection.domain("echo").uuid()).isEqualTo(EchoHost.UUID_OF_ECHO);
      }
    }
  }

  @Test
  void saysThatThereIsNone() {
    assertThatThrownBy(() -> Connection.open(uri("none")).close())
        .isInstanceOf(LibvirtException.class)
        .hasMessageContaining("status 16")
        .hasMessageContaining("no daemon answers at " + folder.resolve("none"));
  }
}
