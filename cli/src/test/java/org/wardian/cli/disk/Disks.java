package org.wardian.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import org.wardian.cli.WardRun;

/** Disks for tests of the verbs, and the verbs run inside this JVM. */
final class Disks {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Disks() {}

  /** A raw disk with data in some of its 64 KiB parts, and holes between. */
  static Path raw(Path file, int megabytes, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      byte[] part = new byte[64 << 10];
      int parts = megabytes * 16;
      for (int i = 0; i < parts; i++) {
        if (i == 0 || random.nextInt(3) == 0) {
          random.nextBytes(part);
          if (random.nextBoolean()) {
            java.util.Arrays.fill(part, 4096, part.length, (byte) i);
          }
          channel.write(ByteBuffer.wrap(part), (long) i * part.length);
        }
      }
      channel.write(ByteBuffer.allocate(1), ((long) megabytes << 20) - 1);
    }
    return file;
  }

  /** Runs {@code ward disk}. */
  static WardRun ward(Object... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "disk";
    for (int i = 0; i < arguments.length; i++) {
      all[i + 1] = arguments[i].toString();
    }
    return WardRun.of(all);
  }

  /** Runs it to success; what it printed. */
  static String ok(Object... arguments) {
    WardRun run = ward(arguments);
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    return run.out();
  }

  /** Runs it to success with {@code --json}. */
  static JsonNode json(Object... arguments) throws IOException {
    Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = "--json";
    return MAPPER.readTree(ok(all));
  }

  /** Parses what another tool printed. */
  static JsonNode parse(String text) throws IOException {
    return MAPPER.readTree(text);
  }
}
