package org.wardian.storage.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/** Clients that do not keep to the protocol, stay silent, or do not take their answers. */
class BadClientsTest {
  private static final int SIZE = 8 << 20;
  private static final int HANDSHAKE_FLAGS = Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES;

  @TempDir Path folder;

  private BlockImage image;
  private NbdServer server;
  private UnixDomainSocketAddress socket;

  @BeforeEach
  void serve() throws IOException {
    Path path = folder.resolve("disk");
    Images.create(path, CreateOptions.raw(SIZE));
    image = Images.open(path, OpenOptions.readWrite().withFormat(ImageFormat.RAW));
    server =
        new NbdServer(
            NbdLimits.usual().withConnections(40).withHandshake(Duration.ofSeconds(60)),
            new NbdServer.Observer() {});
    server.add(NbdExport.of("", image, true));
    server.add(NbdExport.of("still", image, false));
    socket = UnixDomainSocketAddress.of(folder.resolve("socket"));
    server.listen(socket);
  }

  @AfterEach
  void end() throws IOException {
    server.close();
    assertThat(server.connections()).isZero();
    image.close();
  }

  /** A connection by hand. */
  private final class Line implements AutoCloseable {
    private final SocketChannel channel = SocketChannel.open(socket);
    private final WireInput input = new WireInput(new ChannelWire(channel));

    Line() throws IOException {
      input.need(18);
      input.skip(18);
    }

    Line flags(int flags) throws IOException {
      return send(ByteBuffer.allocate(4).putInt(flags));
    }

    Line send(ByteBuffer bytes) throws IOException {
      bytes.flip();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      return this;
    }

    Line option(int option, byte... data) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(16 + data.length).putLong(Protocol.IHAVEOPT);
      return send(bytes.putInt(option).putInt(data.length).put(data));
    }

    /** The kind of the next reply to an option, whose data are left out. */
    int reply() throws IOException {
      input.need(20);
      input.getLong();
      input.getInt();
      int kind = input.getInt();
      input.skip(input.getInt());
      return kind;
    }

    Line chosen(String export) throws IOException {
      flags(HANDSHAKE_FLAGS);
      option(Protocol.OPT_EXPORT_NAME, export.getBytes(StandardCharsets.UTF_8));
      input.need(10);
      input.skip(10);
      return this;
    }

