package org.wardian.libvirt.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.wardian.libvirt.wire.remote.ConnectOpenArgs;
import org.wardian.libvirt.xdr.XdrException;

/** How bytes become messages, whatever the pieces that they come in. */
class FramingTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final Header HEADER = new Header(0x2000_8086, 1, 1, 0, 7, 0);

  /** Gives bytes in pieces of a size of its own choice. */
  private static final class Pieces implements Transport {
    private final byte[] bytes;
    private final SplittableRandom random;
    private int position;
    private int largestRequest;

    Pieces(byte[] bytes, long seed) {
      this.bytes = bytes;
      random = new SplittableRandom(seed);
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      largestRequest = Math.max(largestRequest, into.length);
      if (position == bytes.length) {
        return -1;
      }
      int count = Math.min(1 + random.nextInt(Math.min(length, 40)), bytes.length - position);
      System.arraycopy(bytes, position, into, offset, count);
      position += count;
      return count;
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
      throw new IOException("only read");
    }

    @Override
    public Peer peer() {
      return new Peer(Peer.Kind.TCP, "pieces", null, null);
    }

    @Override
    public void close() {}
  }

  private static byte[] bytes(Frame frame) {
    return Arrays.copyOf(frame.bytes(), frame.length());
  }

  private static MessageReader reader(byte... bytes) {
    return new MessageReader(new Pieces(bytes, 1));
  }

  private static byte[] length(int length) {
    return ByteBuffer.allocate(4).putInt(length).array();
  }

  @Test
  void aMessageHasItsLengthHeaderAndPayload() throws XdrException {
    byte[] bytes = bytes(Frame.of(HEADER, new ConnectOpenArgs("qemu:///system", 6)));

    ByteBuffer expected = ByteBuffer.allocate(28 + 4 + 4 + 16 + 4);
    expected.putInt(56).putInt(0x2000_8086).putInt(1).putInt(1).putInt(0).putInt(7).putInt(0);
    expected
        .putInt(1)
        .putInt(14)
        .put("qemu:///system".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    expected.putShort((short) 0).putInt(6);
    assertThat(bytes).isEqualTo(expected.array());
  }

  @Test
  void messagesComeBackFromAnyPieces() throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    ByteBuffer all = ByteBuffer.allocate(4 << 20);
    int[] sizes = random.ints(60, 0, 3_000).toArray();
    sizes[30] = 300_000;
    sizes[31] = 0;
    byte[][] payloads = new byte[sizes.length][];
    for (int i = 0; i < sizes.length; i++) {
      payloads[i] = new byte[sizes[i]];
      random.nextBytes(payloads[i]);
      all.put(bytes(Frame.of(new Header(1, 1, i, 3, i, 2), payloads[i], 0, sizes[i])));
    }
    MessageReader reader =
        new MessageReader(new Pieces(Arrays.copyOf(all.array(), all.position()), 2));
    for (int i = 0; i < sizes.length; i++) {
      Message message = reader.next();
      assertThat(message.header().serial()).isEqualTo(i);
      assertThat(message.payload()).isEqualTo(payloads[i]);
    }
    assertThat(reader.next()).isNull();
  }

  @Test
  void aLengthOutOfBoundsEndsTheConnection() {
    for (int length : new int[] {0, 4, 27, 33_554_437, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
      assertThatThrownBy(() -> reader(length(length)).next())
          .as("length %s", length)
          .isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void anAnnouncedLengthCostsNoMemory() {
    byte[] bytes = Arrays.copyOf(length(Frame.LARGEST), 28 + 100_000);
    Pieces pieces = new Pieces(bytes, 3);

    assertThatThrownBy(() -> new MessageReader(pieces).next()).isInstanceOf(EOFException.class);
    assertThat(pieces.largestRequest).isLessThanOrEqualTo(2 * bytes.length);
  }

  @Test
  void anEndWithinAMessageIsNoEnd() throws IOException {
    byte[] bytes = bytes(Frame.of(HEADER));
    for (int length = 1; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> reader(cut).next())
          .as("%s bytes", length)
          .isInstanceOf(EOFException.class);
    }
    assertThat(reader().next()).isNull();
  }

  @Test
  void descriptorsThatCannotComeAreRefused() throws XdrException {
    for (int count : new int[] {1, 32, 33, -1}) {
      byte[] payload = length(count);
      byte[] frame = bytes(Frame.of(new Header(1, 1, 1, 4, 1, 0), payload, 0, 4));
      byte[] bytes = Arrays.copyOf(frame, frame.length + 40);
      assertThatThrownBy(() -> reader(bytes).next())
          .as("%s descriptors", count)
          .isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void noBytesDoHarm() {
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < ITERATIONS; i++) {
      byte[] bytes = new byte[random.nextInt(120)];
      random.nextBytes(bytes);
      if (bytes.length > 4 && random.nextInt(4) > 0) {
        ByteBuffer.wrap(bytes).putInt(28 + random.nextInt(bytes.length));
      }
      MessageReader reader = new MessageReader(new Pieces(bytes, i));
      int messages = 0;
      try {
        while (reader.next() != null) {
          messages++;
        }
      } catch (IOException e) {
        assertThat(e).isInstanceOfAny(ProtocolException.class, EOFException.class);
      }
      assertThat(messages).isLessThanOrEqualTo(bytes.length / 28);
    }
  }
}
