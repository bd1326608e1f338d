package org.wardian.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;
import org.wardian.storage.RandomOperations;

/** Snapshots within an image, ours and QEMU's. */
class SnapshotTest {
  private static final int SIZE = 2 << 20;
  private static final OpenOptions WRITE = OpenOptions.readWrite().withFlushed(false);

  @TempDir Path folder;

  @BeforeAll
  static void tools() {
    QemuTools.require();
  }

  private static Qcow2Image open(Path path) throws IOException {
    return (Qcow2Image) Images.open(path, WRITE);
  }

  private static void check(Path path) {
    QemuTools.Outcome check = QemuTools.run("qemu-img", "check", "-f", "qcow2", path);
    assertThat(check.status()).as(check.output()).isZero();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("org.wardian.storage.qcow2.Qcow2Variants#all")
  void keptAppliedAndDeletedBetweenRandomWrites(
      String name, CreateOptions kind, List<String> unused) throws IOException {
    Path path = folder.resolve("disk.qcow2");
    boolean countsOfOneBit = kind.refcountBits() == 1;
    Images.create(path, kind.withSize(SIZE));
    RandomOperations operations = new RandomOperations(name.hashCode(), SIZE);
    Random random = operations.random();
    Map<String, byte[]> kept = new LinkedHashMap<>();
    if (countsOfOneBit) {
      try (Qcow2Image image = open(path)) {
        operations.run(image, 50);
        assertThatThrownBy(() -> image.snapshots().create("none", Duration.ZERO, null))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("users");
        operations.verify(image);
      }
      check(path);
      return;
    }
    for (int round = 0; round < 6; round++) {
      try (Qcow2Image image = open(path)) {
        for (int i = 0; i < 6; i++) {
          operations.run(image, 25);
          List<String> names = new ArrayList<>(kept.keySet());
          String one = names.isEmpty() ? null : names.get(random.nextInt(names.size()));
          int most = kind.refcountBits() == 2 ? 2 : 6;
          switch (random.nextInt(3)) {
            case 0 -> {
              if (kept.size() < most) {
                String made = "s" + round + "-" + i;
                image.snapshots().create(made, Duration.ofSeconds(7), null);
                kept.put(made, operations.model().clone());
              }
            }
            case 1 -> {
              if (one != null && kept.size() < most) {
                image.snapshots().apply(one);
                operations.model(kept.get(one));
              }
            }
            default -> {
              if (one != null) {
                image.snapshots().delete(one);
                kept.remove(one);
              }
            }
          }
          operations.verify(image);
        }
        for (Map.Entry<String, byte[]> entry : kept.entrySet()) {
          try (BlockImage view = image.snapshots().open(entry.getKey())) {
            assertThat(RandomOperations.content(view)).isEqualTo(entry.getValue());
          }
        }
      }
      check(path);
      for (Map.Entry<String, byte[]> entry : kept.entrySet()) {
        Path raw = folder.resolve("snapshot.raw");
        QemuTools.img("convert", "-f", "qcow2", "-l", entry.getKey(), "-O", "raw", path, raw);
        assertThat(Files.readAllBytes(raw)).isEqualTo(entry.getValue());
      }
    }
  }

  @Test
  void qemuAppliesOurSnapshotAndWeApplyQemus() throws IOException {
    Path path = folder.resolve("disk.qcow2");
    Images.create(path, CreateOptions.qcow2(SIZE));
    RandomOperations operations = new RandomOperations(5, SIZE);
    byte[] ours;
    try (Qcow2Image image = open(path)) {
      operations.run(image, 100);
      ours = operations.model().clone();
      image.snapshots().create("ours", Duration.ofMillis(1500), null);
      operations.run(image, 100);
    }
    byte[] theirs = operations.model().clone();
    QemuTools.img("snapshot", "-c", "theirs", path);
    check(path);
    try (Qcow2Image image = open(path)) {
      operations.run(image, 100);
      assertThat(image.snapshots().list())
          .extracting(Snapshot::name)
          .containsExactly("ours", "theirs");
      image.snapshots().apply("theirs");
      operations.model(theirs);
      operations.verify(image);
      operations.run(image, 50);
    }
    check(path);
    QemuTools.img("snapshot", "-a", "ours", path);
    operations.model(ours);
    try (Qcow2Image image = open(path)) {
      operations.verify(image);
      image.snapshots().delete("theirs");
      image.snapshots().delete("1");
      assertThat(image.snapshots().list()).isEmpty();
      operations.run(image, 50);
      operations.verify(image);
    }
    check(path);
  }

  @Test
  void theStateOfAMachineIsKeptBesideTheDisk() throws IOException {
    Path path = folder.resolve("disk.qcow2");
    Images.create(path, CreateOptions.qcow2(SIZE));
    byte[] state = new byte[3_000_000];
    new Random(3).nextBytes(state);
    RandomOperations operations = new RandomOperations(6, SIZE);
    try (Qcow2Image image = open(path)) {
      operations.run(image, 50);
      Snapshot made =
          image
              .snapshots()
              .create(
                  "paused",
                  Duration.ofHours(1),
                  area -> {
                    for (int at = 0; at < state.length; at += 100_000) {
                      area.write(at, ByteBuffer.wrap(state, at, 100_000));
                    }
                  });
      assertThat(made.stateSize()).isEqualTo(state.length);
      operations.run(image, 50);
      operations.verify(image);
    }
    check(path);
    assertThat(QemuTools.img("snapshot", "-l", path)).contains("paused").contains("2.86 MiB");
    try (Qcow2Image image = open(path)) {
      image.snapshots().apply("paused");
      ByteBuffer got = ByteBuffer.allocate(state.length);
      image.snapshots().readState("paused", 0, got);
      assertThat(got.array()).isEqualTo(state);
      assertThatThrownBy(
              () -> image.snapshots().readState("paused", 2_999_999, ByteBuffer.allocate(2)))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    // What was put back is the disk alone: the state goes with its snapshot.
    check(path);
    long withState = Files.size(path);
    try (Qcow2Image image = open(path)) {
      image.snapshots().delete("paused");
      image
          .snapshots()
          .create("second", Duration.ofHours(2), area -> area.write(0, ByteBuffer.wrap(state)));
    }
    check(path);
    assertThat(Files.size(path)).isLessThanOrEqualTo(withState + (1 << 20));
  }

  @Test
  void aSnapshotOfAnotherSizeBringsItsSizeBack() throws IOException {
    Path path = folder.resolve("disk.qcow2");
    Images.create(path, CreateOptions.qcow2(SIZE).withClusterSize(4096));
    RandomOperations operations = new RandomOperations(8, SIZE);
    try (Qcow2Image image = open(path)) {
      operations.run(image, 60);
      image.snapshots().create("small", Duration.ZERO, null);
      image.resize(SIZE * 8L);
      image.write(SIZE * 7L, ByteBuffer.allocate(70_000).put(0, (byte) 9));
      image.snapshots().create("large", Duration.ZERO, null);
      image.resize(SIZE / 2);
      image.snapshots().apply("small");
      operations.verify(image);
      image.snapshots().apply("large");
      assertThat(image.length()).isEqualTo(SIZE * 8L);
      ByteBuffer one = ByteBuffer.allocate(1);
      image.read(SIZE * 7L, one);
      assertThat(one.get(0)).isEqualTo((byte) 9);
    }
    check(path);
  }
}
