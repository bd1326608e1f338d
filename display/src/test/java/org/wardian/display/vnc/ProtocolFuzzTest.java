package org.wardian.display.vnc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.display.PaintedScreen;
import org.wardian.display.vnc.encoding.Formats;

/**
 * Damaged streams of viewers: each ends by an {@link IOException}, having sent no more than it
 * asked for. {@code -Dwardian.fuzz.iterations} says how many.
 */
class ProtocolFuzzTest {
  private static final int CASES = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final int WIDTH = 150;
  private static final int HEIGHT = 70;

  /** More than any one update of this screen takes, with everything that goes with it. */
  private static final int LARGEST_UPDATE = 8 * 200 * 200 + 8192;

  private final PaintedScreen screen = PaintedScreen.pattern(WIDTH, HEIGHT);
  private final Random random = new Random(20261122);
  private int keys;
  private int updates;
  private int agreed;

  @Test
  @Timeout(3600)
  void damagedStreams() throws IOException {
    for (int i = 0; i < CASES; i++) {
      VncOptions options = VncOptions.at(VncAddress.parse(":0"));
      if (i % 16 == 0) {
        options = options.withPassword(VncPassword.of("fuzz"));
      }
      byte[] stream = i % 50 == 0 ? noise() : damaged(session());
      Connection connection = new Connection(stream);
      try {
        serve(connection, options);
      } catch (IOException e) {
        continue; // what a client that goes or misbehaves gives
      } catch (RuntimeException | Error e) {
        throw new AssertionError("case " + i + ", of " + stream.length + " bytes", e);
      }
    }
    // The damage leaves enough alive to reach everything.
    assertThat(agreed).isGreaterThan(CASES / 4);
    assertThat(updates).isGreaterThan(CASES / 4);
    assertThat(keys).isGreaterThan(CASES / 4);
  }

  /** A connection of which both directions are in memory. */
  private static final class Connection implements ByteChannel {
    private final ByteBuffer from;
    private long sent;

    Connection(byte[] stream) {
      from = ByteBuffer.wrap(stream);
    }

    @Override
    public int read(ByteBuffer to) {
      if (!from.hasRemaining()) {
        return -1;
      }
      int count = Math.min(to.remaining(), from.remaining());
      to.put(from.slice(from.position(), count));
      from.position(from.position() + count);
      return count;
    }

    @Override
    public int write(ByteBuffer bytes) {
      int count = bytes.remaining();
      bytes.position(bytes.limit());
      sent += count;
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  /** What the server's threads do, in one. */
  private void serve(Connection connection, VncOptions options) throws IOException {
    Handshake handshake =
        new Handshake(connection, options, new GuessLimit(System::nanoTime), "fuzz");
    handshake.agree();
    agreed++;
    Canvas canvas = new Canvas(screen, 0);
    Damage damage = canvas.open();
    ClientState state = new ClientState(canvas.size().width(), canvas.size().height());
    handshake.initialise(state.width(), state.height());
    try (UpdateWriter writer = new UpdateWriter(handshake.output(), state, canvas, damage);
        ClientMessages messages =
            new ClientMessages(
                handshake.input(),
                state,
                this::key,
                (x, y, width, height, buttons, wheel) -> {
                  assertThat(x).isBetween(0, width - 1);
                  assertThat(y).isBetween(0, height - 1);
                  assertThat(buttons).isBetween(0, 7);
                  assertThat(wheel).isBetween(-1, 1);
                })) {
      while (true) {
        messages.read();
        change();
        long before = connection.sent;
        writer.write();
        long length = connection.sent - before;
        assertThat(length).isLessThan(LARGEST_UPDATE);
        updates += length > 20 ? 1 : 0;
      }
    } finally {
      canvas.close(damage);
    }
  }

  private void key(int code, boolean down) {
    assertThat(code & ~0x17f).isZero();
    assertThat(code & 0x7f).isNotZero();
    keys++;
  }

  private void change() {
    int kind = random.nextInt(200);
    if (kind == 0) {
      screen.resize(1 + random.nextInt(200), 1 + random.nextInt(200));
    } else if (kind < 40) {
      int x = random.nextInt(screen.width());
      int y = random.nextInt(screen.height());
      screen.fill(x, y, 1, 1, random.nextInt(1 << 24));
    }
  }

  private byte[] noise() {
    byte[] bytes = new byte[random.nextInt(400)];
    random.nextBytes(bytes);
    return bytes;
  }

  /** A whole session that is in order, message by message. */
  private List<byte[]> session() throws IOException {
    List<byte[]> parts = new ArrayList<>();
    int minor = new int[] {3, 7, 8}[random.nextInt(3)];
    parts.add("RFB 003.00%d\n".formatted(minor).getBytes(StandardCharsets.US_ASCII));
    if (minor > 3) {
      parts.add(new byte[] {1});
    }
    parts.add(new byte[] {1});
    int count = 1 + random.nextInt(20);
    for (int i = 0; i < count; i++) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      message(new DataOutputStream(bytes));
      parts.add(bytes.toByteArray());
    }
    return parts;
  }

