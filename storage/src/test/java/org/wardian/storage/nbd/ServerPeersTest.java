package org.wardian.storage.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;

/** Our server, used by the clients of QEMU and libnbd. */
class ServerPeersTest {
  private static final int SIZE = 16 << 20;
  private static final int STEP = 4 << 10;

  @TempDir Path folder;

  private Path path;
  private BlockImage image;
  private NbdServer server;
  private UnixDomainSocketAddress socket;

  @BeforeAll
  static void tools() {
    PeerTools.require();
  }

  @BeforeEach
  void serve() throws IOException {
    path = folder.resolve("disk.qcow2");
    Images.create(path, CreateOptions.qcow2(SIZE));
    image = Images.open(path, OpenOptions.readWrite());
    server = new NbdServer();
    server.add(NbdExport.of("disk", image, true).withDescription("a disk"));
    socket = UnixDomainSocketAddress.of(folder.resolve("socket"));
    server.listen(socket);
  }

  @AfterEach
  void end() throws IOException {
    server.close();
    image.close();
  }

  private String uri() {
    return PeerTools.uri(socket, "disk");
  }

  private void put(long offset, String text) throws IOException {
    image.write(
        offset,
        ByteBuffer.wrap(
            text.repeat(STEP / text.length())
                .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)));
  }

  @Test
  void anExportIsDescribed() {
    server.add(NbdExport.of("", image, false));
    assertThat(PeerTools.run("qemu-img", "info", "--output=json", uri()))
        .contains("\"virtual-size\": " + SIZE);
    assertThat(PeerTools.run("nbdinfo", "--json", uri()))
        .contains("\"export-name\": \"disk\"")
        .contains("\"description\": \"a disk\"")
        .contains("\"structured\": true")
        .contains("\"base:allocation\"")
        .contains("\"is_read_only\": false")
        .contains("\"can_multi_conn\": true")
        .contains("\"can_fast_zero\": true")
        .contains("\"block_size_maximum\": 33554432");
    assertThat(PeerTools.run("nbdinfo", "--list", "--json", PeerTools.uri(socket, "")))
        .contains("\"export-name\": \"disk\"")
        .contains("\"export-name\": \"\"");
    assertThat(PeerTools.run("nbdinfo", "--is", "read-only", PeerTools.uri(socket, ""))).isEmpty();
    assertThat(QemuTools.run("nbdinfo", PeerTools.uri(socket, "none")).output())
        .contains("No such file or directory for export: none");
  }

  @Test
  void tcpIsServedToo() throws IOException {
    InetSocketAddress address =
        (InetSocketAddress)
            server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    assertThat(PeerTools.run("nbdinfo", "--size", "nbd://localhost:" + address.getPort() + "/disk"))
        .isEqualTo(SIZE + "\n");
  }

  @Test
  void whatIsAllocatedIsMapped() throws IOException {
    put(1 << 20, "data");
    assertThat(PeerTools.run("nbdinfo", "--map", "--totals", uri()))
        .contains("65536")
        .contains("hole,zero");
    assertThat(PeerTools.run("qemu-img", "map", "--output=json", uri()).replaceAll("\\s", ""))
        .contains("{\"start\":0,\"length\":1048576,\"depth\":0,\"present\":true,\"zero\":true")
        .contains(
            "{\"start\":1048576,\"length\":65536,\"depth\":0,\"present\":true,"
                + "\"zero\":false,\"data\":true");
  }

  @Test
  void aBitmapIsShown() throws IOException {
    DirtyBitmapView bitmap =
        (offset, length) ->
            offset < 1 << 20
                ? new DirtyBitmapView.Run((1 << 20) - offset, false)
                : new DirtyBitmapView.Run(length, true);
    server.remove("disk", false);
    server.add(NbdExport.of("disk", image, false).withBitmaps(Map.of("since", bitmap)));
    assertThat(PeerTools.run("nbdinfo", "--map=qemu:dirty-bitmap:since", uri()))
        .matches("\\s+0\\s+1048576\\s+0\\s+clean\\s+1048576\\s+15728640\\s+1\\s+dirty\\s+");
    assertThat(
            PeerTools.run(
                "qemu-img",
                "map",
                "--output=json",
                "--image-opts",
                "driver=nbd,export=disk,server.type=unix,server.path="
                    + socket.getPath()
                    + ",x-dirty-bitmap=qemu:dirty-bitmap:since"))
        .contains("\"start\": 1048576, \"length\": 15728640");
  }

  @Test
  void aDiskIsCopiedThereAndBack() throws IOException {
    byte[] content = new byte[SIZE];
    new Random(1).nextBytes(content);
    java.util.Arrays.fill(content, 3 << 20, 7 << 20, (byte) 0);
    Path raw = Files.write(folder.resolve("raw"), content);
    PeerTools.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", raw, uri());
    PeerTools.run("qemu-img", "compare", "-f", "raw", "-F", "raw", raw, uri());
    Path back = folder.resolve("back");
    PeerTools.run("nbdcopy", uri(), back);
    assertThat(Files.mismatch(raw, back)).isEqualTo(-1);
    PeerTools.run("nbdcopy", "--destination-is-zero", "--flush", raw, uri());
    PeerTools.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri(), back);
    PeerTools.run("qemu-img", "compare", raw, back);
  }

  @Test
  void randomRequestsOfQemuLeaveWhatTheyShould() throws IOException {
    Random random = new Random(7);
    byte[] model = new byte[SIZE];
    List<String> commands = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 3 << 20 : 90_000);
      int offset = random.nextInt(SIZE - length);
      byte pattern = (byte) (1 + random.nextInt(250));
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> {
          boolean fua = random.nextInt(8) == 0;
          commands.add(
              "write"
                  + (fua ? " -f" : "")
                  + " -P "
                  + (pattern & 255)
                  + " "
                  + offset
                  + " "
                  + length);
          java.util.Arrays.fill(model, offset, offset + length, pattern);
        }
        case 3 -> {
          commands.add("write -z" + (random.nextBoolean() ? " -u " : " ") + offset + " " + length);
          java.util.Arrays.fill(model, offset, offset + length, (byte) 0);
        }
        case 4 -> commands.add("flush");
        default -> {
          // Only what is said to be zeroes afterwards can be known.
          commands.add("discard " + offset + " " + length);
          commands.add("write -P " + (pattern & 255) + " " + offset + " " + length);
          java.util.Arrays.fill(model, offset, offset + length, pattern);
        }
      }
    }
    QemuTools.io(uri(), commands, "-f", "raw");
    ByteBuffer all = ByteBuffer.allocate(SIZE);
    image.read(0, all);
    assertThat(java.util.Arrays.mismatch(all.array(), model)).isEqualTo(-1);
    server.close();
    image.close();
    QemuTools.img("check", path);
  }

  @Test
  void aReadOnlyExportRefusesWrites() {
    server.add(NbdExport.of("still", image, false));
    QemuTools.Outcome outcome =
        QemuTools.run("qemu-io", "-f", "raw", "-c", "write 0 512", PeerTools.uri(socket, "still"));
    assertThat(outcome.output()).contains("Permission denied");
    assertThat(QemuTools.run("nbdcopy", path, PeerTools.uri(socket, "still")).status()).isNotZero();
  }
}
