package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.wardian.libvirt.client.ConnectionUri;
import org.wardian.libvirt.client.SocketPaths;

class DefaultUriTest {
  private static String chosen(Map<String, String> environment, boolean root, boolean answers) {
    return new DefaultUri(environment, root, Optional.empty(), socket -> answers).choose();
  }

  @Test
  void libvirtsFileCountsAfterTheVariables() {
    Optional<String> file = Optional.of("f:///");
    assertThat(new DefaultUri(Map.of(), true, file, socket -> true).choose()).isEqualTo("f:///");
    Map<String, String> variable = Map.of("LIBVIRT_DEFAULT_URI", "b:///");
    assertThat(new DefaultUri(variable, true, file, socket -> true).choose()).isEqualTo("b:///");
  }

  @Test
  void ourVariableComesBeforeLibvirtsAndBothBeforeAnySocket() {
    assertThat(chosen(Map.of("WARDIAN_URI", "a:///", "LIBVIRT_DEFAULT_URI", "b:///"), true, true))
        .isEqualTo("a:///");
    assertThat(chosen(Map.of("WARDIAN_URI", "", "LIBVIRT_DEFAULT_URI", "b:///"), true, true))
        .isEqualTo("b:///");
  }

  @Test
  void theHostsDaemonIsForRootAndForWhomItAnswers() {
    assertThat(chosen(Map.of(), true, false)).isEqualTo("qemu:///system");
    assertThat(chosen(Map.of(), false, true)).isEqualTo("qemu:///system");
    assertThat(chosen(Map.of(), false, false)).isEqualTo("qemu:///session");
  }

  private static OwnDaemon own(boolean root, Map<String, String> environment) {
    return new OwnDaemon(
        environment,
        new SocketPaths(environment, root, Path.of("/run/libvirt")),
        OwnDaemon.program(
            Optional.of("/jdk/bin/java"),
            new String[] {
              "-Xmn96m", "--module", "org.wardian.cli/org.wardian.cli.Ward", "list", "--all"
            }));
  }

  @Test
  void aUsersDaemonIsStartedAsWardItselfWas() {
    assertThat(own(false, Map.of()).command())
        .containsExactly(
            "/jdk/bin/java",
            "-Xmn96m",
            "--module",
            "org.wardian.cli/org.wardian.cli.Ward",
            "daemon",
            "--session",
            "--timeout",
            "120");
    assertThat(OwnDaemon.program(Optional.of("java"), new String[] {"-cp", "x", "Main"})).isEmpty();
  }

  @Test
  void onlyAUsersOwnSessionHasADaemonStarted() {
    ConnectionUri session = ConnectionUri.parse("qemu:///session");

    assertThat(own(false, Map.of()).serves(session)).isTrue();
    assertThat(own(true, Map.of()).serves(session)).isFalse();
    assertThat(own(false, Map.of("WARDIAN_NO_AUTOSTART", "1")).serves(session)).isFalse();
    for (String other :
        new String[] {
          "qemu:///system",
          "qemu+unix:///session?socket=/a",
          "qemu+tcp://host/session",
          "test:///session"
        }) {
      assertThat(own(false, Map.of()).serves(ConnectionUri.parse(other))).as(other).isFalse();
    }
  }
}
