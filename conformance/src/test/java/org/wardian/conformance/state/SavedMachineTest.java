package org.wardian.conformance.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.conformance.state.CountingGuest.Place;
import org.wardian.host.HostException;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.platform.Platform;
import org.wardian.machine.platform.PlatformConfiguration;
import org.wardian.machine.state.DiskMark;
import org.wardian.machine.state.SavedState;
import org.wardian.machine.state.StateHeader;
import org.wardian.machine.state.StateTarget;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Feature;

/** A machine that is saved goes on where it was: memory, processor, clocks and disk in step. */
@Timeout(600)
class SavedMachineTest {
  @TempDir Path folder;

  private Path rawDisk() throws IOException {
    Path disk = folder.resolve("disk.raw");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(CountingGuest.DISK_BYTES);
    }
    return disk;
  }

  /** The rate of the host's counter, which a machine must have that is to go on upon its KVM. */
  private static long hostRate() {
    try (Platform platform =
        Platform.create(
            new PlatformConfiguration(
                AcceleratorKind.KVM,
                1 << 20,
                1,
                CpuModel.named("x86-64-v1"),
                Place.KVM_SPLIT.chips()))) {
      return platform.timestampHz();
    } catch (HostException e) {
      return 0;
    }
  }

  @Test
  void itGoesOnInStepWithItsDisk() throws Exception {
    Path disk = rawDisk();
    Path file = folder.resolve("saved");
    CountingGuest guest = CountingGuest.start(Place.TRANSLATED, disk, 0);
    try (CountingGuest first = guest.run().rounds(300)) {
      first.save(file, disk);
      first.checkDisk(disk);
    }
    try (CountingGuest second = CountingGuest.restore(Place.TRANSLATED, disk, file, guest)) {
      second.run().rounds(300);
      second.end();
      second.checkDisk(disk);
    }
  }

  @Test
  void theGuestIsPromisedNoMoreThanBefore() throws Exception {
    Path disk = rawDisk();
    Path file = folder.resolve("saved");
    CpuModel less =
        CountingGuest.MODEL.without(EnumSet.of(Feature.INVARIANT_TSC, Feature.ZERO_FCS_FDS));
    CountingGuest guest = CountingGuest.start(Place.TRANSLATED, less, disk, 0);
    Set<String> promised = Set.of();
    for (Place place : List.of(Place.INTERPRETED, Place.TRANSLATED)) {
      try (CountingGuest before = guest.run().rounds(20)) {
        before.save(file, disk);
      }
      try (SavedState saved = SavedState.open(file)) {
        assertThat(saved.description().features())
            .contains("sse2")
            .doesNotContain("invariant_tsc", "zero_fcs_fds");
        assertThat(promised).isSubsetOf(saved.description().features());
        promised = saved.description().features();
      }
      guest = CountingGuest.restore(place, disk, file, guest);
    }
    try (CountingGuest last = guest.run().rounds(20)) {
      last.end();
    }
  }

  private void journey(List<Place> places, int rounds) throws Exception {
    long hertz = 0;
    if (places.stream().anyMatch(place -> place.kind() == AcceleratorKind.KVM)) {
      hertz = hostRate();
      assumeTrue(hertz != 0, "there is no KVM here");
    }
    Path disk = rawDisk();
    Path file = folder.resolve("saved");
    CountingGuest guest = CountingGuest.start(places.getFirst(), disk, hertz);
    for (Place place : places.subList(1, places.size())) {
      try (CountingGuest before = guest.run().rounds(rounds)) {
        before.save(file, disk);
        before.checkDisk(disk);
      }
      guest = CountingGuest.restore(place, disk, file, guest);
    }
    try (CountingGuest last = guest.run().rounds(rounds)) {
      last.end();
      last.checkDisk(disk);
    }
  }

  static Stream<Arguments> pairs() {
    List<Place> all =
        List.of(Place.TRANSLATED, Place.INTERPRETED, Place.KVM_SPLIT, Place.KVM_KERNEL);
    return all.stream()
        .flatMap(
            from -> all.stream().filter(to -> !to.equals(from)).map(to -> Arguments.of(from, to)));
  }

  @ParameterizedTest(name = "from {0} to {1}")
  @MethodSource("pairs")
  void itGoesOnElsewhere(Place from, Place to) throws Exception {
    journey(List.of(from, to), 20);
  }

  /** Neither before it was saved nor where it was restored to be saved again. */
  @ParameterizedTest(name = "from {0} to {1}")
  @MethodSource("pairs")
  void oneThatExecutedNothingGoesOnElsewhere(Place from, Place to) throws Exception {
    long hertz = 0;
    if (from.kind() == AcceleratorKind.KVM || to.kind() == AcceleratorKind.KVM) {
      hertz = hostRate();
      assumeTrue(hertz != 0, "there is no KVM here");
    }
    Path disk = rawDisk();
    Path file = folder.resolve("saved");
    CountingGuest guest = CountingGuest.start(from, disk, hertz);
    for (int i = 0; i < 2; i++) {
      try (CountingGuest before = guest) {
        before.machine().pauseAtStart();
        before.run().save(file, disk);
        assertThat(before.next()).isZero();
        assertThat(before.line()).isEmpty();
      }
      guest = CountingGuest.restore(to, disk, file, guest);
    }
    try (CountingGuest last = guest) {
      last.machine().pauseAtStart();
      last.run().pause();
      assertThat(last.line()).isEmpty();
      last.resume();
      last.rounds(20).end();
      last.checkDisk(disk);
    }
  }

  @Test
  @Tag("slow")
  void itGoesOnTwentyTimesWithoutAnError() throws Exception {
    journey(java.util.Collections.nCopies(21, Place.TRANSLATED), 2000);
  }

  @Test
  void aSnapshotKeepsMachineAndDisk() throws Exception {
    Path disk = folder.resolve("disk.qcow2");
    Images.create(disk, CreateOptions.qcow2(CountingGuest.DISK_BYTES));
    CountingGuest guest = CountingGuest.start(Place.TRANSLATED, disk, 0);
    int at;
    String line;
    try (CountingGuest first = guest.run().rounds(200)) {
      first.pause();
      at = first.next();
      line = first.line();
      assertThat(first.snapshot("kept")).isPositive();
      assertThatThrownBy(() -> first.snapshot("kept"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("kept");
      first.resume();
      // It goes on as if nothing had been.
      first.rounds(500).end();
    }
    for (int again = 0; again < 2; again++) {
      try (CountingGuest second =
          CountingGuest.revert(Place.TRANSLATED, disk, "kept", guest, at, line)) {
        second.run().rounds(200).end();
        Path raw = folder.resolve("raw" + again);
        convert(disk, raw);
        second.checkDisk(raw);
      }
    }
  }

  private static void convert(Path from, Path to) throws IOException {
    try (var image = Images.open(from, org.wardian.storage.OpenOptions.readOnly())) {
      ByteBuffer content = ByteBuffer.allocate((int) image.length());
      image.read(0, content);
      Files.write(to, content.array());
    }
  }

  /** A target that has room for so many bytes. */
  private record FullTarget(long room) implements StateTarget {
    @Override
    public boolean sparse() {
      return true;
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
      if (offset + from.remaining() > room) {
        throw new IOException("no room");
      }
    }

    @Override
    public void written(StateHeader header) {}
  }

  @Test
  void whereThereIsNoRoomTheMachineGoesOn() throws Exception {
    Path disk = rawDisk();
    try (CountingGuest guest = CountingGuest.start(Place.TRANSLATED, disk, 0)) {
      guest.run().rounds(50);
      for (long room : new long[] {100, 1 << 20, (8 << 20) + (64 << 10) + 100}) {
        guest.pause();
        assertThatThrownBy(() -> guest.machine().save(new FullTarget(room)))
            .isInstanceOf(IOException.class)
            .hasMessage("no room");
        guest.resume();
        guest.rounds(50);
      }
      guest.end();
      guest.checkDisk(disk);
    }
  }

  @Test
  void aDiskThatWasWrittenSinceIsNoticed() throws Exception {
    Path disk = rawDisk();
    Path file = folder.resolve("saved");
    try (CountingGuest guest = CountingGuest.start(Place.TRANSLATED, disk, 0)) {
      guest.run().rounds(10);
      guest.save(file, disk);
    }
    Files.setLastModifiedTime(
        disk,
        java.nio.file.attribute.FileTime.fromMillis(
            Files.getLastModifiedTime(disk).toMillis() + 5));
    try (SavedState saved = SavedState.open(file)) {
      assertThat(DiskMark.changes(saved.disks(), List.of(DiskMark.of("disk", disk))))
          .singleElement()
          .asString()
          .contains("disk.raw", "was written since");
    }
  }
}
