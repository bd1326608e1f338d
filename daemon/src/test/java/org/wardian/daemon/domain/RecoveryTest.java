package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.storage.Virsh;
import org.wardian.libvirt.constants.DomainPausedReason;
import org.wardian.qmp.QmpClient;

/** What a daemon finds that was killed in the middle of something, and what it makes of that. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class RecoveryTest {
  @TempDir private Path root;
  private QemuDaemon host;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    host = new QemuDaemon(root);
    virsh = host.virsh();
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private Path machines() {
    return host.folders().state().resolve("qemu");
  }

  private Path folder() throws Exception {
    try (Stream<Path> list = Files.list(machines())) {
      return list.filter(Files::isDirectory).findFirst().orElseThrow();
    }
  }

  private void tellMachine(String command, ObjectNode arguments) throws Exception {
    try (QmpClient client =
        QmpClient.connect(Machine.socket(folder()), Duration.ofSeconds(300), event -> {})) {
      client.execute(command, arguments, Duration.ofSeconds(300));
    }
  }

  @Test
  void aStartThatWasNotFinishedLeavesNoProcessAndNoFolder() throws Exception {
    host.define("one", "");
    host.end();
    Path folder = Files.createDirectories(machines().resolve("domain-7-one"));
    Path definition =
        Files.copy(host.document("one", ""), Machine.definition(folder)).toAbsolutePath();
    Process lost =
        new ProcessBuilder("sh", "-c", "read never", "sh", "--definition", definition.toString())
            .start();
    Process other =
        new ProcessBuilder("sh", "-c", "read never", "sh", definition.toString()).start();
    try {
      host.open();
      assertThat(lost.waitFor(120, TimeUnit.SECONDS)).isTrue();
      assertThat(other.isAlive()).isTrue();
      assertThat(machines()).isEmptyDirectory();
      virsh.printed("start one");
      virsh.printed("destroy one");
    } finally {
      lost.destroyForcibly();
      other.destroyForcibly();
    }
  }

  @Test
  void aGuestThatWasBeingStartedAnewLeavesNoProcess() throws Exception {
    host.define("one", "");
    virsh.printed("start one");
    host.end();
    Process lost =
        new ProcessBuilder(
                "sh",
                "-c",
                "read never",
                "sh",
                "--definition",
                Machine.definition(folder()).toString())
            .start();
    try {
      host.open();
      assertThat(lost.waitFor(120, TimeUnit.SECONDS)).isTrue();
      assertThat(virsh.printed("domstate one")).isEqualTo("running");
    } finally {
      lost.destroyForcibly();
    }
  }

  @Test
  void aMachineWhoseStatusIsDamagedIsLeftAlone() throws Exception {
    host.define("one", "");
    virsh.printed("start one");
    host.end();
    Path status = machines().resolve("one.xml");
    Files.writeString(status, "<domstatus");
    host.open();
    assertThat(host.machine().isAlive()).isTrue();
    assertThat(status).hasContent("<domstatus");
    assertThat(folder()).exists();
  }

  @Test
  void aRenameThatWasNotFinishedIsFinished() throws Exception {
    String uuid = "<uuid>00000000-0000-4000-8000-000000000001</uuid>";
    host.define("zoe", uuid);
    host.define("copied", "<uuid>00000000-0000-4000-8000-000000000002</uuid>");
    host.end();
    Path definitions = host.folders().configuration().resolve("qemu");
    Path old = definitions.resolve("zoe.xml");
    Files.writeString(
        definitions.resolve("anna.xml"), Files.readString(old).replace("zoe", "anna"));
    Files.setLastModifiedTime(old, FileTime.fromMillis(0));
    // One that says something else is a person's work, and stays.
    Path own = definitions.resolve("own.xml");
    Files.writeString(
        own,
        Files.readString(definitions.resolve("copied.xml"))
            .replace("<name>copied</name>", "<name>own</name><title>mine</title>"));
    host.open();
    assertThat(virsh.printed("list --all --name").lines().filter(line -> !line.isBlank()))
        .containsExactlyInAnyOrder("anna", "copied");
    assertThat(old).doesNotExist();
    assertThat(own).exists();
  }

  @Test
  void aGuestThatSwitchedOffMeanwhileIsOff() throws Exception {
    host.define("one", "");
    virsh.printed("start one");
    host.end();
    // With QEMU that is how a guest without a system can be switched off.
    tellMachine("set-action", JsonNodeFactory.instance.objectNode().put("reboot", "shutdown"));
    tellMachine("system_reset", JsonNodeFactory.instance.objectNode());
    host.open();
    host.awaitState("one", "shut off (shutdown)");
    // The state is told before the files are removed.
    while (Files.exists(machines().resolve("one.xml"))) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  @Test
  void aMachineThatWasBeingSavedGoesOn() throws Exception {
    host.define("one", "");
    virsh.printed("start one");
    host.end();
    tellMachine("stop", JsonNodeFactory.instance.objectNode());
    Path status = machines().resolve("one.xml");
    Files.writeString(
        status,
        Files.readString(status)
            .replaceFirst("state='[^']*'", "state='paused'")
            .replaceFirst("reason='[^']*'", "reason='" + DomainPausedReason.SAVE.number() + "'"));
    Path saved = host.folders().library().resolve("qemu/save/one.save");
    Files.createDirectories(saved.getParent());
    Files.writeString(saved, "half of a machine");
    host.open();
    assertThat(virsh.printed("domstate one")).isEqualTo("running");
    assertThat(saved).doesNotExist();
  }
}
