package org.wardian.conformance.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.platform.InterruptChips;
import org.wardian.machine.platform.Translator;
import org.wardian.machine.state.DiskMark;
import org.wardian.machine.state.DiskSnapshots;
import org.wardian.machine.state.SavedState;
import org.wardian.machine.state.StateFile;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;
import org.wardian.storage.qcow2.Qcow2Image;
import org.wardian.x86.CpuModel;

/**
 * A machine with the guest of counting.S, and the same calculation in Java: each line that the
 * guest prints, and each sector that it writes, must be the next one, wherever it went on.
 */
final class CountingGuest implements AutoCloseable {
  /** Bytes of the disk, all of which the guest writes in turn. */
  static final int DISK_BYTES = 128 * 512;

  /** What its processor promises where nothing else is said. */
  static final CpuModel MODEL = CpuModel.named("x86-64-v1");

  private static final long MEMORY = 8 << 20;
  private static final int SECTOR_WORDS = 64;
  private static final long PATIENCE_SECONDS = 240;

  /** Where a machine runs. */
  record Place(AcceleratorKind kind, InterruptChips chips, Translator translator) {
    static final Place TRANSLATED =
        new Place(AcceleratorKind.SOFTWARE, InterruptChips.SPLIT, Translator.AUTO);
    static final Place INTERPRETED =
        new Place(AcceleratorKind.SOFTWARE, InterruptChips.SPLIT, Translator.OFF);
    static final Place KVM_SPLIT =
        new Place(AcceleratorKind.KVM, InterruptChips.SPLIT, Translator.AUTO);
    static final Place KVM_KERNEL =
        new Place(AcceleratorKind.KVM, InterruptChips.KERNEL, Translator.AUTO);

    @Override
    public String toString() {
      return kind == AcceleratorKind.KVM
          ? "KVM with " + chips + " chips"
          : translator == Translator.OFF ? "interpreter" : "translator";
    }
  }

  /** What the guest calculates. */
  private static final class Calculation {
    private final int[] table = new int[4096];
    private final List<Integer> sums = new ArrayList<>();
    private int seed = 1;
    private int sum;

    int sum(int round) {
      while (sums.size() <= round) {
        for (int i = 0; i < 64; i++) {
          seed = seed * 1664525 + 1013904223;
          int at = seed >>> 18 & 0xfff;
          table[at] += seed;
          sum = Integer.rotateLeft(sum, 1) ^ table[at];
        }
        sums.add(sum);
      }
      return sums.get(round);
    }
  }

  private final Calculation calculation;
  private final Machine machine;
  private final ImageDevice disk;
  private final Qcow2Image image;
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final StringBuilder line = new StringBuilder();
  private int next;
  private String wrong;
  private boolean started;
  private boolean closed;

  private CountingGuest(Calculation calculation, int next, Path diskPath, Starter starter)
      throws Exception {
    this.calculation = calculation;
    this.next = next;
    var opened = Images.open(diskPath, OpenOptions.readWrite());
    image = opened instanceof Qcow2Image qcow2 ? qcow2 : null;
    disk = new ImageDevice("disk", opened, DeviceOptions.usual(), cause -> {});
    try {
      machine = starter.start(this);
    } catch (Exception e) {
      disk.close();
      throw e;
    }
  }

  private interface Starter {
    Machine start(CountingGuest guest) throws Exception;
  }

  /** A new machine, from round 0. */
  static CountingGuest start(Place place, Path disk, long timestampHz) throws Exception {
    return start(place, MODEL, disk, timestampHz);
  }

  /** A new machine whose processor promises another model, from round 0. */
  static CountingGuest start(Place place, CpuModel model, Path disk, long timestampHz)
      throws Exception {
    return new CountingGuest(
        new Calculation(),
        0,
        disk,
        guest -> new Machine(guest.configuration(place, model, timestampHz), guest::transmit));
  }

  /** The machine that {@code before} was, going on from a file. */
  static CountingGuest restore(Place place, Path disk, Path file, CountingGuest before)
      throws Exception {
    return new CountingGuest(
        before.calculation,
        before.next(),
        disk,
        guest -> {
          // The line that was under way goes on.
          guest.line.append(before.line);
          try (SavedState saved = SavedState.open(file)) {
            saved.verify();
            assertThat(DiskMark.changes(saved.disks(), List.of(DiskMark.of("disk", disk))))
                .isEmpty();
            Machine machine =
                Machine.restore(guest.configuration(place, MODEL, 0), guest::transmit, saved);
            assertThat(machine.guestTime()).isEqualTo(saved.description().ran());
            return machine;
          }
        });
  }

