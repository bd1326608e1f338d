package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpClient;
import org.wardian.qmp.QmpEvent;
import org.wardian.qmp.QmpException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.nbd.NbdExport;
import org.wardian.storage.nbd.NbdServer;

/** {@code ward machine} by real processes: a guest of a few instructions, driven by QMP. */
@Timeout(600)
class MachineProcessTest extends DrivenMachine {
  private static final int TERMINATED = 143;

  @Test
  void aGuestIsStartedStoppedAndEndsItself() throws Exception {
    try (WardProcess process = start(echoing(), "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      assertThat(status(client)).isEqualTo("prelaunch");
      client.execute("cont", Arguments.none());
      await("RESUME");
      line.await("ready\n");
      line.type("abc");
      line.await("abc");
      client.execute("stop", Arguments.none());
      await("STOP");
      assertThat(status(client)).isEqualTo("paused");
      line.type("def");
      client.execute("cont", Arguments.none());
      line.await("def");
      JsonNode processors = client.execute("query-cpus-fast", Arguments.none());
      int thread = processors.path(0).path("thread-id").asInt();
      assertThat(Path.of("/proc/" + process.pid() + "/task/" + thread)).exists();
      line.type("!");
      assertThat(await("SHUTDOWN").data().path("guest").asBoolean()).isTrue();
      await("STOP");
      assertThat(status(client)).isEqualTo("shutdown");
      assertThatThrownBy(() -> client.execute("cont", Arguments.none()))
          .isInstanceOf(QmpException.class)
          .hasMessage("Resetting the Virtual Machine is required");
      client.execute("quit", Arguments.none());
      client.closed().get();
      assertThat(process.status()).as(process.err()).isZero();
    }
    assertThat(qmp).doesNotExist();
    assertThat(serial).doesNotExist();
  }

  @Test
  void aSavedMachineGoesOnInAnotherProcess() throws Exception {
    Path saved = folder.resolve("saved");
    DomainText document = echoing();
    try (WardProcess process = start(document);
        QmpClient client = connect(process);
        Line line = new Line()) {
      line.type("abc");
      line.await("abc");
      client.execute("migrate", Arguments.none().put("uri", "file:" + saved));
      awaitMigration("completed");
      assertThat(status(client)).isEqualTo("postmigrate");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    try (WardProcess process = start(document, "--incoming", saved.toString(), "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      assertThat(status(client)).isEqualTo("paused");
      client.execute("cont", Arguments.none());
      line.type("xyz");
      line.await("xyz");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
  }

  @Test
  void aSaveThatFailsLetsTheGuestGoOn() throws Exception {
    try (WardProcess process = start(echoing());
        QmpClient client = connect(process);
        Line line = new Line()) {
      line.type("abc");
      line.await("abc");
      client.execute("migrate", Arguments.none().put("uri", "file:/no/such/folder/saved"));
      awaitMigration("failed");
      line.type("def");
      line.await("def");
      assertThat(status(client)).isEqualTo("running");
      assertThat(client.execute("query-migrate", Arguments.none()).path("error-desc").asText())
          .contains("/no/such/folder");
    }
  }

  @Test
  void resetsAreToldOrAreTheEnd() throws Exception {
    try (WardProcess process = start(echoing());
        QmpClient client = connect(process);
        Line line = new Line()) {
      line.type("abc");
      line.await("abc");
      client.execute("system_reset", Arguments.none());
      QmpEvent reset = await("RESET");
      assertThat(reset.data().path("guest").asBoolean()).isFalse();
      line.await("ready\n");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    events.clear();
    DomainText resetting =
        new DomainText()
            .kernel(Path.of(new TinyGuest().reset().in(folder)))
            .serialSocket(serial)
            .onReboot("destroy");
    try (WardProcess process = start(resetting, "--paused");
        QmpClient client = connect(process)) {
      client.execute("cont", Arguments.none());
      assertThat(await("SHUTDOWN").data().path("reason").asText()).isEqualTo("guest-reset");
      assertThat(status(client)).isEqualTo("shutdown");
    }
  }

  @Test
  void aDeadGuestIsACrashAndItsMachineStays() throws Exception {
    DomainText dying =
        new DomainText()
            .kernel(Path.of(new TinyGuest().tripleFault().in(folder)))
            .serialSocket(serial);
    try (WardProcess process = start(dying, "--paused");
        QmpClient client = connect(process)) {
      client.execute("cont", Arguments.none());
      assertThat(await("GUEST_PANICKED").data().path("action").asText()).isEqualTo("pause");
      Path core = folder.resolve("core");
      client.execute(
          "dump-guest-memory",
          Arguments.none().put("paging", false).put("protocol", "file:" + core));
      assertThat(Files.size(core)).isGreaterThan(16 << 20);
      assertThat(status(client)).isEqualTo("guest-panicked");
    }
  }

  @Test
  void oneDefinitionIsOneMachine() throws Exception {
    DomainText document = echoing();
    try (WardProcess first = start(document);
        QmpClient client = connect(first)) {
      Path other = Files.createDirectory(folder.resolve("other"));
      try (WardProcess second =
          new WardProcess.Start(other)
              .run(
                  "machine",
                  "--definition",
                  definition.toString(),
                  "--qmp",
                  other.resolve("qmp").toString())) {
        assertThat(second.status()).isNotZero();
        assertThat(second.err())
            .contains("runs already, as process " + first.pid())
            .hasLineCount(1);
      }
      assertThat(status(client)).isEqualTo("running");
    }
  }

  @Test
  void theHostsWishEndsItCleanly() throws Exception {
    Path image = folder.resolve("disk.qcow2");
    Images.create(image, CreateOptions.qcow2(1 << 20));
    try (WardProcess process = start(echoing().disk(image, "qcow2", 0));
        QmpClient client = connect(process)) {
      assertThat(status(client)).isEqualTo("running");
      process.terminate();
      assertThat(await("SHUTDOWN").data().path("reason").asText()).isEqualTo("host-signal");
      assertThat(process.status()).isEqualTo(TERMINATED);
    }
    assertThat(qmp).doesNotExist();
    assertThat(serial).doesNotExist();
  }

  @Test
  void whatIsMissingIsToldInOneLineBeforeThereIsASocket() throws Exception {
    try (WardProcess process = start(echoing().disk(Path.of("/no/such.qcow2"), "qcow2", 0))) {
      assertThat(process.status()).isNotZero();
      assertThat(process.err()).isEqualTo("ward: disk /no/such.qcow2: no such file\n");
    }
    assertThat(qmp).doesNotExist();
    assertThat(serial).doesNotExist();
  }

  @Test
  void aDiskMayBeAtAServer() throws Exception {
    Path image = folder.resolve("disk.raw");
    Path socket = folder.resolve("socket");
    Files.write(image, new byte[1 << 20]);
    OpenOptions raw = OpenOptions.readWrite().withFormat(ImageFormat.RAW);
    String disk =
        """
        <disk type='network' device='disk'><driver name='qemu' type='raw'/>
          <source protocol='nbd' name='%s'><host transport='unix' socket='%s'/>
            <reconnect delay='10'/></source>
          <target dev='vda' bus='virtio'/><alias name='virtio-disk0'/></disk>
        """;
    try (BlockImage opened = Images.open(image, raw);
        NbdServer server = new NbdServer()) {
      server.add(NbdExport.of("it", opened, true));
      server.listen(UnixDomainSocketAddress.of(socket));
      try (WardProcess process = start(echoing().device(disk.formatted("it", socket)));
          QmpClient client = connect(process)) {
        JsonNode inserted =
            client.execute("query-block", Arguments.none()).path(0).path("inserted");
        assertThat(inserted.path("image").path("virtual-size").asLong()).isEqualTo(1 << 20);
        assertThat(inserted.path("file").asText())
            .isEqualTo("nbd+unix:///it?socket=" + socket + "&reconnect-delay=10");
        assertThat(server.clients("it")).isPositive();
      }
      try (WardProcess process = start(echoing().device(disk.formatted("other", socket)))) {
        assertThat(process.status()).isNotZero();
        assertThat(process.err()).contains("there is no export 'other'");
      }
    }
    try (WardProcess process =
        start(echoing().device(disk.replace("nbd", "iscsi").formatted("it", socket)))) {
      assertThat(process.status()).isNotZero();
      assertThat(process.err())
          .isEqualTo(
              "ward: disk vda: servers of iscsi are not spoken to by this machine; nbd is\n");
    }
  }

  @Test
  void mediaAndDisksChange() throws Exception {
    Path image = folder.resolve("disk.raw");
    Path disc = folder.resolve("disc.iso");
    Files.write(image, new byte[1 << 20]);
    Files.write(disc, new byte[64 << 10]);
    try (WardProcess process = start(echoing().disk(image, "raw", 0).cdrom());
        QmpClient client = connect(process)) {
      JsonNode drives = client.execute("query-block", Arguments.none());
      assertThat(drives.path(0).path("inserted").path("image").path("virtual-size").asLong())
          .isEqualTo(1 << 20);
      assertThat(drives.path(1).has("inserted")).isFalse();
      client.execute(
          "blockdev-change-medium",
          Arguments.none()
              .put("id", "ide0-1-0")
              .put("filename", disc.toString())
              .put("format", "raw"));
      await("DEVICE_TRAY_MOVED");
      drives = client.execute("query-block", Arguments.none());
      assertThat(drives.path(1).path("inserted").path("file").asText()).isEqualTo(disc.toString());
      client.execute("eject", Arguments.none().put("id", "ide0-1-0"));
      assertThat(client.execute("query-block", Arguments.none()).path(1).has("inserted")).isFalse();
      client.execute(
          "block_resize",
          Arguments.none().put("node-name", "libvirt-1-format").put("size", 2 << 20));
      assertThat(Files.size(image)).isEqualTo(2 << 20);
      assertThatThrownBy(() -> client.execute("eject", Arguments.none().put("id", "virtio-disk0")))
          .isInstanceOf(QmpException.class)
          .hasMessage("Device 'virtio-disk0' is not removable");
    }
  }
}
