package org.wardian.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;
import org.wardian.storage.RandomOperations;

/** Images that we wrote are right for qemu-img, and images that qemu-io wrote are right for us. */
class QemuAgreementTest {
  private static final int SIZE = 4 << 20;
  private static final OpenOptions WRITE = OpenOptions.readWrite().withFlushed(false);

  @TempDir Path folder;

  @BeforeAll
  static void tools() {
    QemuTools.require();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("org.wardian.storage.qcow2.Qcow2Variants#all")
  void qemuAgreesWithWhatWeWrote(String name, CreateOptions kind, List<String> unused)
      throws IOException {
    Path path = folder.resolve("ours.qcow2");
    Images.create(path, kind.withSize(SIZE));
    RandomOperations operations = new RandomOperations(name.hashCode(), SIZE);
    for (int round = 0; round < 3; round++) {
      try (BlockImage image = Images.open(path, WRITE)) {
        operations.run(image, RandomOperations.count(900) / 3);
        operations.verify(image);
      }
      agree(path, operations);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("org.wardian.storage.qcow2.Qcow2Variants#all")
  void qemuAgreesWithOurOverlays(String name, CreateOptions kind, List<String> unused)
      throws IOException {
    Random random = new Random(name.hashCode());
    byte[] below = new byte[SIZE - (300 << 10)];
    random.nextBytes(below);
    Files.write(folder.resolve("base.raw"), below);
    Path path = folder.resolve("overlay.qcow2");
    Images.create(path, kind.withSize(SIZE).withBacking("base.raw", ImageFormat.RAW));
    RandomOperations operations = new RandomOperations(name.hashCode(), SIZE);
    byte[] start = new byte[SIZE];
    System.arraycopy(below, 0, start, 0, below.length);
    operations.model(start);
    try (BlockImage image = Images.open(path, WRITE)) {
      operations.run(image, RandomOperations.count(300));
      operations.verify(image);
    }
    agree(path, operations);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void dataMayLieInAFileOfTheirOwn(boolean raw) throws IOException {
    Path path = folder.resolve("tables.qcow2");
    Path data = folder.resolve("data.raw");
    Images.create(path, CreateOptions.qcow2(SIZE).withDataFile(data.toString(), raw));
    RandomOperations operations = new RandomOperations(raw ? 51 : 52, SIZE);
    for (int round = 0; round < 3; round++) {
      try (BlockImage image = Images.open(path, WRITE)) {
        operations.run(image, RandomOperations.count(600) / 3);
        operations.verify(image);
      }
      agree(path, operations);
      if (raw) {
        assertThat(Files.mismatch(data, operations.save(folder.resolve("model.raw"))))
            .isEqualTo(-1);
      }
    }
    Path theirs = folder.resolve("theirs.qcow2");
    QemuTools.img(
        "create",
        "-q",
        "-f",
        "qcow2",
        "-o",
        "data_file=" + folder.resolve("theirs.raw") + ",data_file_raw=" + (raw ? "on" : "off"),
        theirs,
        SIZE);
    QemuTools.io(
        theirs, List.of("write -P 5 100000 200000", "write -z 150016 512", "discard 0 131072"));
    QemuTools.img("convert", "-O", "raw", theirs, folder.resolve("content.raw"));
    operations.model(Files.readAllBytes(folder.resolve("content.raw")));
    try (BlockImage image = Images.open(theirs, WRITE)) {
      operations.verify(image);
      operations.run(image, 100);
      operations.verify(image);
    }
    agree(theirs, operations);
  }

  @Test
  void severalThreadsAllocateAtTheSameTime() throws Exception {
    for (CreateOptions kind :
        List.of(
            CreateOptions.qcow2(16 << 20),
            CreateOptions.qcow2(16 << 20).withExtendedL2(true),
            CreateOptions.qcow2(16 << 20).withClusterSize(4096))) {
      Path path = folder.resolve("threads.qcow2");
      Files.deleteIfExists(path);
      Images.create(path, kind);
      byte[] model = new byte[16 << 20];
      new Random(1).nextBytes(model);
      try (BlockImage image = Images.open(path, WRITE);
          ExecutorService pool = Executors.newFixedThreadPool(6)) {
        List<Future<?>> parts = new ArrayList<>();
        // Each thread has every sixth piece of 3 KiB: all of them meet in every cluster.
        for (int part = 0; part < 6; part++) {
          int first = part * 3072;
          parts.add(
              pool.submit(() -> {
                for (int at = first; at + 3072 <= model.length; at += 6 * 3072) {
                  if (at % 7 == 0) {
                    image.discard(at, 3072);
                  }
                  image.write(at, ByteBuffer.wrap(model, at, 3072));
                  if (at % 500 == 0) {
                    image.flush();
                  }
                }
                return null;
              }));
        }
        for (Future<?> part : parts) {
          part.get();
        }
      }
      RandomOperations operations = new RandomOperations(1, model.length);
      java.util.Arrays.fill(model, model.length / 3072 * 3072, model.length, (byte) 0);
      operations.model(model);
      agree(path, operations);
    }
  }

  private void agree(Path path, RandomOperations operations) throws IOException {
    QemuTools.Outcome check = QemuTools.run("qemu-img", "check", "-f", "qcow2", path);
    assertThat(check.status()).as(check.output()).isZero();
    Path raw = operations.save(folder.resolve("model.raw"));
    QemuTools.img("compare", "-f", "qcow2", "-F", "raw", path, raw);
    try (FileStore file = FileStore.open(path, false, true)) {
      CheckReport ours = Qcow2Check.run(file, Qcow2Check.Repair.NONE, (done, total) -> true);
      assertThat(ours.messages()).isEmpty();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("org.wardian.storage.qcow2.Qcow2Variants#all")
  void weAgreeWithWhatQemuWrote(String name, CreateOptions unused, List<String> options)
      throws IOException {
    Path path = folder.resolve("theirs.qcow2");
    List<Object> create = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
    if (!options.isEmpty()) {
      create.addAll(List.of("-o", String.join(",", options)));
    }
    create.addAll(List.of(path, SIZE));
    QemuTools.img(create.toArray());
    Random random = new Random(name.hashCode());
    List<String> commands = new ArrayList<>();
    int cluster = clusterOf(path);
    // qemu refuses a compressed write over what is there already: those come first.
    for (long at = 0; at + cluster <= SIZE; at += cluster * (1L + random.nextInt(40))) {
      commands.add("write -c -P " + random.nextInt(256) + " " + at + " " + cluster);
    }
    for (int i = 0; i < RandomOperations.count(200); i++) {
      int sectors = 1 + random.nextInt(random.nextInt(8) == 0 ? 1024 : 40);
      int at = random.nextInt(SIZE / 512 - sectors + 1);
      String range = at * 512 + " " + sectors * 512;
      commands.add(
          switch (random.nextInt(8)) {
            case 0 -> "write -z " + range;
            case 1 -> "write -z -u " + range;
            case 2 -> "discard " + range;
            default -> "write -P " + random.nextInt(256) + " " + range;
          });
    }
    QemuTools.io(path, commands, "-f", "qcow2");
    Path raw = folder.resolve("theirs.raw");
    QemuTools.img("convert", "-f", "qcow2", "-O", "raw", path, raw);
    RandomOperations operations = new RandomOperations(name.hashCode() + 1L, SIZE);
    operations.model(Files.readAllBytes(raw));
    try (BlockImage image = Images.open(path, WRITE)) {
      operations.verify(image);
      operations.run(image, 200);
      operations.verify(image);
    }
    agree(path, operations);
  }

  private static int clusterOf(Path path) throws IOException {
    try (Qcow2Image image = (Qcow2Image) Images.open(path, OpenOptions.readOnly())) {
      return image.clusterSize();
    }
  }
}
