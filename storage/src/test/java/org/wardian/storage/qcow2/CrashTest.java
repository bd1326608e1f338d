package org.wardian.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;
import org.wardian.storage.MemoryStore;
import org.wardian.storage.OpenOptions;

/**
 * A program that is killed, or a host that loses power, at any write: the image has leaks at worst,
 * and what was flushed is there.
 */
class CrashTest {
  private static final int SIZE = 1 << 20;
  private static final int SECTOR = 512;

  @TempDir Path folder;

  /** What must be there from an event on: sectors that were not touched since. */
  private static final class Promise {
    final int event;
    final byte[] content;
    final BitSet touched = new BitSet();

    Promise(int event, byte[] content) {
      this.event = event;
      this.content = content.clone();
    }
  }

  private final List<Promise> promises = new ArrayList<>();
  private byte[] model;

  private static Qcow2Image open(MemoryStore store) throws IOException {
    return Qcow2File.open(store, OpenOptions.readWrite(), (a, b, c, d) -> null, (a, b, c) -> null);
  }

  private MemoryStore create(CreateOptions kind) throws IOException {
    Path path = folder.resolve("disk.qcow2");
    Images.create(path, kind.withSize(SIZE));
    model = new byte[SIZE];
    return new MemoryStore(Files.readAllBytes(path), true);
  }

  private void promise(MemoryStore store) {
    promises.add(new Promise(store.events(), model));
  }

  private void step(Qcow2Image image, Random random) throws IOException {
    int sectors = 1 + random.nextInt(random.nextInt(6) == 0 ? 300 : 30);
    int at = random.nextInt(SIZE / SECTOR - sectors + 1);
    promises.get(promises.size() - 1).touched.set(at, at + sectors);
    long offset = (long) at * SECTOR;
    int bytes = sectors * SECTOR;
    switch (random.nextInt(6)) {
      case 0 -> {
        image.writeZeroes(offset, bytes, random.nextBoolean());
        Arrays.fill(model, (int) offset, (int) offset + bytes, (byte) 0);
      }
      case 1 -> {
        image.discard(offset, bytes);
        image.read(offset, ByteBuffer.wrap(model, (int) offset, bytes));
      }
      default -> {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        image.write(offset, ByteBuffer.wrap(content));
        System.arraycopy(content, 0, model, (int) offset, bytes);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("org.wardian.storage.qcow2.Qcow2Variants#all")
  void anyMomentLeavesLeaksAtWorst(String name, CreateOptions kind, List<String> unused)
      throws IOException {
    Random random = new Random(name.hashCode());
    MemoryStore store = create(kind);
    try (Qcow2Image image = open(store)) {
      promise(store);
      for (int i = 0; i < 120; i++) {
        step(image, random);
        if (random.nextInt(8) == 0) {
          image.flush();
          promise(store);
        }
      }
    }
    promise(store);
    int moments = Integer.getInteger("wardian.storage.moments", 25);
    for (int i = 0; i < moments; i++) {
      int moment = random.nextInt(store.events() + 1);
      survives(store.killedAfter(moment), moment, kind.lazyRefcounts());
      survives(store.lostPowerAfter(moment, random), moment, kind.lazyRefcounts());
    }
  }

  private void survives(byte[] file, int moment, boolean lazy) throws IOException {
    MemoryStore left = new MemoryStore(file, false);
    if (!lazy) {
      CheckReport report = Qcow2Check.run(left, Qcow2Check.Repair.NONE, (done, total) -> true);
      assertThat(report.corruptions()).as("moment %d: %s", moment, report.messages()).isZero();
    }
    byte[] got = new byte[SIZE];
    try (Qcow2Image image = open(left)) {
      image.read(0, ByteBuffer.wrap(got));
      image.write(0, ByteBuffer.wrap(got, 0, 4096));
    }
    CheckReport after = Qcow2Check.run(left, Qcow2Check.Repair.ALL, (done, total) -> true);
    assertThat(after.corruptions()).isZero();
    kept(got, moment);
  }

  private void kept(byte[] got, int moment) {
    int last = 0;
    while (last + 1 < promises.size() && promises.get(last + 1).event <= moment) {
      last++;
    }
    Promise promise = promises.get(last);
    for (int sector = 0; sector < SIZE / SECTOR; sector++) {
      if (!promise.touched.get(sector)) {
        int at = sector * SECTOR;
        assertThat(Arrays.equals(got, at, at + SECTOR, promise.content, at, at + SECTOR))
            .as("sector %d at moment %d", sector, moment)
            .isTrue();
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("org.wardian.storage.qcow2.Qcow2Variants#all")
  void snapshotsAreThereOrNotAfterARepair(String name, CreateOptions kind, List<String> unused)
      throws IOException {
    if (kind.version() < 3 || kind.refcountBits() < 4) {
      // Version 2 has no mark that makes the next one repair; small counts hold no snapshots.
      return;
    }
    Random random = new Random(name.hashCode());
    MemoryStore store = create(kind);
    List<byte[]> contents = new ArrayList<>();
    try (Qcow2Image image = open(store)) {
      promise(store);
      for (int i = 0; i < 20; i++) {
        step(image, random);
      }
      image.flush();
      contents.add(model.clone());
      int from = store.events();
      image.snapshots().create("one", Duration.ZERO, null);
      for (int i = 0; i < 10; i++) {
        step(image, random);
      }
      image.flush();
      contents.add(model.clone());
      int to = store.events();
      image.snapshots().apply("one");
      int applied = store.events();
      image.snapshots().delete("one");
      for (int i = 0; i < 10; i++) {
        snapshotMoment(store, from + random.nextInt(store.events() - from + 1), random);
        contentIsOneOf(store, to + random.nextInt(applied - to + 1), random, contents);
      }
    }
  }

  private void snapshotMoment(MemoryStore store, int moment, Random random) throws IOException {
    MemoryStore left = new MemoryStore(store.lostPowerAfter(moment, random), false);
    try (Qcow2Image image = open(left)) {
      image.read(0, ByteBuffer.allocate(SIZE));
      for (Snapshot snapshot : image.snapshots().list()) {
        image.snapshots().open(snapshot.id()).read(0, ByteBuffer.allocate(SIZE));
      }
    }
    CheckReport report = Qcow2Check.run(left, Qcow2Check.Repair.NONE, (done, total) -> true);
    assertThat(report.corruptions()).as("moment %d: %s", moment, report.messages()).isZero();
  }

  private void contentIsOneOf(MemoryStore store, int moment, Random random, List<byte[]> contents)
      throws IOException {
    MemoryStore left = new MemoryStore(store.lostPowerAfter(moment, random), false);
    byte[] got = new byte[SIZE];
    try (Qcow2Image image = open(left)) {
      image.read(0, ByteBuffer.wrap(got));
    }
    assertThat(contents.stream().anyMatch(one -> Arrays.equals(one, got)))
        .as("moment %d", moment)
        .isTrue();
  }
}
