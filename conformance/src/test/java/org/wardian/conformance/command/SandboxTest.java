package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpClient;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;

/** What serves a guest has given up the system calls that it does not need, and lacks none. */
@Timeout(600)
class SandboxTest extends DrivenMachine {
  private static final String CONFINED = "NoNewPrivs:\t1 Seccomp:\t2";

  @BeforeEach
  void filters() {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "system calls have other numbers");
    assumeTrue(Files.exists(Path.of("/proc/sys/kernel/seccomp")), "this kernel has no seccomp");
  }

  /** What the kernel says of each thread of a process, each answer once. */
  private static List<String> threads(long process) throws IOException {
    List<Path> tasks;
    try (Stream<Path> all = Files.list(Path.of("/proc/" + process + "/task"))) {
      tasks = all.toList();
    }
    List<String> answers = new ArrayList<>();
    for (Path task : tasks) {
      try (Stream<String> lines = Files.lines(task.resolve("status"))) {
        String answer =
            String.join(
                " ",
                lines
                    .filter(it -> it.startsWith("NoNewPrivs:") || it.startsWith("Seccomp:"))
                    .toList());
        // Of a thread that ends at this moment there is nothing to be read.
        if (!answer.isEmpty() && !answers.contains(answer)) {
          answers.add(answer);
        }
      } catch (NoSuchFileException ended) {
        // The same.
      }
    }
    return answers;
  }

  /** The answer where nothing was given up: whatever confines this test confines all. */
  private static List<String> free() throws IOException {
    return threads(ProcessHandle.current().pid());
  }

  /** Disks, cards and images come, are shown to others, copied and saved: nothing of it is lost. */
  @Test
  void aMachineDoesAllThatItDidWithout() throws Exception {
    Path image = folder.resolve("disk.qcow2");
    Images.create(image, CreateOptions.qcow2(1 << 20));
    Path second = folder.resolve("second.qcow2");
    Images.create(second, CreateOptions.qcow2(1 << 20));
    Path saved = folder.resolve("saved");
    DomainText document =
        echoing()
            .disk(image, "qcow2", 0)
            .cdrom()
            .device(
                "<channel type='pty'><target type='virtio' name='it'/><alias name='channel0'/>"
                    + "</channel>");
    try (WardProcess process = start(document, "--paused", "--sandbox", "on");
        QmpClient client = connect(process);
        Line line = new Line()) {
      assertThat(threads(process.pid())).as("before the guest runs").containsExactly(CONFINED);
      client.execute("cont", Arguments.none());
      line.await("ready\n");
      plug(
          client,
          """
          <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
            <source file='%s' index='7'/><target dev='vdb' bus='virtio'/>
            <alias name='virtio-disk1'/></disk>
          """
              .formatted(second));
      plug(
          client,
          """
          <interface type='user'><mac address='52:54:00:11:22:44'/><model type='virtio'/>
            <alias name='net0'/></interface>
          """);
      plug(
          client,
          "<rng model='virtio'><backend model='random'>/dev/urandom</backend>"
              + "<alias name='rng0'/></rng>");
      assertThat(client.execute("query-block", Arguments.none()).findValuesAsText("device"))
          .contains("drive-virtio-disk1");
      serveByNbd(client);
      client.execute("stop", Arguments.none());
      client.execute("cont", Arguments.none());
      line.type("abc");
      line.await("abc");
      client.execute("migrate", Arguments.none().put("uri", "file:" + saved));
      awaitMigration("completed");
      assertThat(threads(process.pid())).containsExactly(CONFINED);
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
      assertThat(process.err()).doesNotContain("sandbox", "not permitted");
    }
    assertThat(saved).isNotEmptyFile();
  }

  /** In a network of its own, where it has to make the devices that the cards are plugged into. */
  @Test
  void cardsOfTheHostsNetworkComeToo() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root has such networks");
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "this host has no TAP devices");
    Files.writeString(definition, echoing().toString());
    WardProcess.Start ward =
        new WardProcess.Start(folder)
            .by(
                "unshare",
                "--net",
                "/bin/sh",
                "-ec",
                "ip link add b0 type bridge; ip tuntap add tap7 mode tap; exec \"$@\"",
                "sh");
    try (WardProcess process =
            ward.run(
                "machine",
                "--definition",
                definition.toString(),
                "--qmp",
                qmp.toString(),
                "--sandbox",
                "on");
        QmpClient client = connect(process)) {
      plug(
          client,
          """
          <interface type='ethernet'><mac address='52:54:00:11:22:45'/><target dev='tap7'/>
            <model type='virtio'/><alias name='net0'/></interface>
          """);
      plug(
          client,
          """
          <interface type='bridge'><mac address='52:54:00:11:22:46'/><model type='virtio'/>
            <wardian:plug kind='bridge' name='tap8' bridge='b0'/><alias name='net1'/></interface>
          """);
      assertThat(Files.readString(Path.of("/proc/" + process.pid() + "/net/dev")))
          .contains("tap7:", "tap8:");
      assertThat(threads(process.pid())).containsExactly(CONFINED);
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
  }

  private static void plug(QmpClient client, String device) throws Exception {
    client.execute("x-wardian-attach", Arguments.none().put("device", device));
  }

  private void serveByNbd(QmpClient client) throws Exception {
    ObjectNode server = Arguments.none();
    Path socket = folder.resolve("nbd");
    server.putObject("addr").put("type", "unix").putObject("data").put("path", socket.toString());
    client.execute("nbd-server-start", server);
    client.execute(
        "block-export-add",
        Arguments.none()
            .put("type", "nbd")
            .put("id", "shown")
            .put("node-name", "libvirt-7-format")
            .put("name", "shown"));
    assertThat(socket).exists();
    client.execute("nbd-server-stop", Arguments.none());
  }

  @Test
  void aMachineKeepsThemAllWhereItIsTold() throws Exception {
    try (WardProcess process = start(echoing(), "--sandbox", "off");
        QmpClient client = connect(process)) {
      assertThat(status(client)).isEqualTo("running");
      assertThat(threads(process.pid())).isEqualTo(free());
    }
  }

  private WardProcess run(Class<?> by, String... more) throws IOException {
    String guest = new TinyGuest().print("hello\r\n").echoUntil('q').powerOff().in(folder);
    WardProcess.Start ward = new WardProcess.Start(folder).pipedInput();
    if (by != null) {
      ward.by(by);
    }
    return ward.run(
        Stream.concat(Stream.of("run", "--kernel", guest), Stream.of(more)).toArray(String[]::new));
  }

  @Test
  void aRunIsConfinedUnlessTheUserWantsItOtherwise() throws Exception {
    try (WardProcess process = run(null)) {
      process.awaitOut("hello\r\n");
      assertThat(threads(process.pid())).containsExactly(CONFINED);
      process.type("q");
      assertThat(process.status()).as(process.err()).isZero();
      assertThat(process.err()).isEmpty();
    }
    try (WardProcess process = run(null, "--sandbox", "off")) {
      process.awaitOut("hello\r\n");
      assertThat(threads(process.pid())).isEqualTo(free());
      process.type("q");
      assertThat(process.status()).as(process.err()).isZero();
    }
  }

  @Test
  void aKernelWithoutFiltersIsWarnedOfOrIsTheEnd() throws Exception {
    try (WardProcess process = run(OldKernel.class)) {
      process.awaitOut("hello\r\n");
      process.type("q");
      assertThat(process.status()).as(process.err()).isZero();
      assertThat(process.err()).contains("warning: ").contains("seccomp").hasLineCount(1);
    }
    try (WardProcess process = run(OldKernel.class, "--sandbox", "on")) {
      assertThat(process.status()).as(process.err()).isEqualTo(9);
      assertThat(process.out()).isEmpty();
      assertThat(process.err()).contains("seccomp").contains("--sandbox off").hasLineCount(1);
    }
  }
}
