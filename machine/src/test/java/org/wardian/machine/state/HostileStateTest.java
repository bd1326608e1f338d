package org.wardian.machine.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.HostException;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.platform.Translator;
import org.wardian.machine.state.StateHeader.Section;
import org.wardian.x86.CpuModel;

/**
 * Whatever a file holds, it is a machine that goes on or a {@link StateFileException}: damaged and
 * truncated files, and files that somebody made so that all checksums are right.
 */
class HostileStateTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  /** A machine takes some milliseconds to be built: fewer of these. */
  private static final int MACHINES = Math.max(50, ITERATIONS / 250);

  private static final long MEMORY = 2 << 20;
  private static final int LOAD = 0x100000;
  private static final int HEADER = 32;

  @TempDir static Path folder;
  private static byte[] good;
  private static Path file;

  /** A kernel that writes to the serial port for ever. */
  private static byte[] kernel() {
    byte[] code = {0x66, (byte) 0xba, (byte) 0xf8, 3, (byte) 0xee, 0x40, (byte) 0xeb, (byte) 0xfc};
    int end = LOAD + HEADER + code.length;
    return ByteBuffer.allocate(HEADER + code.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0x1badb002)
        .putInt(1 << 16)
        .putInt(-(0x1badb002 + (1 << 16)))
        .putInt(LOAD)
        .putInt(LOAD)
        .putInt(end)
        .putInt(end)
        .putInt(LOAD + HEADER)
        .put(code)
        .array();
  }

  private static MachineConfiguration configuration() {
    return new MachineConfiguration(
            kernel(),
            Path.of("kernel"),
            Optional.empty(),
            "",
            MEMORY,
            2,
            CpuModel.named("x86-64-v1"),
            Set.of("testdev"),
            false)
        .with(Translator.OFF)
        .with(
            List.of(
                new DeviceConfiguration.Rng("rng0", 1000),
                new DeviceConfiguration.Balloon("balloon0", balloon -> {}),
                new DeviceConfiguration.Disk(
                    "disk0",
                    DeviceConfiguration.DiskBus.VIRTIO,
                    new MemoryDisk(1 << 20),
                    false,
                    "",
                    1,
                    OptionalInt.empty()),
                new DeviceConfiguration.Disk(
                    "disk1",
                    DeviceConfiguration.DiskBus.IDE,
                    new MemoryDisk(1 << 20),
                    false,
                    "",
                    1,
                    OptionalInt.empty())));
  }

  private static Origin origin() {
    TreeMap<String, byte[]> enclosures = new TreeMap<>();
    enclosures.put("seed", new byte[] {1, 2, 3});
    return new Origin(
        "debian",
        Optional.of(OriginFile.of(Path.of("kernel"), kernel())),
        Optional.of(OriginFile.of(Path.of("initrd"), new byte[5])),
        "quiet",
        enclosures);
  }

  @BeforeAll
  static void save() throws Exception {
    file = folder.resolve("good");
    CompletableFuture<Void> written = new CompletableFuture<>();
    try (Machine machine = new Machine(configuration(), value -> written.complete(null));
        StateFile state = StateFile.create(file)) {
      CompletableFuture<Void> run =
          CompletableFuture.runAsync(() -> {
            try {
              machine.run();
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          });
      written.join();
      assertThat(machine.pause()).isTrue();
      machine.save(state, origin());
      machine.stop();
      run.join();
      state.complete(List.of(new DiskMark("disk0", "disk", 1 << 20, 1)));
    }
    good = Files.readAllBytes(file);
  }

  /** A state in an array; one without a file, so that memory is copied and checked. */
  private record ArraySource(byte[] content) implements StateSource {
    @Override
    public String name() {
      return "array";
    }

    @Override
    public long size() {
      return content.length;
    }

    @Override
    public void read(long offset, ByteBuffer to) throws IOException {
      if (offset < 0 || offset > content.length - to.remaining()) {
        throw new EOFException("array is truncated");
      }
      to.put(content, (int) offset, to.remaining());
    }

    @Override
    public Optional<Path> file() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  /** Whether it is taken; a refusal must be one of those that are declared. */
  private static boolean isTaken(byte[] content) throws IOException {
    try (SavedState saved = SavedState.open(new ArraySource(content))) {
      saved.verify();
      return true;
    } catch (StateFileException e) {
      assertThat(e).hasMessageStartingWith("array ");
      return false;
    }
  }

  @Test
  void aGoodOneIsTaken() throws Exception {
    assertThat(isTaken(good)).isTrue();
    try (SavedState saved = SavedState.open(file);
        Machine machine = Machine.restore(configuration(), value -> {}, saved)) {
      assertThat(machine.guestTime()).isEqualTo(saved.description().ran());
      assertThat(saved.description().origin()).usingRecursiveComparison().isEqualTo(origin());
    }
  }

  @Test
  void aFileOfItsOriginIsTakenIfItIsTheSame() throws Exception {
    Path kernel = folder.resolve("kernel");
    OriginFile mark = OriginFile.of(kernel, kernel());
    assertThatThrownBy(mark::read)
        .isInstanceOf(IOException.class)
        .hasMessage(kernel + " is not there any more (SHA-256 " + mark.sha256() + ")");
    Files.write(kernel, kernel());
    assertThat(mark.read()).isEqualTo(kernel());
    byte[] other = kernel();
    other[HEADER] ^= 1;
    Files.write(kernel, other);
    assertThatThrownBy(mark::read).hasMessageContaining("is not what it was");
    // Neither is opened.
    assertThatThrownBy(new OriginFile(Path.of("/dev/zero"), 0, mark.sha256())::read)
        .hasMessageContaining("is not what it was");
    assertThatThrownBy(new OriginFile(folder, 10, mark.sha256())::read)
        .hasMessageContaining("is not what it was");
  }

  @Test
  void aTruncatedOneIsRefused() throws Exception {
    Random random = new Random(1);
    for (int i = 0; i < ITERATIONS / 100; i++) {
      int length = i < 300 ? i : random.nextInt(good.length);
      assertThat(isTaken(Arrays.copyOf(good, length))).as("%d bytes", length).isFalse();
    }
  }

  @Test
  void aBitThatFlippedIsNoticed() throws Exception {
    Random random = new Random(2);
    // What is neither header nor record nor stored page may be anything.
    StateHeader header = header();
    Section[] records = {
      header.description(), header.devices(), header.index(), header.disks(),
    };
    byte[] bad = good.clone();
    for (int i = 0; i < ITERATIONS / 20; i++) {
      int choice = random.nextInt(records.length + 1);
      int at =
          choice == records.length
              ? random.nextInt(StateHeader.LENGTH)
              : (int) (records[choice].offset() + random.nextLong(records[choice].length()));
      bad[at] ^= (byte) (1 << random.nextInt(8));
      assertThat(isTaken(bad)).as("byte %d", at).isFalse();
      bad[at] = good[at];
    }
  }

  @Test
  void aPageThatChangedIsNoticed() throws Exception {
    byte[] bad = good.clone();
    int kernel = (int) StateHeader.FIRST_MEMORY + LOAD + HEADER;
    bad[kernel] ^= 1;
    try (SavedState saved = SavedState.open(new ArraySource(bad))) {
      assertThatThrownBy(saved::verify)
          .isInstanceOf(StateFileException.class)
          .hasMessageContaining("memory at 0x100000");
      assertThatThrownBy(() -> Machine.restore(configuration(), value -> {}, saved))
          .isInstanceOf(StateFileException.class)
          .hasMessageContaining("memory at 0x100000");
    }
  }

  private static StateHeader header() throws IOException {
    return StateHeader.of(ByteBuffer.wrap(good), good.length, "good");
  }

  /** The good one with another record, all checksums being right. */
  private static byte[] with(int which, byte[] record) throws IOException {
    StateHeader old = header();
    byte[] made = Arrays.copyOf(good, good.length + record.length);
    System.arraycopy(record, 0, made, good.length, record.length);
    Section section = Section.of(good.length, record);
    StateHeader header =
        new StateHeader(
            old.sparse(),
            made.length,
            old.memory(),
            which == 0 ? section : old.description(),
            which == 1 ? section : old.devices(),
            which == 2 ? section : old.index(),
            which == 3 ? section : old.disks());
    header.toBytes().get(0, made, 0, StateHeader.LENGTH);
    return made;
  }

  private static byte[] record(int which) throws IOException {
    StateHeader header = header();
    Section section =
        switch (which) {
          case 0 -> header.description();
          case 1 -> header.devices();
          case 2 -> header.index();
          default -> header.disks();
        };
    return Arrays.copyOfRange(
        good, (int) section.offset(), (int) (section.offset() + section.length()));
  }

  private static byte[] mutated(byte[] record, Random random) {
    byte[] made = record.clone();
    for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
      int at = random.nextInt(made.length);
      switch (random.nextInt(4)) {
        case 0 -> made[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> made[at] = (byte) random.nextInt();
        case 2 -> made[at] = (byte) (random.nextBoolean() ? 0xff : 0);
        default -> {
          return Arrays.copyOf(made, at + 1);
        }
      }
    }
    return made;
  }

  @Test
  void recordsThatSomebodyMadeAreReadOrRefused() throws Exception {
    Random random = new Random(3);
    int taken = 0;
    for (int i = 0; i < ITERATIONS / 20; i++) {
      int which = new int[] {0, 2, 3}[random.nextInt(3)];
      taken += isTaken(with(which, mutated(record(which), random))) ? 1 : 0;
    }
    assertThat(taken).as("some changes mean nothing").isPositive();
  }

  @Test
  void devicesThatSomebodyMadeGoOnOrAreRefused() throws Exception {
    Random random = new Random(4);
    byte[] devices = record(1);
    for (int i = 0; i < MACHINES; i++) {
      byte[] made = with(1, mutated(devices, random));
      try (SavedState saved = SavedState.open(new ArraySource(made));
          Machine machine = Machine.restore(configuration(), value -> {}, saved)) {
        // Whatever the processors now do, and however they end, it is the guest's affair.
        CompletableFuture<Void> run =
            CompletableFuture.runAsync(() -> {
              try {
                machine.run();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
        // Where it has not ended by itself, its processors have executed something by then.
        machine.pause();
        machine.stop();
        run.join();
      } catch (StateFileException e) {
        assertThat(e).hasMessageStartingWith("array ");
      }
    }
  }

  @Test
  void anotherMachineIsRefusedWithItsDifferences() throws Exception {
    MachineConfiguration other =
        new MachineConfiguration(
                kernel(),
                Path.of("kernel"),
                Optional.empty(),
                "",
                2 * MEMORY,
                1,
                CpuModel.standard(),
                Set.of(),
                false)
            .with(Translator.OFF)
            .with(List.of(new DeviceConfiguration.Rng("rng0", 2000)));
    try (SavedState saved = SavedState.open(file)) {
      assertThatThrownBy(() -> Machine.restore(other, value -> {}, saved))
          .isInstanceOf(StateFileException.class)
          .hasMessageContaining("it had 2 MiB of memory, not 4 MiB")
          .hasMessageContaining("it had 2 processors, not 1")
          .hasMessageContaining("it had CPU model x86-64-v1, not x86-64-v2")
          .hasMessageContaining(
              "rng0 was rng with bytesPerSecond=1000, not rng with bytesPerSecond=2000")
          .hasMessageContaining("it had disk0: disk with");
    }
  }

  @Test
  void whatIsNotCompletedLeavesNothing() throws Exception {
    Path there = Files.createDirectory(folder.resolve("empty"));
    try (StateFile state = StateFile.create(there.resolve("never"))) {
      state.write(1000, ByteBuffer.allocate(10));
      try (var entries = Files.list(there)) {
        assertThat(entries).hasSize(1);
      }
    }
    try (var entries = Files.list(there)) {
      assertThat(entries).isEmpty();
    }
  }

  @Test
  void aFileThatIsShorterThanItsMemoryIsNotMapped() throws Exception {
    Path cut = folder.resolve("cut");
    Files.write(cut, Arrays.copyOf(good, (int) StateHeader.FIRST_MEMORY + 4096));
    assertThatThrownBy(
            () -> org.wardian.host.Mapping.ofFile(cut, StateHeader.FIRST_MEMORY, 1 << 20))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("shorter");
  }
}
