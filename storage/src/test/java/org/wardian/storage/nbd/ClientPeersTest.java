package org.wardian.storage.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.NoSpaceException;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;
import org.wardian.storage.RandomOperations;
import org.wardian.storage.ReadOnlyImageException;
import org.wardian.storage.qcow2.Qcow2Image;

/** Our client at the servers of QEMU and nbdkit. */
class ClientPeersTest {
  private static final int SIZE = 4 << 20;
  private static final OpenOptions RAW = OpenOptions.readWrite().withFormat(ImageFormat.RAW);

  @TempDir Path folder;

  private Path socket;
  private Path disk;

  @BeforeAll
  static void tools() {
    PeerTools.require();
  }

  @BeforeEach
  void names() {
    socket = folder.resolve("socket");
    disk = folder.resolve("disk");
  }

  private static BlockImage open(NbdUri uri, OpenOptions options) throws IOException {
    return Images.open(new NbdPath(uri), options);
  }

  private static void random(NbdUri uri, int operations) throws IOException {
    RandomOperations random = new RandomOperations(3, SIZE);
    try (BlockImage image = open(uri, RAW)) {
      random.run(image, operations);
      random.verify(image);
    }
    try (BlockImage image = open(uri, RAW.withWritable(false))) {
      random.verify(image);
    }
  }

  @Test
  void randomRequestsToQemuLeaveWhatTheyShould() throws IOException {
    QemuTools.img("create", "-q", "-f", "qcow2", disk, SIZE);
    try (PeerServer server = PeerServer.qemu(socket, "-f", "qcow2", "-x", "here", disk)) {
      random(server.uri("here"), 1500);
    }
    QemuTools.img("check", disk);
  }

  /** Servers without structured replies, without the newer handshake, with blocks of their own. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "memory 4M",
        "--no-sr memory 4M",
        "--mask-handshake=0 memory 4M",
        "--filter=nozero --filter=noextents memory 4M",
        "--filter=blocksize-policy memory 4M blocksize-minimum=4096 blocksize-maximum=65536"
            + " blocksize-error-policy=error",
        "--filter=blocksize-policy memory 4M blocksize-minimum=65536 blocksize-preferred=65536"
            + " blocksize-maximum=65536 blocksize-error-policy=error",
        "--filter=delay memory 4M delay-read=1ms delay-write=1ms"
      })
  void serversOfEveryKindAreUnderstood(String arguments) throws IOException {
    try (PeerServer server = PeerServer.kit(socket, (Object[]) arguments.split(" "))) {
      RandomOperations random = new RandomOperations(5, SIZE);
      try (BlockImage image = open(server.uri(""), RAW)) {
        random.run(image, 300);
        random.verify(image);
      }
    }
  }

  /** Reads only: what nbdkit's old handshake promises, it does not keep. */
  @Test
  void theOldHandshakeIsUnderstood() throws IOException {
    try (PeerServer server = PeerServer.kit(socket, "--oldstyle", "pattern", "4M");
        BlockImage image = open(server.uri(""), RAW.withWritable(false))) {
      ByteBuffer all = ByteBuffer.allocate(SIZE);
      image.read(0, all);
      for (int at = 0; at < SIZE; at += Long.BYTES) {
        assertThat(all.getLong(at)).isEqualTo(at);
      }
    }
  }

  @Test
  void qcow2WithinAnExportIsReadAndWritten() throws IOException {
    QemuTools.img("create", "-q", "-f", "qcow2", disk, SIZE);
    // Room for the clusters to come: an export does not grow.
    Files.newByteChannel(disk, java.nio.file.StandardOpenOption.WRITE)
        .position(2L * SIZE)
        .write(ByteBuffer.allocate(1));
    RandomOperations random = new RandomOperations(8, SIZE);
    try (PeerServer server = PeerServer.qemu(socket, "-f", "raw", disk)) {
      try (BlockImage image = open(server.uri(""), OpenOptions.readWrite())) {
        assertThat(image).isInstanceOf(Qcow2Image.class);
        random.run(image, 300);
        random.verify(image);
      }
    }
    QemuTools.img("check", disk);
    QemuTools.img("compare", random.save(folder.resolve("raw")), disk);
  }

  @Test
  void holesOfTheServerAreKnown() throws IOException {
    QemuTools.img("create", "-q", "-f", "qcow2", disk, SIZE);
    QemuTools.io(disk, java.util.List.of("write -P 7 1M 64k"), "-f", "qcow2");
    try (PeerServer server = PeerServer.qemu(socket, "-f", "qcow2", disk);
        BlockImage image = open(server.uri(""), RAW)) {
      Extent hole = image.extent(0, SIZE);
      assertThat(hole.kind()).isEqualTo(Extent.Kind.ZERO);
      assertThat(hole.length()).isEqualTo(1 << 20);
      Extent data = image.extent(1 << 20, SIZE - (1 << 20));
      assertThat(data.kind()).isEqualTo(Extent.Kind.DATA);
      assertThat(data.length()).isEqualTo(64 << 10);
      image.write(0, ByteBuffer.allocate(512).put(0, (byte) 1));
      assertThat(image.extent(0, SIZE).kind()).isEqualTo(Extent.Kind.DATA);
    }
  }

