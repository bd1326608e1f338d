package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.SocketPaths;

/** A user's own daemon, started as the first verb does. */
@EnabledOnOs(OS.LINUX)
class OwnDaemonTest {
  @TempDir private Path folder;

  @Test
  @Timeout(600)
  void itIsStartedWhereNobodyAnswersAndOnceOnly() throws Exception {
    Map<String, String> environment = Map.of("HOME", folder.toString());
    SocketPaths sockets = new SocketPaths(environment, false, folder.resolve("none"));
    String java = Path.of(System.getProperty("java.home"), "bin/java").toString();
    List<String> program =
        List.of(
            "/usr/bin/env",
            "-u",
            "XDG_CONFIG_HOME",
            "HOME=" + folder,
            // Not as an argument: of a line so long the JDK would tell the daemon nothing.
            "CLASSPATH=" + System.getProperty("java.class.path"),
            java,
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Duser.home=" + folder,
            "org.wardian.cli.Ward");
    OwnDaemon own = new OwnDaemon(environment, sockets, program);
    Path socket = folder.resolve(".cache/libvirt/libvirt-sock");

    own.startUnlessItAnswers();
    long pid = pid();
    try {
      own.startUnlessItAnswers();
      assertThat(pid()).isEqualTo(pid);
      try (Connection connection = Connection.open("qemu+unix:///session?socket=" + socket)) {
        assertThat(connection.domains()).isEmpty();
      }
    } finally {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
    }
    ProcessHandle.of(pid).ifPresent(one -> one.onExit().orTimeout(120, TimeUnit.SECONDS).join());
    assertThat(OwnDaemon.answers(socket)).isFalse();
    assertThat(Files.readString(folder.resolve(".cache/libvirt/wardiand.log")))
        .contains("wardiand serves");
  }

  /** The one process that has this test's folder among its words and is a daemon. */
  private long pid() {
    return ProcessHandle.allProcesses()
        .filter(one -> {
          List<String> words = List.of(one.info().arguments().orElse(new String[0]));
          return words.contains("-Duser.home=" + folder) && words.contains("daemon");
        })
        .mapToLong(ProcessHandle::pid)
        .max()
        .orElseThrow();
  }
}
