package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.boot.initramfs.DefaultInitramfs;
import org.wardian.conformance.debian.DebianGuest;
import org.wardian.machine.MachineConfiguration;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.ErrorClass;
import org.wardian.qmp.QmpClient;
import org.wardian.qmp.QmpEvent;
import org.wardian.qmp.QmpException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/** A machine's process copies, merges and backs up its disk; qemu-img (qemu-utils) has a look. */
@Timeout(600)
class BlockJobsTest extends DrivenMachine {
  private static final long DISK_BYTES = 32 << 20;
  private static final int MEBIBYTES = 192;
  private static final String NODE = "libvirt-1-format";

  /** In an order in which they can be loaded. */
  private static final List<String> MODULES =
      List.of(
          "drivers/virtio/virtio_ring.ko",
          "drivers/virtio/virtio.ko",
          "drivers/virtio/virtio_pci_legacy_dev.ko",
          "drivers/virtio/virtio_pci_modern_dev.ko",
          "drivers/virtio/virtio_pci.ko",
          "drivers/block/virtio_blk.ko");

  private Path qcow2(String name) throws Exception {
    Path image = folder.resolve(name);
    Images.create(image, CreateOptions.qcow2(DISK_BYTES));
    return image;
  }

  private DomainText debian(Path disk) throws Exception {
    MachineConfiguration guest =
        DebianGuest.cloud().withModules(MODULES.toArray(String[]::new)).configuration();
    Path kernel = Files.write(folder.resolve("vmlinuz"), guest.kernel());
    Path initrd = Files.write(folder.resolve("initrd"), guest.initrd().orElseThrow());
    return new DomainText()
        .kernel(kernel, initrd, guest.commandLine())
        .memory(MEBIBYTES)
        .serialSocket(serial)
        .disk(disk, "qcow2", 0);
  }

  private static void type(Line line, String command) throws Exception {
    line.type(command + "\n");
    line.await(DefaultInitramfs.PROMPT);
  }

  /** A writer of random blocks at random places, in the background. */
  private static void startWriting(Line line) throws Exception {
    line.await(DefaultInitramfs.PROMPT);
    for (String module : MODULES) {
      type(line, "insmod /modules" + module.substring(module.lastIndexOf('/')));
    }
    type(line, "until test -e /dev/vda; do mdev -s; sleep 0.1; done");
    type(
        line,
        "(while test ! -e /stop; do dd if=/dev/urandom of=/dev/vda bs=16384 count=3"
            + " seek=$((RANDOM % 2040)) conv=notrunc,fsync 2>/dev/null; done; touch /stopped) &");
  }

  private static void stopWriting(Line line) throws Exception {
    type(line, "touch /stop; until test -e /stopped; do sleep 0.1; done; sync");
    line.type("echo QU\"\"IET\n");
    line.await("QUIET");
  }

  private static ObjectNode action(ArrayNode actions, String type) {
    return actions.addObject().put("type", type).putObject("data");
  }

  private static String file(QmpClient client) throws Exception {
    return inserted(client).path("file").asText();
  }

  private static JsonNode inserted(QmpClient client) throws Exception {
    return client.execute("query-block", Arguments.none()).path(0).path("inserted");
  }

  private void awaitGood(String job) throws Exception {
    QmpEvent end = await("BLOCK_JOB_COMPLETED");
    assertThat(end.data().path("device").asText()).isEqualTo(job);
    assertThat(end.data().has("error")).as("%s", end.data()).isFalse();
  }

