package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.HostFile;
import org.wardian.storage.share.Ownership;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.p9.VirtioP9;

/**
 * Requests at random, with fids, names and flags that make sense more often than not, while
 * somebody on the host turns folders into links that lead out: the server answers each, and nothing
 * beside the folder is read or changed.
 *
 * <p>{@code -Dwardian.fuzz.iterations} is the number of requests.
 */
class P9FuzzTest {
  private static final int REQUESTS = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final int FIDS = 12;
  private static final String SECRET = "nobody's business";
  private static final int[] TYPES = {
    8, 12, 14, 16, 18, 20, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 104, 108, 110, 116,
    118, 120, 122
  };

  @TempDir private Path outer;
  private Path folder;
  private final Random random = new Random(9);
  private int turns;

  @BeforeEach
  void make() throws IOException {
    assumeTrue(HostFile.available(), "folders are shared by hosts with Linux");
    folder = Files.createDirectory(outer.resolve("shared"));
    Files.createDirectory(outer.resolve("private"));
    Files.writeString(outer.resolve("private/a"), SECRET);
    Files.createDirectories(folder.resolve("a/b/c"));
    Files.createSymbolicLink(folder.resolve("out"), outer.resolve("private"));
  }

  @Test
  void everyRequestIsAnsweredAndNothingLeavesTheFolder() throws Exception {
    try (SharedFolder shared = SharedFolder.open(folder, false, Ownership.ROOT)) {
      VirtioP9 device = new VirtioP9("p9", shared, "files");
      try (TestMachine machine = new TestMachine(device)) {
        TestDriver driver = new TestDriver(machine);
        driver.negotiate(Features.VERSION_1);
        DriverQueue queue = driver.queue(0, 16);
        driver.ready();
        P9Client client = new P9Client(driver, queue);
        client.begin();
        int done = 0;
        for (int i = 0; i < REQUESTS; i++) {
          if (i % 50 == 0) {
            shuffle();
          }
          done += request(client);
          if (i % 500 == 499) {
            client.begin();
          }
        }
        assertThat(device.failure()).isEmpty();
        assertThat(done).as("requests that came to something").isGreaterThan(REQUESTS / 20);
      }
    }
    try (Stream<Path> left = Files.list(outer.resolve("private"))) {
      assertThat(left.toList()).containsExactly(outer.resolve("private/a"));
    }
    assertThat(outer.resolve("private/a")).hasContent(SECRET);
    try (Stream<Path> left = Files.list(outer)) {
      assertThat(left.toList()).hasSize(2);
    }
  }

  /** The host changes what the guest may have walked to. */
  private void shuffle() throws IOException {
    Path path = folder.resolve(name().replace('/', '_').replace('\0', '_') + "x");
    if (Files.exists(folder.resolve("turning"), LinkOption.NOFOLLOW_LINKS)) {
      Files.move(folder.resolve("turning"), folder.resolve("turned" + turns++));
    }
    if (random.nextBoolean()) {
      Files.createSymbolicLink(folder.resolve("turning"), outer.resolve("private"));
    } else {
      Files.createDirectory(folder.resolve("turning"));
    }
    if (Files.notExists(path)) {
      Files.writeString(path, "host's");
    }
  }

  private String name() {
    return switch (random.nextInt(16)) {
      case 0 -> "..";
      case 1 -> ".";
      case 2 -> "";
      case 3 -> "../private/a";
      case 4 -> "\0a";
      case 5 -> "n".repeat(random.nextInt(400));
      case 6, 7 -> "out";
      case 8, 9 -> "turning";
      default -> String.valueOf((char) ('a' + random.nextInt(4)));
    };
  }

  private int fid() {
    return random.nextInt(20) == 0 ? random.nextInt() : random.nextInt(FIDS);
  }

  /** One request; 1 if it was done. */
  private int request(P9Client client) {
    int type = TYPES[random.nextInt(TYPES.length)];
    if (random.nextInt(3) == 0) {
      type = 110;
    }
    Object[] fields =
        switch (type) {
          case 12 -> new Object[] {fid(), flags()};
          case 14 -> new Object[] {fid(), name(), flags(), random.nextInt(), 0};
          case 16 -> new Object[] {fid(), name(), outer + "/private/a", 0};
          case 18 -> new Object[] {fid(), name(), random.nextInt(), 1, 3, 0};
          case 20, 70 -> new Object[] {fid(), fid(), name()};
          case 26 -> attributes();
          case 40, 116 -> new Object[] {fid(), (long) random.nextInt(5000), random.nextInt(40_000)};
          case 72 -> new Object[] {fid(), name(), random.nextInt(), 0};
          case 74 -> new Object[] {fid(), name(), fid(), name()};
          case 76 -> new Object[] {fid(), name(), random.nextInt(4) == 0 ? 0x200 : 0};
          case 104 -> new Object[] {fid(), -1, "root", "", 0};
          case 110 -> walk();
          case 118 -> {
            byte[] bytes = new byte[random.nextInt(100)];
            yield new Object[] {fid(), (long) random.nextInt(5000), bytes.length, bytes};
          }
          default -> {
            byte[] rest = new byte[random.nextInt(40)];
            random.nextBytes(rest);
            yield new Object[] {fid(), rest};
          }
        };
    try {
      P9Client.Answer answer = client.call(type, fields);
      if (type == 116) {
        byte[] bytes = new byte[answer.fields().getInt()];
        answer.fields().get(bytes);
        assertThat(new String(bytes, StandardCharsets.ISO_8859_1)).doesNotContain(SECRET);
      }
      return 1;
    } catch (P9Client.Refusal refused) {
      assertThat(refused.errno).isBetween(1, 4095);
      return 0;
    }
  }

  private int flags() {
    return random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(3) | 01000 & random.nextInt();
  }

  private Object[] walk() {
    List<Object> fields = new ArrayList<>();
    int names = random.nextInt(4);
    fields.add(random.nextBoolean() ? P9Client.ROOT : fid());
    fields.add(random.nextInt(1, FIDS));
    fields.add((short) (random.nextInt(30) == 0 ? random.nextInt() : names));
    for (int i = 0; i < names; i++) {
      fields.add(name());
    }
    return fields.toArray();
  }

  private Object[] attributes() {
    return new Object[] {
      fid(),
      random.nextInt(0x200),
      random.nextInt() | 0700,
      0,
      0,
      (long) random.nextInt(10_000),
      random.nextLong(),
      random.nextLong(),
      random.nextLong(),
      random.nextLong()
    };
  }
}
