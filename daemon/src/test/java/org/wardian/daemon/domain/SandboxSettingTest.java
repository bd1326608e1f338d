package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.DaemonSettings;
import org.wardian.daemon.Folders;

/** What wardiand.conf says of system calls reaches the process of a machine, here QEMU's. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class SandboxSettingTest {
  // Short: a UNIX socket's path has 107 bytes.
  @TempDir private Path root;

  private void settings(String text) throws Exception {
    Path folder = Files.createDirectories(Folders.under(root, true).configuration());
    Files.writeString(folder.resolve(DaemonSettings.FILE), text);
  }

  @Test
  void itReachesTheMachinesThatStartAfterIt() throws Exception {
    try (QemuDaemon daemon = new QemuDaemon(root)) {
      daemon.define("it", "");
      assertThat(started(daemon)).doesNotContain("-sandbox");
      settings("seccomp_sandbox = 1\n");
      daemon.end();
      daemon.open();
      assertThat(started(daemon)).contains("-sandbox on");
      settings("seccomp_sandbox = 0\n");
      daemon.end();
      daemon.open();
      assertThat(started(daemon)).contains("-sandbox off");
      settings("seccomp_sandbox = 2\n");
      daemon.end();
      assertThatThrownBy(daemon::open).hasMessageContaining("seccomp_sandbox is 2");
    }
  }

  /** What a machine was started with; it is gone again. */
  private static String started(QemuDaemon daemon) throws Exception {
    daemon.virsh().printed("start it --paused");
    Path line = Path.of("/proc/" + daemon.machine().pid() + "/cmdline");
    String words = Files.readString(line).replace('\0', ' ');
    daemon.virsh().printed("destroy it");
    return words;
  }
}
