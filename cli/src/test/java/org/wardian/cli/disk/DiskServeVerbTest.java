package org.wardian.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.cli.WardRun;
import org.wardian.storage.nbd.NbdPath;
import org.wardian.storage.nbd.NbdStore;
import org.wardian.storage.nbd.NbdUri;

/** {@code ward disk serve}, and the other verbs at what it and {@code qemu-nbd} serve. */
class DiskServeVerbTest {
  @TempDir Path folder;

  private Path disk;
  private Path socket;

  @BeforeEach
  void make() throws Exception {
    socket = folder.resolve("socket");
    disk = folder.resolve("disk.qcow2");
    Path raw = Disks.raw(folder.resolve("disk.raw"), 5, 9);
    QemuImg.ok("convert", "-f", "raw", "-O", "qcow2", raw, disk);
  }

  /** The verb, in a thread: it ends when the last client has left. */
  private final class Serving {
    private final Thread thread;
    private WardRun run;

    Serving(Object... more) throws InterruptedException {
      List<Object> arguments = new ArrayList<>(List.of("serve", "--socket", socket, "--json"));
      arguments.addAll(List.of(more));
      thread = Thread.ofPlatform().daemon().start(() -> run = Disks.ward(arguments.toArray()));
      while (thread.isAlive() && !answers()) {
        Thread.sleep(10);
      }
    }

    private boolean answers() {
      try {
        SocketChannel.open(UnixDomainSocketAddress.of(socket)).close();
        return true;
      } catch (IOException notYet) {
        return false;
      }
    }

    JsonNode end() throws Exception {
      thread.join();
      assertThat(run.err()).isEmpty();
      assertThat(run.status()).isZero();
      assertThat(socket).doesNotExist();
      return Disks.parse(run.out());
    }
  }

  private String uri(String export) {
    return "nbd+unix:///" + export + "?socket=" + socket;
  }

  @Test
  void itServesUntilTheLastClientHasLeft() throws Exception {
    Serving serving = new Serving(disk, "--export", "it", "--shared", "3");
    assertThat(Disks.ok("compare", uri("it"), folder.resolve("disk.raw")))
        .contains("The disks are equal.");
    JsonNode told = serving.end();
    assertThat(told.get("uri").asText()).isEqualTo(uri("it"));
    assertThat(told.get("virtualSize").asLong()).isEqualTo(5 << 20);
    assertThat(told.get("readOnly").asBoolean()).isFalse();
  }

  @Test
  void whatQemuWritesIsInTheImageAfterwards() throws Exception {
    Path other = Disks.raw(folder.resolve("other.raw"), 5, 33);
    Serving serving = new Serving(disk, "--shared", "2");
    NbdStore held = NbdStore.open(new NbdPath(NbdUri.parse(uri(""))), false);
    QemuImg.ok("convert", "-n", "-f", "raw", "-O", "raw", other, uri(""));
    held.close();
    serving.end();
    QemuImg.ok("compare", other, disk);
    QemuImg.ok("check", disk);
  }

  @Test
  void aBitmapOfQemuIsShownToQemu() throws Exception {
    QemuImg.ok("bitmap", "--add", disk, "since");
    Serving serving = new Serving(disk, "--read-only", "--bitmap", "since");
    assertThat(
            QemuImg.ok(
                "map",
                "--output=json",
                "--image-opts",
                "driver=nbd,server.type=unix,server.path="
                    + socket
                    + ",x-dirty-bitmap=qemu:dirty-bitmap:since"))
        .contains("\"start\": 0, \"length\": 5242880");
    assertThat(serving.end().get("bitmaps").get(0).asText()).isEqualTo("since");
  }

  @Test
  void theOtherVerbsTakeUris() throws Exception {
    Path copy = folder.resolve("copy.qcow2");
    Serving serving = new Serving(disk, "--shared", "2");
    NbdStore held = NbdStore.open(new NbdPath(NbdUri.parse(uri(""))), false);
    JsonNode info = Disks.json("info", uri(""));
    assertThat(info.get("format").asText()).isEqualTo("raw");
    assertThat(info.get("virtualSize").asLong()).isEqualTo(5 << 20);
    assertThat(info.get("diskSize").asLong()).isBetween(1L, (5L << 20) - 1);
    assertThat(Disks.json("map", uri("")).size()).isGreaterThan(3);
    Disks.ok("convert", uri(""), copy);
    assertThat(Disks.ward("convert", copy, uri("")).err()).contains("--existing");
    Disks.ok("convert", "--existing", copy, uri(""));
    held.close();
    serving.end();
    QemuImg.ok("compare", copy, folder.resolve("disk.raw"));
    QemuImg.ok("check", disk);
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertThat(Disks.ward("serve", "--bind", "x", "--socket", "y", disk).err())
        .contains("exclude each other");
    assertThat(Disks.ward("serve", "--shared", "0", disk).err()).contains("--shared is 1 to");
    assertThat(Disks.ward("serve", "--bitmap", "b", disk).err()).contains("--read-only");
    assertThat(Disks.ward("serve", "-r", "--bitmap", "b", disk).err())
        .contains("has no bitmap 'b'");
    assertThat(Disks.ward("serve", "--bind", "localhost:x", disk).err())
        .contains("the port is a number");
    assertThat(Disks.ward("info", "nbd://user@host/x").err()).contains("no user");
    assertThat(Disks.ward("info", "nbds://host/x").err()).contains("TLS");
    assertThat(Disks.ward("create", uri(""), "1M").err()).contains("only by its server");
  }
}
