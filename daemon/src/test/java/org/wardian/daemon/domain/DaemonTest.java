package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.DaemonSettings;
import org.wardian.daemon.storage.Virsh;

/** A whole daemon with Debian's virsh, machines being real processes of QEMU. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class DaemonTest {
  // Short: a UNIX socket's path has 107 bytes.
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

  @Test
  void aDomainLives() throws Exception {
    host.define("one", "");
    assertThat(virsh.printed("domstate --reason one")).isEqualTo("shut off (unknown)");
    virsh.printed("start one");
    assertThat(virsh.printed("domstate --reason one")).isEqualTo("running (booted)");
    virsh.printed("suspend one");
    assertThat(virsh.printed("domstate --reason one")).isEqualTo("paused (user)");
    virsh.printed("resume one");
    assertThat(virsh.printed("domstate --reason one")).isEqualTo("running (unpaused)");
    assertThat(virsh.refused("start one")).contains("Domain is already active");
    virsh.printed("destroy one");
    assertThat(virsh.printed("domstate --reason one")).isEqualTo("shut off (destroyed)");
    assertThat(host.folders().state().resolve("qemu")).isEmptyDirectory();
    virsh.printed("undefine one");
    assertThat(virsh.printed("list --all --name")).isEmpty();
  }

  @Test
  void eventsComeInLibvirtsOrder() throws Exception {
    host.define("one", "");
    Process watch =
        new ProcessBuilder("virsh", "-c", host.uri(), "event", "--event", "lifecycle", "--loop")
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .start();
    try {
      awaitWatcher(watch);
      virsh.printed("start one");
      virsh.printed("suspend one");
      virsh.printed("resume one");
      virsh.printed("destroy one");
      virsh.printed("undefine one");
      List<String> lines = new ArrayList<>();
      while (lines.size() < 7) {
        String line = readLine(watch);
        if (line.contains("lifecycle") && line.contains("one")) {
          lines.add(line.substring(line.lastIndexOf(':') + 2));
        }
      }
      assertThat(lines)
          .containsExactly(
              "Resumed Unpaused",
              "Started Booted",
              "Suspended Paused",
              "Resumed Unpaused",
              "Shutdown Finished after host request",
              "Stopped Destroyed",
              "Undefined Removed");
    } finally {
      watch.destroy();
    }
  }

  /** Makes events of another machine until the watcher, which says nothing before, tells of one. */
  private void awaitWatcher(Process watch) throws Exception {
    while (watch.getInputStream().available() == 0) {
      host.define("probe", "");
      virsh.printed("undefine probe");
    }
  }

  private static String readLine(Process process) throws IOException {
    StringBuilder line = new StringBuilder();
    int one;
    while ((one = process.getInputStream().read()) != '\n') {
      if (one < 0) {
        throw new IOException("virsh ended after: " + line);
      }
      line.append((char) one);
    }
    return line.toString();
  }

  @Test
  void theNextDaemonFindsMachines() throws Exception {
    host.define("one", "");
    virsh.printed("start one");
    virsh.printed("suspend one");
    String id = virsh.printed("domid one");
    host.end();
    assertThat(host.machine().isAlive()).isTrue();
    host.open();
    assertThat(virsh.printed("domstate --reason one")).isEqualTo("paused (user)");
    assertThat(virsh.printed("domid one")).isEqualTo(id);
    virsh.printed("resume one");
    virsh.printed("destroy one");
    virsh.printed("start one");
    host.end();
    host.open();
    assertThat(virsh.printed("domstate --reason one")).isEqualTo("running (booted)");
    assertThat(Integer.parseInt(virsh.printed("domid one"))).isGreaterThan(Integer.parseInt(id));
  }

  @Test
  void aMachineThatDiesIsReported() throws Exception {
    host.define("one", "");
    virsh.printed("start one");
    host.machine().destroyForcibly();
    host.awaitState("one", "shut off (crashed)");
    virsh.printed("start one");
    virsh.printed("destroy one");
  }

  @Test
  void aMachineThatDiedWithoutADaemonIsReported() throws Exception {
    host.define("one", "");
    virsh.printed("start one");
    host.end();
    ProcessHandle process = host.machine();
    process.destroyForcibly();
    process.onExit().get(120, TimeUnit.SECONDS);
    host.open();
    host.awaitState("one", "shut off (crashed)");
    assertThat(host.folders().state().resolve("qemu")).isEmptyDirectory();
  }

  @Test
  void aStartThatFailsSaysTheMachinesLastWords() throws Exception {
    host.define("one", "<title>broken</title>");
    assertThat(virsh.refused("start one"))
        .contains(
            "internal error: process exited while connecting to monitor: "
                + "machine: the disk is on holiday");
    assertThat(virsh.printed("domstate --reason one")).isEqualTo("shut off (failed)");
    assertThat(virsh.printed("list --name")).isEmpty();
  }

  @Test
  void theLimitsOfACardAreSetAWayAtATime() throws Exception {
    host.define("one", "");
    String mac = "52:54:00:00:00:01";
    virsh.printed("attach-interface one network default --config --mac " + mac);
    virsh.printed("domiftune one " + mac + " --config --inbound 100,200,300,400");
    virsh.printed("domiftune one " + mac + " --config --outbound 10,20");
    assertThat(virsh.printed("dumpxml one"))
        .contains("<inbound average='100' peak='200' floor='400' burst='300'/>")
        .contains("<outbound average='10' peak='20'/>");
    virsh.printed("domiftune one " + mac + " --config --inbound 50");
    assertThat(virsh.printed("dumpxml one"))
        .contains("<inbound average='50'/>")
        .contains("<outbound average='10' peak='20'/>");
    virsh.printed("domiftune one " + mac + " --config --inbound 0");
    assertThat(virsh.printed("dumpxml one")).doesNotContain("<inbound").contains("<outbound");
  }

  @Test
  void manyDefinitionsAreReadAndADamagedOneIsLeftAlone() throws Exception {
    host.end();
    Path definitions = host.folders().configuration().resolve("qemu");
    Files.createDirectories(definitions);
    for (int i = 0; i < 200; i++) {
      String uuid = "<uuid>00000000-0000-4000-8000-%012d</uuid>".formatted(i);
      Files.writeString(
          definitions.resolve("many-" + i + ".xml"), QemuDaemon.xml("many-" + i, uuid));
    }
    Path damaged = Files.writeString(definitions.resolve("half.xml"), "<domain type='qemu'><na");
    Files.writeString(definitions.resolve("half-written.xml.new"), "<dom");
    host.open();
    assertThat(virsh.printed("list --all --name").lines().filter(line -> !line.isBlank()))
        .hasSize(200);
    assertThat(damaged).hasContent("<domain type='qemu'><na");
  }

  @Test
  void wrongStatesAndDocumentsHaveLibvirtsErrors() throws Exception {
    host.define("one", "");
    for (String command :
        List.of("suspend one", "resume one", "destroy one", "reset one", "shutdown one")) {
      assertThat(virsh.refused(command))
          .contains("Requested operation is not valid: domain is not running");
    }
    assertThat(virsh.refused("domstate nobody")).contains("failed to get domain 'nobody'");
    assertThat(virsh.refused("setmem one 1G --config"))
        .contains("invalid argument: cannot set memory higher than max memory");
    Path other = root.resolve("other.xml");
    Files.writeString(
        other, QemuDaemon.xml("one", "<uuid>00000000-0000-4000-8000-000000000000</uuid>"));
    assertThat(virsh.refused("define " + other))
        .contains("operation failed: domain 'one' already exists with uuid");
    Files.writeString(other, "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><domain>&a;</domain>");
    assertThat(virsh.refused("define " + other)).contains("(domain_definition)");
    Files.writeString(other, "<a>".repeat(100_000));
    assertThat(virsh.refused("define " + other)).contains("(domain_definition)");
    byte[] noise = new byte[4096];
    Arrays.fill(noise, (byte) 'x');
    Files.write(other, noise);
    assertThat(virsh.refused("define " + other)).contains("(domain_definition)");
    assertThat(virsh.printed("list --all --name").strip()).isEqualTo("one");
  }

  @Test
  void theReadOnlySocketOnlyLooks() throws Exception {
    host.define("one", "");
    Virsh looker =
        new Virsh(
            "qemu+unix:///system?socket=" + host.folders().state().resolve("libvirt-sock-ro"));
    assertThat(looker.printed("list --all --name").strip()).isEqualTo("one");
    assertThat(looker.refused("start one"))
        .contains("operation forbidden: read only access prevents virDomainCreate");
    String audit =
        Files.readString(
            host.folders().log().resolve("wardiand-audit.log"), StandardCharsets.UTF_8);
    assertThat(audit.lines())
        .anyMatch(line ->
            line.contains("\"action\":\"DOMAIN_DEFINE_XML\"") && line.contains("\"done\":true"))
        .anyMatch(
            line -> line.contains("\"action\":\"DOMAIN_CREATE\"") && line.contains("\"code\":29"));
  }

  @Test
  void anOperatorStartsAndDefinesNothing() throws Exception {
    host.define("one", "");
    host.end();
    String user = Files.getAttribute(root, "unix:uid").toString();
    Files.writeString(
        host.folders().configuration().resolve(DaemonSettings.FILE),
        "uid_roles = [ \"" + user + "=operator\" ]\n");
    host.open();
    virsh.printed("start one");
    assertThat(virsh.printed("domstate --reason one")).isEqualTo("running (booted)");
    virsh.printed("destroy one");
    assertThat(virsh.refused("undefine one"))
        .contains("access denied: an operator may not call virDomainUndefine");
    Path file = Files.writeString(root.resolve("two.xml"), QemuDaemon.xml("two", ""));
    assertThat(virsh.refused("create " + file))
        .contains("access denied: an operator may not call virDomainCreateXML");
    assertThat(virsh.printed("list --all --name").strip()).isEqualTo("one");
  }

  @Test
  void oneDaemonForAFolder() {
    assertThatThrownBy(host::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("another daemon serves " + host.folders().state());
  }
}