    Line request(int flags, int type, long handle, long offset, int length) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(28).putInt(Protocol.REQUEST);
      bytes.putShort((short) flags).putShort((short) type).putLong(handle).putLong(offset);
      return send(bytes.putInt(length));
    }

    /** The error of the next simple answer, which is to this request. */
    int answer(long handle) throws IOException {
      input.need(16);
      assertThat(input.getInt()).isEqualTo(Protocol.SIMPLE_REPLY);
      int error = input.getInt();
      assertThat(input.getLong()).isEqualTo(handle);
      return error;
    }

    /** The server has ended it. */
    void ended() {
      try {
        while (input.await(1)) {
          input.skip(1);
        }
      } catch (IOException alsoEnded) {
        return;
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private void works() throws IOException {
    try (Line line = new Line().chosen("")) {
      line.request(0, Protocol.CMD_READ, 77, 512, 512);
      assertThat(line.answer(77)).isZero();
      line.input.skip(512);
      line.request(0, Protocol.CMD_DISC, 0, 0, 0).ended();
    }
  }

  private boolean isServed() {
    try {
      works();
      return true;
    } catch (IOException sentAwayToo) {
      return false;
    }
  }

  @Test
  void flagsThatDoNotExistEndTheConnection() throws IOException {
    try (Line line = new Line().flags(4)) {
      line.ended();
    }
    works();
  }

  @Test
  void optionsThatMakeNoSenseAreRefusedAndTheNextIsRead() throws IOException {
    try (Line line = new Line().flags(HANDSHAKE_FLAGS)) {
      assertThat(line.option(99).reply()).isEqualTo(Protocol.REP_ERR_UNSUP);
      assertThat(line.option(Protocol.OPT_STARTTLS).reply()).isEqualTo(Protocol.REP_ERR_UNSUP);
      assertThat(line.option(Protocol.OPT_LIST, (byte) 1).reply())
          .isEqualTo(Protocol.REP_ERR_INVALID);
      assertThat(line.option(Protocol.OPT_GO, new byte[] {0, 0}).reply())
          .isEqualTo(Protocol.REP_ERR_INVALID);
      assertThat(line.option(Protocol.OPT_GO, new byte[] {-1, -1, -1, -1, 0, 0}).reply())
          .isEqualTo(Protocol.REP_ERR_INVALID);
      assertThat(line.option(Protocol.OPT_GO, new byte[] {0, 0, 0, 1, -1, 0, 0}).reply())
          .as("not UTF-8")
          .isEqualTo(Protocol.REP_ERR_INVALID);
      assertThat(line.option(Protocol.OPT_GO, new byte[] {0, 0, 0, 1, 'x', 0, 0}).reply())
          .isEqualTo(Protocol.REP_ERR_UNKNOWN);
      assertThat(line.option(Protocol.OPT_SET_META_CONTEXT, new byte[8]).reply())
          .as("before structured replies")
          .isEqualTo(Protocol.REP_ERR_INVALID);
      assertThat(line.option(Protocol.OPT_STRUCTURED_REPLY).reply()).isEqualTo(Protocol.REP_ACK);
      assertThat(line.option(Protocol.OPT_STRUCTURED_REPLY).reply())
          .isEqualTo(Protocol.REP_ERR_INVALID);
      assertThat(
              line.option(Protocol.OPT_SET_META_CONTEXT, new byte[] {0, 0, 0, 0, -1, -1, -1, -1})
                  .reply())
          .isEqualTo(Protocol.REP_ERR_INVALID);
      assertThat(line.option(Protocol.OPT_LIST, new byte[1 << 20]).reply())
          .isEqualTo(Protocol.REP_ERR_TOO_BIG);
      assertThat(line.option(Protocol.OPT_ABORT).reply()).isEqualTo(Protocol.REP_ACK);
      line.ended();
    }
    works();
  }

  @Test
  void whatCannotBeServedEndsTheConnection() throws IOException {
    try (Line line = new Line().flags(HANDSHAKE_FLAGS)) {
      line.option(Protocol.OPT_EXPORT_NAME, (byte) 'x').ended();
    }
    try (Line line = new Line().flags(HANDSHAKE_FLAGS)) {
      ByteBuffer huge = ByteBuffer.allocate(16).putLong(Protocol.IHAVEOPT).putInt(7).putInt(-1);
      line.send(huge).ended();
    }
    try (Line line = new Line().chosen("")) {
      line.send(ByteBuffer.allocate(28).position(28)).ended();
    }
    works();
  }

  @Test
  void requestsOutOfOrderAreRefusedEachByItsError() throws IOException {
    try (Line line = new Line().chosen("")) {
      assertThat(line.request(0, 99, 1, 0, 0).answer(1)).isEqualTo(Protocol.EINVAL);
      assertThat(line.request(0, Protocol.CMD_READ, 2, SIZE - 1, 2).answer(2))
          .isEqualTo(Protocol.EINVAL);
      assertThat(line.request(0, Protocol.CMD_READ, 3, -1, 1).answer(3)).isEqualTo(Protocol.EINVAL);
      assertThat(line.request(0, Protocol.CMD_READ, 4, 0, (32 << 20) + 1).answer(4))
          .isEqualTo(Protocol.EINVAL);
      assertThat(line.request(0, Protocol.CMD_READ, 5, 0, -1).answer(5)).isEqualTo(Protocol.EINVAL);
      assertThat(line.request(Protocol.FLAG_DF, Protocol.CMD_READ, 6, 0, 1).answer(6))
          .as("no structured replies were agreed on")
          .isEqualTo(Protocol.EINVAL);
      line.request(0, Protocol.CMD_WRITE, 7, SIZE - 1, 2).send(ByteBuffer.allocate(2).position(2));
      assertThat(line.answer(7)).isEqualTo(Protocol.ENOSPC);
      assertThat(line.request(0, Protocol.CMD_TRIM, 8, SIZE, 1).answer(8))
          .isEqualTo(Protocol.ENOSPC);
      assertThat(line.request(0, Protocol.CMD_FLUSH, 9, 0, 1).answer(9)).isEqualTo(Protocol.EINVAL);
      assertThat(line.request(0, Protocol.CMD_BLOCK_STATUS, 10, 0, 512).answer(10))
          .isEqualTo(Protocol.EINVAL);
      int fast = Protocol.FLAG_FAST_ZERO;
      assertThat(line.request(fast, Protocol.CMD_WRITE_ZEROES, 11, 0, 512).answer(11))
          .isEqualTo(Protocol.ENOTSUP);
      assertThat(line.request(0, Protocol.CMD_READ, 12, 0, 0).answer(12)).isZero();
      int large = 33 << 20;
      line.request(0, Protocol.CMD_WRITE, 13, 0, large);
      line.send(ByteBuffer.allocate(large).position(large));
      assertThat(line.answer(13)).isEqualTo(Protocol.EINVAL);
    }
    try (Line line = new Line().chosen("still")) {
      line.request(0, Protocol.CMD_WRITE, 1, 0, 2).send(ByteBuffer.allocate(2).position(2));
      assertThat(line.answer(1)).isEqualTo(Protocol.EPERM);
      assertThat(line.request(0, Protocol.CMD_WRITE_ZEROES, 2, 0, 2).answer(2))
          .isEqualTo(Protocol.EPERM);
      assertThat(line.request(0, Protocol.CMD_FLUSH, 3, 0, 0).answer(3)).isZero();
    }
    works();
  }

  @Test
  void dataThatEndTooEarlyAreNotWritten() throws IOException {
    try (Line line = new Line().chosen("")) {
      line.request(0, Protocol.CMD_WRITE, 1, 0, 4096);
      line.send(ByteBuffer.allocate(4000).put(0, (byte) 1).position(4000));
    }
    while (server.connections() > 0) {
      Thread.onSpinWait();
    }
    ByteBuffer first = ByteBuffer.allocate(512);
    image.read(0, first);
    assertThat(first.get(0)).isZero();
  }

  @Test
  void clientsThatDoNotTakeTheirAnswersHoldNobodyElse() throws IOException {
    List<Line> lines = new ArrayList<>();
    try {
      for (int i = 0; i < 10; i++) {
        Line line = new Line().chosen("");
        line.channel.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
        for (int request = 0; request < 40; request++) {
          line.request(0, Protocol.CMD_READ, request, 0, 4 << 20);
        }
        lines.add(line);
      }
      for (int i = 0; i < 10; i++) {
        lines.add(new Line()); // says nothing at all
        works();
      }
    } finally {
      for (Line line : lines) {
        line.close();
      }
    }
    works();
  }

  @Test
  void whoDoesNotChooseIsSentAway() throws IOException {
    NbdServer impatient =
        new NbdServer(
            NbdLimits.usual().withConnections(1).withHandshake(Duration.ofMillis(500)),
            new NbdServer.Observer() {});
    try (impatient) {
      impatient.add(NbdExport.of("", image, true));
      socket = UnixDomainSocketAddress.of(folder.resolve("impatient"));
      impatient.listen(socket);
      try (Line silent = new Line()) {
        // The one place is free again when the server has had enough of the first; on a busy host
        // it has enough of the second too.
        boolean served = false;
        while (!served) {
          served = isServed();
        }
        silent.ended();
      }
    }
  }

  @Test
  void anExportIsTakenAwayFromItsClientsOrLeftToThem() throws IOException {
    try (Line line = new Line().chosen("");
        Line other = new Line().chosen("still")) {
      assertThat(server.remove("", false)).isFalse();
      assertThat(server.clients("")).isEqualTo(1);
      assertThat(server.remove("", true)).isTrue();
      line.ended();
      assertThat(other.request(0, Protocol.CMD_FLUSH, 1, 0, 0).answer(1)).isZero();
      assertThat(server.remove("", true)).isFalse();
      assertThat(server.exports()).extracting(NbdExport::name).containsExactly("still");
    }
  }

  @Test
  void requestsUnderWayAreSeenThroughWhenTheServerCloses() throws Exception {
    GatedImage slow = new GatedImage(image);
    server.add(NbdExport.of("slow", slow, true));
    try (Line line = new Line().chosen("slow")) {
      line.request(0, Protocol.CMD_WRITE, 1, 0, 4096);
      line.send(ByteBuffer.allocate(4096).put(0, (byte) 7).position(4096));
      slow.awaitWrite();
      Thread closing = Thread.ofPlatform().start(server::close);
      while (!server.closing()) {
        Thread.onSpinWait();
      }
      slow.release();
      assertThat(line.answer(1)).isZero();
      line.ended();
      closing.join();
    }
    ByteBuffer sector = ByteBuffer.allocate(512);
    image.read(0, sector);
    assertThat(sector.get(0)).isEqualTo((byte) 7);
  }
}