  @Test
  void aBitmapOfQemuIsRead() throws IOException {
    QemuTools.img("create", "-q", "-f", "qcow2", disk, SIZE);
    QemuTools.img("bitmap", "--add", disk, "since");
    QemuTools.io(disk, java.util.List.of("write 1M 128k"), "-f", "qcow2");
    try (PeerServer server = PeerServer.qemu(socket, "-r", "-f", "qcow2", "-B", "since", disk)) {
      try (RemoteBitmap bitmap = RemoteBitmap.open(server.uri(""), "since")) {
        assertThat(bitmap.run(0, SIZE)).isEqualTo(new DirtyBitmapView.Run(1 << 20, false));
        assertThat(bitmap.run(1 << 20, 3 << 20))
            .isEqualTo(new DirtyBitmapView.Run(128 << 10, true));
      }
      assertThatThrownBy(() -> RemoteBitmap.open(server.uri(""), "other"))
          .hasMessageContaining("no bitmap 'other'");
    }
  }

  @Test
  void errorsOfTheServerAreToldAsTheyAre() throws IOException {
    try (PeerServer server =
            PeerServer.kit(
                socket,
                "--filter=error",
                "memory",
                "4M",
                "error-pwrite=ENOSPC",
                "error-pwrite-rate=1",
                "error-pread=EIO",
                "error-pread-rate=1");
        BlockImage image = open(server.uri(""), RAW)) {
      assertThatThrownBy(() -> image.write(512, ByteBuffer.allocate(512)))
          .isInstanceOf(NoSpaceException.class)
          .hasMessageContaining("offset 512");
      assertThatThrownBy(() -> image.read(0, ByteBuffer.allocate(512)))
          .isExactlyInstanceOf(IOException.class)
          .hasMessageContaining(socket.toString());
      image.flush();
    }
    try (PeerServer server = PeerServer.kit(socket, "-r", "memory", "4M")) {
      assertThatThrownBy(() -> open(server.uri(""), RAW))
          .isInstanceOf(ReadOnlyImageException.class);
    }
    assertThatThrownBy(() -> open(NbdUri.unix(folder.resolve("nobody"), ""), RAW))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nbd+unix:///?socket=");
    Files.write(disk, new byte[SIZE]);
    try (PeerServer server = PeerServer.qemu(socket, "-f", "raw", "-x", "a", disk)) {
      assertThatThrownBy(() -> open(server.uri("b"), RAW)).hasMessageContaining("no export 'b'");
    }
  }

  @Test
  void aServerThatComesBackIsUsedOn() throws IOException {
    Files.write(disk, new byte[SIZE]);
    PeerServer server = PeerServer.qemu(socket, "-f", "raw", disk);
    try (BlockImage image = open(server.uri(""), RAW)) {
      image.write(0, ByteBuffer.allocate(512).put(0, (byte) 1));
      image.flush();
      server.kill();
      server = PeerServer.qemu(socket, "-f", "raw", disk);
      ByteBuffer sector = ByteBuffer.allocate(512);
      image.read(0, sector);
      assertThat(sector.get(0)).isEqualTo((byte) 1);
      server.kill();
      assertThatThrownBy(() -> image.read(0, sector.clear())).hasMessageContaining("is not back");
      server = PeerServer.qemu(socket, "-f", "raw", disk);
      while (true) {
        try {
          image.read(0, sector.clear());
          break;
        } catch (IOException notYet) {
          // Attempts are half a second apart, for a server that stays away costs time each.
          assertThat(notYet).hasMessageContaining("is not back");
          Thread.onSpinWait();
        }
      }
      assertThat(sector.get(0)).isEqualTo((byte) 1);
    } finally {
      server.close();
    }
  }

  @Test
  void aServerIsWaitedForAsLongAsTheUriSays() throws Exception {
    Files.write(disk, new byte[SIZE]);
    PeerServer server = PeerServer.qemu(socket, "-f", "raw", disk);
    NbdUri uri = server.uri("").withReconnectDelay(Duration.ofMinutes(5));
    try (BlockImage image = open(NbdUri.parse(uri.toString()), RAW)) {
      server.kill();
      Thread[] readers = new Thread[4];
      IOException[] failures = new IOException[readers.length];
      for (int i = 0; i < readers.length; i++) {
        int index = i;
        readers[i] =
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    image.read(512L * index, ByteBuffer.allocate(512));
                  } catch (IOException e) {
                    failures[index] = e;
                  }
                });
      }
      server = PeerServer.qemu(socket, "-f", "raw", disk);
      for (Thread each : readers) {
        each.join();
      }
      assertThat(failures).containsOnlyNulls();
    } finally {
      server.close();
    }
  }
}