  /** The machine as it was in a snapshot within its disk: {@code at} was its next round. */
  static CountingGuest revert(
      Place place, Path disk, String snapshot, CountingGuest before, int at, String line)
      throws Exception {
    return new CountingGuest(
        before.calculation,
        at,
        disk,
        guest -> {
          guest.line.append(line);
          DiskSnapshots kept = new DiskSnapshots(List.of(guest.image));
          try (SavedState saved = kept.open(snapshot)) {
            Machine machine =
                Machine.restore(guest.configuration(place, MODEL, 0), guest::transmit, saved);
            kept.apply(snapshot);
            return machine;
          }
        });
  }

  private MachineConfiguration configuration(Place place, CpuModel model, long timestampHz)
      throws IOException {
    try (InputStream kernel = CountingGuest.class.getResourceAsStream("counting.img")) {
      return new MachineConfiguration(
              kernel.readAllBytes(),
              Path.of("counting.img"),
              Optional.empty(),
              "",
              MEMORY,
              1,
              model,
              Set.of(),
              false)
          .on(place.kind(), place.chips())
          .with(place.translator())
          .withTimestampHz(timestampHz)
          .with(
              List.of(
                  new DeviceConfiguration.Disk(
                      "disk",
                      DeviceConfiguration.DiskBus.IDE,
                      disk,
                      false,
                      "",
                      1,
                      OptionalInt.empty())));
    }
  }

  private synchronized void transmit(byte value) {
    if (value != '\n') {
      line.append((char) (value & 0xff));
      return;
    }
    String expected = "%08x %08x".formatted(next, calculation.sum(next));
    if (wrong == null && !line.toString().equals(expected)) {
      wrong = "the guest says " + line + " where " + expected + " comes next";
    }
    line.setLength(0);
    next++;
    notifyAll();
  }

  /** Begins to run. */
  CountingGuest run() {
    started = true;
    Thread.ofPlatform()
        .daemon()
        .name("vcpu")
        .start(() -> {
          try {
            outcome.complete(machine.run());
          } catch (Throwable e) { // the test's thread rethrows it
            outcome.completeExceptionally(e);
          }
          synchronized (this) {
            notifyAll();
          }
        });
    return this;
  }

  /** The round that the guest has not told of yet. */
  synchronized int next() {
    return next;
  }

  /** What the guest has printed of that round's line. */
  synchronized String line() {
    return line.toString();
  }

  /** Waits until so many rounds more are told of. */
  synchronized CountingGuest rounds(int more) throws Exception {
    int wanted = next + more;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (next < wanted && wrong == null) {
      if (outcome.isDone() || System.nanoTime() > deadline) {
        throw new AssertionError("round " + next + " does not come: " + outcome);
      }
      wait(1000);
    }
    assertThat(wrong).isNull();
    return this;
  }

  /** Saves the machine and ends it. */
  void save(Path file, Path diskPath) throws Exception {
    try (StateFile state = StateFile.create(file)) {
      assertThat(machine.pause()).isTrue();
      machine.save(state);
      end();
      state.complete(List.of(DiskMark.of("disk", diskPath)));
    }
  }

  /** Pauses the machine; {@link #next} and {@link #line} stay what they are. */
  void pause() throws InterruptedException {
    assertThat(machine.pause()).isTrue();
  }

  /** Ends {@link #pause}. */
  void resume() {
    machine.resume();
  }

  /** Keeps the machine, which is paused, in a snapshot of its disk. */
  long snapshot(String name) throws IOException {
    return new DiskSnapshots(List.of(image)).create(name, machine.guestTime(), machine::save);
  }

  /** Saves the machine, which is paused, to a target that may fail. */
  Machine machine() {
    return machine;
  }

  /** Ends the machine, and compares its disk with what the guest said of it. */
  void end() throws Exception {
    machine.stop();
    assertThat(outcome.get(PATIENCE_SECONDS, TimeUnit.SECONDS).cause())
        .isEqualTo(Outcome.Cause.STOPPED);
    close();
    assertThat(wrong).isNull();
  }

  /** Checks that a raw disk has the sectors of all rounds so far. */
  void checkDisk(Path raw) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(DISK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(raw, StandardOpenOption.READ)) {
      channel.read(content, 0);
    }
    // The next round's sector may be written although its line is not printed.
    for (int round = Math.max(0, next - 127); round < next; round++) {
      for (int word = 0; word < SECTOR_WORDS; word++) {
        int at = (round & 127) * 512 + 8 * word;
        assertThat(content.getInt(at)).as("round in its sector").isEqualTo(round);
        assertThat(content.getInt(at + 4))
            .as("sum of round " + round)
            .isEqualTo(calculation.sum(round));
      }
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    machine.stop();
    if (started) {
      outcome.handle((end, failure) -> end).join();
    }
    machine.close();
    disk.close();
  }
}
