package org.wardian.storage.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/**
 * Clients that say anything: sessions that are nearly right, with bytes changed. The server ends
 * each of them, fails nowhere, and what it says itself is always well-formed.
 */
class ServerFuzzTest {
  private static final int SIZE = 1 << 20;
  private static final long SEED = Long.getLong("wardian.fuzz.seed", 11);
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 10_000);

  @TempDir Path folder;

  private Random random;
  private ByteBuffer session;

  @Test
  void everySessionEndsAndEveryAnswerIsWellFormed() throws IOException {
    Path path = folder.resolve("disk");
    Images.create(path, CreateOptions.raw(SIZE));
    OpenOptions options = OpenOptions.readWrite().withFormat(ImageFormat.RAW).withFlushed(false);
    ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
    session = ByteBuffer.allocate(1 << 20);
    try (BlockImage image = Images.open(path, options);
        NbdServer server = new NbdServer()) {
      DirtyBitmapView bitmap = (offset, length) -> new DirtyBitmapView.Run(4096, offset % 3 == 0);
      server.add(NbdExport.of("disk", image, true).withBitmaps(Map.of("b", bitmap, "c", bitmap)));
      server.add(NbdExport.of("", image, false).withDescription("read-only"));
      server.add(new NbdExport("blocks", "", image, true, 4096, Map.of()));
      for (int i = 0; i < ITERATIONS; i++) {
        random = new Random(SEED * 1_000_003 + i);
        ScriptedWire wire = new ScriptedWire(session(), new byte[0], 0);
        new ServerConnection(server, wire).run();
        Answers.check(wire.written());
        assertThat(failures).as("case %d of seed %d", i, SEED).isEmpty();
      }
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  private byte[] session() {
    session.clear();
    session.putInt(random.nextInt(30) == 0 ? random.nextInt() : random.nextInt(4));
    int options = random.nextInt(6);
    for (int i = 0; i < options; i++) {
      option();
    }
    choice();
    int requests = random.nextInt(12);
    for (int i = 0; i < requests; i++) {
      request();
    }
    byte[] bytes = new byte[session.flip().remaining()];
    session.get(bytes);
    if (random.nextBoolean()) {
      int changes = 1 + random.nextInt(4);
      for (int i = 0; i < changes; i++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
    }
    return random.nextInt(5) == 0
        ? java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 1))
        : bytes;
  }

  private byte[] name() {
    String name = List.of("disk", "disk", "disk", "", "blocks", "none").get(random.nextInt(6));
    return name.getBytes(StandardCharsets.UTF_8);
  }

  private void head(int option, int length) {
    session.putLong(Protocol.IHAVEOPT).putInt(option).putInt(length);
  }

  private void option() {
    switch (random.nextInt(6)) {
      case 0 -> head(Protocol.OPT_LIST, 0);
      case 1, 2 -> head(Protocol.OPT_STRUCTURED_REPLY, 0);
      case 3 -> info(Protocol.OPT_INFO);
      case 4 -> meta();
      default -> {
        byte[] data = new byte[random.nextInt(40)];
        random.nextBytes(data);
        head(random.nextInt(14), data.length);
        session.put(data);
      }
    }
  }

  private void info(int option) {
    byte[] name = name();
    int count = random.nextInt(4);
    head(option, 6 + name.length + 2 * count);
    session.putInt(name.length).put(name).putShort((short) count);
    for (int i = 0; i < count; i++) {
      session.putShort((short) random.nextInt(6));
    }
  }

  private void meta() {
    byte[] name = name();
    List<String> known =
        List.of(
            "base:allocation", "base:", "qemu:", "qemu:dirty-bitmap:b", "x", "qemu:dirty-bitmap:");
    int count = random.nextInt(4);
    ByteBuffer data = ByteBuffer.allocate(4096).putInt(name.length).put(name).putInt(count);
    for (int i = 0; i < count; i++) {
      byte[] query = known.get(random.nextInt(known.size())).getBytes(StandardCharsets.UTF_8);
      data.putInt(query.length).put(query);
    }
    head(
        random.nextBoolean() ? Protocol.OPT_SET_META_CONTEXT : Protocol.OPT_LIST_META_CONTEXT,
        data.flip().remaining());
    session.put(data);
  }

  private void choice() {
    if (random.nextInt(4) == 0) {
      byte[] name = name();
      head(Protocol.OPT_EXPORT_NAME, name.length);
      session.put(name);
    } else {
      info(Protocol.OPT_GO);
    }
  }

  private void request() {
    int type = random.nextInt(9);
    int length = random.nextInt(random.nextInt(4) == 0 ? 200_000 : 9000);
    long offset = random.nextInt(20) == 0 ? random.nextLong() : random.nextInt(SIZE);
    if (random.nextBoolean()) {
      length &= ~4095;
      offset &= ~4095;
    }
    int flags = random.nextInt(3) == 0 ? random.nextInt(32) : 0;
    session.putInt(Protocol.REQUEST).putShort((short) flags).putShort((short) type);
    session.putLong(random.nextInt(5)).putLong(offset);
    if (type == Protocol.CMD_WRITE && session.remaining() > length + 64) {
      session.putInt(length);
      session.position(session.position() + length);
    } else {
      session.putInt(random.nextInt(20) == 0 ? random.nextInt() : length);
    }
  }
}
