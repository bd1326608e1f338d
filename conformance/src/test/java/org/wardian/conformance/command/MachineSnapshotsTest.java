package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpClient;
import org.wardian.qmp.QmpException;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageInfo;

/** Snapshots of a machine whose process runs. */
@Timeout(600)
class MachineSnapshotsTest extends DrivenMachine {
  private static final long DISK_BYTES = 1 << 20;

  private Path qcow2(String name) throws Exception {
    Path image = folder.resolve(name);
    Images.create(image, CreateOptions.qcow2(DISK_BYTES));
    return image;
  }

  private static ObjectNode snapshot(String device, Path file) {
    return Arguments.none().put("device", device).put("snapshot-file", file.toString());
  }

  private static String monitor(QmpClient client, String line) throws Exception {
    return client
        .execute("human-monitor-command", Arguments.none().put("command-line", line))
        .asText();
  }

  private List<Path> chain(Path image) throws Exception {
    return ImageInfo.chain(
            image, OpenOptions.readOnly().withFormat(ImageFormat.QCOW2).withLocked(false))
        .stream()
        .map(info -> info.path().getFileName())
        .toList();
  }

  @Test
  void anOverlayTakesWhatIsWrittenFromNowOn() throws Exception {
    Path image = qcow2("disk.qcow2");
    Path first = folder.resolve("first.qcow2");
    Path second = folder.resolve("second.qcow2");
    try (WardProcess process = start(echoing().disk(image, "qcow2", 0));
        QmpClient client = connect(process)) {
      client.execute("blockdev-snapshot-sync", snapshot("virtio-disk0", first));
      client.execute("blockdev-snapshot-sync", snapshot("drive-virtio-disk0", second));
      assertThat(
              client
                  .execute("query-block", Arguments.none())
                  .path(0)
                  .path("inserted")
                  .path("file")
                  .asText())
          .isEqualTo(second.toString());
      assertThat(chain(second))
          .containsExactly(second.getFileName(), first.getFileName(), image.getFileName());
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
  }

  @Test
  void aTransactionIsDoneWhollyOrNotAtAll() throws Exception {
    DomainText document =
        echoing().disk(qcow2("one.qcow2"), "qcow2", 0).disk(qcow2("two.qcow2"), "qcow2", 1);
    Path good = folder.resolve("good.qcow2");
    try (WardProcess process = start(document);
        QmpClient client = connect(process)) {
      ObjectNode both = Arguments.none();
      ArrayNode actions = both.putArray("actions");
      actions
          .addObject()
          .put("type", "blockdev-snapshot-sync")
          .set("data", snapshot("virtio-disk0", good));
      actions
          .addObject()
          .put("type", "blockdev-snapshot-sync")
          .set("data", snapshot("virtio-disk1", Path.of("/no/such/folder/bad.qcow2")));
      assertThatThrownBy(() -> client.execute("transaction", both))
          .isInstanceOf(QmpException.class);
      assertThat(good).doesNotExist();
      ((ObjectNode) actions.get(1))
          .set("data", snapshot("virtio-disk1", folder.resolve("fine.qcow2")));
      client.execute("transaction", both);
      assertThat(chain(good)).hasSize(2);
      assertThat(chain(folder.resolve("fine.qcow2"))).hasSize(2);
    }
  }

  @Test
  void aMachineIsKeptWithinItsDiskAndGoesOnFromThere() throws Exception {
    DomainText document = echoing().disk(qcow2("disk.qcow2"), "qcow2", 0);
    try (WardProcess process = start(document);
        QmpClient client = connect(process);
        Line line = new Line()) {
      line.type("abc");
      line.await("abc");
      assertThat(monitor(client, "savevm \"before\"")).isEmpty();
      line.type("def");
      line.await("def");
      assertThat(status(client)).isEqualTo("running");
      assertThat(monitor(client, "info snapshots")).contains("before");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    try (WardProcess process = start(document, "--snapshot", "before", "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      client.execute("cont", Arguments.none());
      line.type("xyz");
      line.await("xyz");
      assertThat(monitor(client, "delvm before")).isEmpty();
      assertThat(monitor(client, "info snapshots")).doesNotContain("before");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
  }

  /** It is kept, goes on from what was kept, is kept again there, and goes on here as well. */
  @Test
  void aMachineThatNeverRanIsKept() throws Exception {
    DomainText document = echoing().disk(qcow2("disk.qcow2"), "qcow2", 0).processors(2, 4);
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    try (WardProcess process = start(document, "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      assertThat(monitor(client, "savevm \"never\"")).isEmpty();
      assertThat(status(client)).isEqualTo("prelaunch");
      client.execute("migrate", Arguments.none().put("uri", "file:/no/such/folder/saved"));
      awaitMigration("failed");
      assertThat(status(client)).isEqualTo("prelaunch");
      save(client, first);
      client.execute("cont", Arguments.none());
      line.await("ready\n");
      line.type("abc");
      line.await("abc");
      quit(client, process);
    }
    try (WardProcess process = start(document, "--incoming", first.toString(), "--paused");
        QmpClient client = connect(process)) {
      assertThat(monitor(client, "savevm \"again\"")).isEmpty();
      assertThat(status(client)).isEqualTo("paused");
      save(client, second);
      quit(client, process);
    }
    for (String[] from :
        List.of(
            new String[] {"--incoming", first.toString()},
            new String[] {"--incoming", second.toString()},
            new String[] {"--snapshot", "never"},
            new String[] {"--snapshot", "again"})) {
      try (WardProcess process = start(document, from[0], from[1], "--paused");
          QmpClient client = connect(process);
          Line line = new Line()) {
        client.execute("cont", Arguments.none());
        line.await("ready\n");
        line.type("xyz");
        line.await("xyz");
        quit(client, process);
      }
    }
  }

  private void save(QmpClient client, Path file) throws Exception {
    client.execute("migrate", Arguments.none().put("uri", "file:" + file));
    awaitMigration("completed");
    assertThat(status(client)).isEqualTo("postmigrate");
  }

  private static void quit(QmpClient client, WardProcess process) throws Exception {
    client.execute("quit", Arguments.none());
    assertThat(process.status()).as(process.err()).isZero();
  }

  @Test
  void aRawDiskKeepsNoMachine() throws Exception {
    Path image = folder.resolve("disk.raw");
    Files.write(image, new byte[(int) DISK_BYTES]);
    try (WardProcess process = start(echoing().disk(image, "raw", 0));
        QmpClient client = connect(process)) {
      assertThat(monitor(client, "savevm x"))
          .startsWith("Error: Device 'drive-virtio-disk0' is writable but does not support");
      assertThat(status(client)).isEqualTo("running");
    }
  }
}