  private void message(DataOutputStream out) throws IOException {
    int[] encodings = {0, 1, 2, 5, 7, 16, -223, -224, -239, -250, -258, -308, -312};
    switch (random.nextInt(10)) {
      case 0 -> {
        out.write(new byte[4]);
        out.write(Formats.ALL.get(random.nextInt(Formats.ALL.size())));
      }
      case 1, 2 -> {
        out.writeShort(0x200);
        int count = random.nextInt(8);
        out.writeShort(count);
        for (int i = 0; i < count; i++) {
          out.writeInt(encodings[random.nextInt(encodings.length)]);
        }
      }
      case 3, 4, 5 -> {
        out.writeShort(0x300 | random.nextInt(2));
        for (int limit : new int[] {50, 50, 300, 300}) {
          out.writeShort(random.nextInt(limit));
        }
      }
      case 6 -> {
        out.writeInt(0x04000000 | random.nextInt(2) << 16);
        out.writeInt(random.nextBoolean() ? random.nextInt(0x80) : 0xff00 | random.nextInt(0x100));
      }
      case 7 -> {
        out.writeShort(0x500 | random.nextInt(0x100));
        out.writeInt(random.nextInt());
      }
      case 8 -> {
        out.writeInt(0xff000000 | random.nextInt(2));
        out.writeInt(random.nextInt(0x10000));
        out.writeInt(random.nextInt(0x100));
      }
      default -> {
        int length = random.nextInt(40);
        out.writeInt(0x06000000);
        out.writeInt(length);
        out.write(new byte[length]);
      }
    }
  }

  /** Leaves parts out, doubles them, cuts them, writes over bytes; now and then nothing. */
  private byte[] damaged(List<byte[]> parts) throws IOException {
    int damages = random.nextInt(4);
    for (int i = 0; i < damages; i++) {
      int at = random.nextInt(10) == 0 ? 0 : Math.min(3, parts.size() - 1);
      int which = at + random.nextInt(parts.size() - at);
      byte[] part = parts.get(which).clone();
      switch (random.nextInt(6)) {
        case 0 -> parts.add(which, part);
        case 1 -> parts.set(which, new byte[0]);
        case 2 -> parts.set(which, Arrays.copyOf(part, part.length / 2));
        case 3 -> parts.set(which, noise());
        default -> {
          byte[] extremes = {0, 1, -1, 0x7f, (byte) 0x80, (byte) random.nextInt()};
          int writes = 1 + random.nextInt(4);
          for (int each = 0; each < writes && part.length > 0; each++) {
            part[random.nextInt(part.length)] = extremes[random.nextInt(extremes.length)];
          }
          parts.set(which, part);
        }
      }
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.write(part);
    }
    return all.toByteArray();
  }
}