  private static String qemuImg(Object... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("qemu-img"));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", command, output).isZero();
    return output;
  }

  @Test
  @Tag("slow")
  void aDiskIsMovedMergedAndBackedUpWhileTheGuestWrites() throws Exception {
    Path disk = qcow2("disk.qcow2");
    Path copy = qcow2("copy.qcow2");
    Path overlay = folder.resolve("overlay.qcow2");
    Path full = qcow2("full.qcow2");
    Path increment = folder.resolve("increment.qcow2");
    Images.create(
        increment, CreateOptions.qcow2(DISK_BYTES).withBacking(full.toString(), ImageFormat.QCOW2));
    try (WardProcess process = start(debian(disk), "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      client.execute("cont", Arguments.none());
      startWriting(line);
      client.execute(
          "drive-mirror",
          Arguments.none()
              .put("device", "drive-virtio-disk0")
              .put("job-id", "copy")
              .put("target", copy.toString())
              .put("format", "qcow2")
              .put("mode", "existing")
              .put("sync", "full"));
      await("BLOCK_JOB_READY");
      client.execute("block-job-complete", Arguments.none().put("device", "copy"));
      awaitGood("copy");
      assertThat(file(client)).isEqualTo(copy.toString());

      ObjectNode both = Arguments.none();
      ArrayNode actions = both.putArray("actions");
      action(actions, "block-dirty-bitmap-add")
          .put("node", "virtio-disk0")
          .put("name", "monday")
          .put("persistent", true);
      action(actions, "drive-backup")
          .put("device", "virtio-disk0")
          .put("job-id", "full")
          .put("target", full.toString())
          .put("format", "qcow2")
          .put("mode", "existing")
          .put("sync", "full");
      client.execute("transaction", both);
      awaitGood("full");

      client.execute(
          "blockdev-snapshot-sync",
          Arguments.none().put("device", "virtio-disk0").put("snapshot-file", overlay.toString()));
      type(line, "sleep 1");
      client.execute(
          "block-commit", Arguments.none().put("device", "virtio-disk0").put("job-id", "merge"));
      await("BLOCK_JOB_READY");
      client.execute("block-job-complete", Arguments.none().put("device", "merge"));
      awaitGood("merge");
      assertThat(file(client)).isEqualTo(copy.toString());

      pullTwice(client);
      stopWriting(line);
      assertThat(inserted(client).path("dirty-bitmaps").path(0).path("count").asLong())
          .isPositive();
      client.execute(
          "drive-backup",
          Arguments.none()
              .put("device", "virtio-disk0")
              .put("job-id", "increment")
              .put("target", increment.toString())
              .put("format", "qcow2")
              .put("mode", "existing")
              .put("sync", "incremental")
              .put("bitmap", "monday"));
      awaitGood("increment");
      JsonNode bitmap = inserted(client).path("dirty-bitmaps").path(0);
      assertThat(bitmap.path("name").asText()).isEqualTo("monday");
      assertThat(bitmap.path("count").asLong()).isZero();
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    for (Path image : List.of(disk, copy, overlay, full, increment)) {
      assertThat(qemuImg("check", image)).contains("No errors");
    }
    assertThat(qemuImg("compare", increment, copy)).contains("identical");
    assertThat(qemuImg("info", copy)).contains("monday").doesNotContain("in-use");
    assertThat(qemuImg("map", full)).contains(full.toString());
    assertThat(qemuImg("map", increment)).contains(increment.toString());
  }

  /** Two clients, one after the other, read the disk of one moment. */
  private void pullTwice(QmpClient client) throws Exception {
    Path scratch = qcow2("scratch.qcow2");
    Path socket = folder.resolve("nbd");
    client.execute(
        "blockdev-add",
        Arguments.none()
            .put("driver", "file")
            .put("node-name", "libvirt-7-storage")
            .put("filename", scratch.toString()));
    client.execute(
        "blockdev-add",
        Arguments.none()
            .put("driver", "qcow2")
            .put("node-name", "libvirt-7-format")
            .put("file", "libvirt-7-storage")
            .put("backing", inserted(client).path("node-name").asText()));
    client.execute(
        "blockdev-backup",
        Arguments.none()
            .put("device", "virtio-disk0")
            .put("job-id", "pull")
            .put("target", "libvirt-7-format")
            .put("sync", "none"));
    ObjectNode start = Arguments.none();
    start.putObject("addr").put("type", "unix").putObject("data").put("path", socket.toString());
    client.execute("nbd-server-start", start);
    client.execute(
        "block-export-add",
        Arguments.none()
            .put("type", "nbd")
            .put("id", "pull")
            .put("node-name", "libvirt-7-format")
            .put("name", "vda"));
    String uri = "nbd+unix:///vda?socket=" + socket;
    Path first = folder.resolve("first.raw");
    qemuImg("convert", "-f", "raw", "-O", "raw", uri, first);
    assertThat(qemuImg("compare", "-f", "raw", "-F", "raw", first, uri)).contains("identical");
    client.execute("nbd-server-stop", Arguments.none());
    client.execute("block-job-cancel", Arguments.none().put("device", "pull"));
    await("BLOCK_JOB_CANCELLED");
    await("JOB_STATUS_CHANGE");
    client.execute("blockdev-del", Arguments.none().put("node-name", "libvirt-7-format"));
    // The guest has overwritten something of it, which was saved.
    assertThat(qemuImg("map", scratch)).contains(scratch.toString());
  }

  @Test
  void aBitmapThatLivedThroughAKillIsInconsistent() throws Exception {
    Path disk = qcow2("disk.qcow2");
    ObjectNode bitmap = Arguments.none().put("node", NODE).put("name", "b");
    try (WardProcess process = start(echoing().disk(disk, "qcow2", 0));
        QmpClient client = connect(process)) {
      client.execute("block-dirty-bitmap-add", bitmap.deepCopy().put("persistent", true));
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    assertThat(qemuImg("info", disk)).contains("name: b").doesNotContain("in-use");
    try (WardProcess process = start(echoing().disk(disk, "qcow2", 0));
        QmpClient client = connect(process)) {
      client.execute("block-dirty-bitmap-disable", bitmap);
      process.kill();
    }
    Files.delete(qmp);
    Files.delete(serial);
    assertThat(qemuImg("info", disk)).contains("name: b").contains("in-use");
    try (WardProcess process = start(echoing().disk(disk, "qcow2", 0));
        QmpClient client = connect(process)) {
      assertThat(inserted(client).path("dirty-bitmaps").path(0).path("inconsistent").asBoolean())
          .isTrue();
      assertThatThrownBy(() -> client.execute("block-dirty-bitmap-enable", bitmap))
          .hasMessage("Bitmap 'b' is inconsistent and cannot be used");
      client.execute("block-dirty-bitmap-remove", bitmap);
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    assertThat(qemuImg("info", disk)).doesNotContain("name: b");
    assertThat(qemuImg("check", disk)).contains("No errors");
  }

  /** A base and an overlay, each with something in it; the disk is what {@code expected} has. */
  private Path overlay(Path expected) throws Exception {
    Path base = qcow2("base.qcow2");
    Path top = folder.resolve("top.qcow2");
    Images.create(
        top, CreateOptions.qcow2(DISK_BYTES).withBacking(base.toString(), ImageFormat.QCOW2));
    for (Path image : List.of(base, top)) {
      try (BlockImage open =
          Images.open(image, OpenOptions.readWrite().withFormat(ImageFormat.QCOW2))) {
        byte[] content = new byte[3 << 20];
        new Random(image.equals(base) ? 1 : 2).nextBytes(content);
        for (int at = image.equals(base) ? 0 : 1; at < 5; at++) {
          open.write((long) at * (5 << 20), ByteBuffer.wrap(content));
        }
      }
    }
    qemuImg("convert", "-O", "raw", top, expected);
    return top;
  }

  @ParameterizedTest
  @ValueSource(strings = {"block-commit", "block-stream"})
  void aMachineThatIsKilledAmidAJobHasItsDisk(String command) throws Exception {
    Path expected = folder.resolve("expected.raw");
    Path top = overlay(expected);
    try (WardProcess process = start(echoing().disk(top, "qcow2", 0));
        QmpClient client = connect(process)) {
      client.execute(
          command,
          Arguments.none().put("device", NODE).put("job-id", "slow").put("speed", 4 << 20));
      JsonNode job;
      do {
        job = client.execute("query-jobs", Arguments.none()).path(0);
      } while (job.path("current-progress").asLong() < 3 << 20);
      assertThat(job.path("status").asText()).isEqualTo("running");
      process.kill();
    }
    qemuImg("check", "-r", "leaks", top);
    qemuImg("check", "-r", "leaks", folder.resolve("base.qcow2"));
    assertThat(qemuImg("compare", "-f", "raw", "-F", "qcow2", expected, top)).contains("identical");
  }

  @Test
  void whatCannotBeIsRefusedInQemusWords() throws Exception {
    Path disk = qcow2("disk.qcow2");
    try (WardProcess process = start(echoing().disk(disk, "qcow2", 0));
        QmpClient client = connect(process)) {
      assertThatThrownBy(
              () -> client.execute("block-job-cancel", Arguments.none().put("device", "none")))
          .isInstanceOfSatisfying(
              QmpException.class,
              e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.DEVICE_NOT_ACTIVE))
          .hasMessage("Block job 'none' not found");
      assertThatThrownBy(() ->
              client.execute(
                  "block-commit", Arguments.none().put("device", NODE).put("base", "/nope")))
          .hasMessage("Can't find '/nope' in the backing chain");
      assertThatThrownBy(() ->
              client.execute(
                  "block-dirty-bitmap-add",
                  Arguments.none().put("node", NODE).put("name", "x").put("granularity", 1000)))
          .hasMessage("Granularity must be power of 2 and at least 512");
      ObjectNode aborted = Arguments.none();
      ArrayNode actions = aborted.putArray("actions");
      action(actions, "block-dirty-bitmap-add").put("node", NODE).put("name", "x");
      Path target = folder.resolve("never.qcow2");
      action(actions, "drive-backup")
          .put("device", NODE)
          .put("job-id", "never")
          .put("target", target.toString())
          .put("sync", "full");
      action(actions, "abort");
      assertThatThrownBy(() -> client.execute("transaction", aborted))
          .hasMessage("Transaction aborted using Abort action");
      assertThat(inserted(client).has("dirty-bitmaps")).isFalse();
      assertThat(client.execute("query-jobs", Arguments.none())).isEmpty();
      assertThat(target).doesNotExist();
    }
  }
}
