package org.wardian.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.wardian.memory.GuestMemory.MapListener;
import org.wardian.memory.GuestMemory.Region;

/** Regions that come and go while the machine lives. */
class RegionChangesTest {
  private static final long MIB = 1 << 20;
  private static final long HOTPLUG = 0x1_0000_0000L;

  @Test
  void aRemovedRegionIsGone() {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      Region region = memory.addRegion(HOTPLUG, MIB, true, "dimm");
      memory.write(HOTPLUG, new byte[] {7}, 0, 1);

      memory.removeRegion(region);

      assertThat(memory.region(HOTPLUG)).isNull();
      assertThat(memory.hostAddress(HOTPLUG)).isZero();
      assertThat(memory.frame(HOTPLUG)).isEqualTo(-1);
      assertThat(memory.regions()).extracting(Region::name).containsExactly("ram");
      assertThatThrownBy(() -> memory.read(HOTPLUG, new byte[1], 0, 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> memory.removeRegion(region))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("dimm is not in this memory");
    }
  }

  @Test
  void whatIsAddedAtTheSamePlaceIsEmptyAgain() {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      Region first = memory.addRegion(HOTPLUG, MIB, true, "dimm");
      memory.write(HOTPLUG, new byte[] {7}, 0, 1);
      memory.removeRegion(first);

      memory.addRegion(HOTPLUG, MIB, true, "dimm");

      assertThat(RawMemory.getByte(memory.hostAddress(HOTPLUG))).isZero();
    }
  }

  @Test
  void manyRegionsAreFoundByAddress() {
    try (GuestMemory memory = new GuestMemory()) {
      for (int i = 0; i < 40; i++) {
        // Not in order of their addresses.
        int place = i * 7 % 40;
        memory.addRegion(place * 2 * MIB, MIB, true, "region " + place);
      }
      for (int place = 39; place >= 0; place--) {
        assertThat(memory.region(place * 2 * MIB + MIB - 1).name()).isEqualTo("region " + place);
        assertThat(memory.region(place * 2 * MIB + MIB)).isNull();
      }
      assertThat(memory.region(-1)).isNull();
    }
  }

  @Test
  void neighboursDoNotOverlapAndOneSharedPageDoes() {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      memory.addRegion(MIB, MIB, true, "above");
      assertThatThrownBy(() -> memory.addRegion(2 * MIB - 4096, MIB, true, "third"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("third overlaps above");
      assertThatThrownBy(() -> memory.addRegion(0, 4 * MIB, true, "third"))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(memory.addRegion(2 * MIB, 4096, true, "third").firstFrame()).isEqualTo(512);
    }
  }

  @Test
  void whatNoGuestCanHaveIsRefused() {
    try (GuestMemory memory = new GuestMemory()) {
      long largest = GuestMemory.LARGEST_REGION;
      long[][] ranges = {
        {0, largest + 4096},
        {-4096, 4096},
        {Long.MIN_VALUE, 4096},
        {1L << 52, 4096},
        {(1L << 52) - 4096, 8192},
        {0, -4096},
        {0, 0},
        {0, 100},
        {100, 4096},
      };
      for (long[] range : ranges) {
        assertThatThrownBy(() -> memory.addRegion(range[0], range[1], true, "odd"))
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertThat(memory.regions()).isEmpty();
      assertThat(memory.frames()).isZero();
    }
  }

  @Test
  void theLargestRegionCostsNothingUntilItIsUsed() {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      long size = GuestMemory.LARGEST_REGION;
      Region region = memory.addRegion(HOTPLUG, size, true, "large");
      memory.startDirtyLog();
      memory.write(HOTPLUG + size - 1, new byte[] {9}, 0, 1);
      memory.markCode(HOTPLUG + size - 1, 0);

      assertThat(memory.frame(HOTPLUG + size - 1)).isEqualTo(memory.frames() - 1);
      assertThat(memory.isCode(HOTPLUG + size - 4096)).isTrue();
      assertThat(memory.isCode(HOTPLUG)).isFalse();
      memory.collectDirty((r, bitmap) -> {
        assertThat(r).isEqualTo(region);
        assertThat(bitmap[bitmap.length - 1]).isEqualTo(Long.MIN_VALUE);
      });
      memory.removeRegion(region);
      assertThat(memory.frames()).isEqualTo(256);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anotherMappingOfTheDescriptorSeesTheSameBytes() throws IOException {
    try (GuestMemory memory = GuestMemory.withRam(MIB, HostMemory.SHARED)) {
      memory.write(0x1234, new byte[] {1, 2, 3}, 0, 3);
      Path file = Path.of("/proc/self/fd/" + memory.region(0).fd());
      try (FileChannel channel = FileChannel.open(file)) {
        ByteBuffer bytes = ByteBuffer.allocate(3);
        channel.read(bytes, 0x1234);
        assertThat(bytes.array()).containsExactly(1, 2, 3);
        assertThat(channel.size()).isEqualTo(MIB);
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void addingAndRemovingForEverNeedsNoMoreOfAnything() throws IOException {
    // Shared memory has names by which the host tells what is left.
    try (GuestMemory memory = GuestMemory.withRam(MIB, HostMemory.SHARED)) {
      for (int i = 0; i < 1000; i++) {
        Region a = memory.addRegion(HOTPLUG, MIB * (1 + i % 3), true, "churn");
        Region b = memory.addRegion(HOTPLUG + 16 * MIB, MIB, false, "churn");
        memory.removeRegion(a);
        memory.removeRegion(b);
      }
      assertThat(memory.frames()).isEqualTo(256);
      assertThat(memory.addRegion(HOTPLUG, MIB, true, "last").firstFrame()).isEqualTo(256);
      try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
        assertThat(lines.filter(line -> line.contains("wardian-churn"))).isEmpty();
      }
    }
  }

  @Test
  void framesOfARemovedRegionAreGivenOutAgain() {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      Region a = memory.addRegion(HOTPLUG, MIB, true, "a");
      Region b = memory.addRegion(HOTPLUG + MIB, MIB, true, "b");
      memory.removeRegion(a);

      assertThat(memory.frames()).isEqualTo(768);
      assertThat(memory.addRegion(HOTPLUG + 8 * MIB, 2 * MIB, true, "c").firstFrame())
          .isEqualTo(768);
      assertThat(memory.addRegion(HOTPLUG + 16 * MIB, MIB, true, "d").firstFrame())
          .isEqualTo(a.firstFrame());
      assertThat(memory.frame(HOTPLUG + MIB)).isEqualTo(b.firstFrame());
    }
  }

  @Test
  void codeMarksDoNotOutliveTheirRegion() {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      Region region = memory.addRegion(HOTPLUG, MIB, true, "dimm");
      memory.markCode(HOTPLUG + 0x3000, 0);
      memory.removeRegion(region);
      memory.addRegion(HOTPLUG, MIB, true, "dimm");

      assertThat(memory.isCode(HOTPLUG + 0x3000)).isFalse();
    }
  }

  /** Writes down what it is told. */
  private static final class Listener implements MapListener {
    final List<String> seen = new ArrayList<>();
    final List<Region> gone = new ArrayList<>();

    @Override
    public void regionAdded(Region region) {
      seen.add("+" + region.name());
    }

    @Override
    public void regionRemoved(Region region) {
      seen.add("-" + region.name());
      gone.add(region);
    }
  }

  @Test
  void listenersFollowTheMapWhileTheMemoryIsThere() {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      Listener listener = new Listener();
      List<Byte> lastBytes = new ArrayList<>();
      memory.addMapListener(listener);
      memory.addMapListener(
          new MapListener() {
            @Override
            public void regionAdded(Region region) {
              assertThat(memory.region(region.base())).isEqualTo(region);
            }

            @Override
            public void regionRemoved(Region region) {
              assertThat(memory.region(region.base())).isNull();
              lastBytes.add(RawMemory.getByte(region.host()));
            }
          });
      Region region = memory.addRegion(HOTPLUG, MIB, true, "dimm");
      memory.write(HOTPLUG, new byte[] {42}, 0, 1);
      memory.removeRegion(region);
      memory.removeMapListener(listener);
      memory.addRegion(HOTPLUG, MIB, true, "unseen");

      assertThat(listener.seen).containsExactly("+dimm", "-dimm");
      assertThat(lastBytes).containsExactly((byte) 42);
    }
  }

  @Test
  void aListenerThatCannotFollowTakesTheRegionAwayAgain() {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      Listener before = new Listener();
      memory.addMapListener(before);
      memory.addMapListener(
          new MapListener() {
            @Override
            public void regionAdded(Region region) {
              throw new UnsupportedOperationException("no slot left");
            }

            @Override
            public void regionRemoved(Region region) {}
          });

      assertThatThrownBy(() -> memory.addRegion(HOTPLUG, MIB, true, "dimm"))
          .hasMessage("no slot left");
      assertThat(before.seen).containsExactly("+dimm", "-dimm");
      assertThat(memory.region(HOTPLUG)).isNull();
      assertThat(memory.frames()).isEqualTo(256);
    }
  }

  @Test
  void heldMemoryStaysMappedAndKeepsItsFrames() {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      Region region = memory.addRegion(HOTPLUG, MIB, true, "dimm");
      memory.write(HOTPLUG, new byte[] {42}, 0, 1);
      memory.retain(region);
      memory.removeRegion(region);

      assertThat(RawMemory.getByte(region.host())).isEqualTo((byte) 42);
      Region other = memory.addRegion(HOTPLUG, MIB, true, "dimm");
      assertThat(other.firstFrame()).isEqualTo(512);
      memory.release(region);
      assertThat(memory.addRegion(HOTPLUG + MIB, MIB, true, "next").firstFrame()).isEqualTo(256);
      assertThatThrownBy(() -> memory.retain(region)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void copiesRaceWithRemovalAndNeverMeetUnmappedMemory() throws InterruptedException {
    try (GuestMemory memory = GuestMemory.withRam(MIB)) {
      AtomicReference<Throwable> failure = new AtomicReference<>();
      CountDownLatch refused = new CountDownLatch(100);
      CountDownLatch copied = new CountDownLatch(100);
      Thread device =
          Thread.ofPlatform()
              .start(() -> {
                byte[] bytes = new byte[0x8000];
                while (!Thread.currentThread().isInterrupted()) {
                  try {
                    memory.write(HOTPLUG, bytes, 0, bytes.length);
                    memory.read(HOTPLUG, bytes, 0, bytes.length);
                    copied.countDown();
                  } catch (IndexOutOfBoundsException e) {
                    refused.countDown();
                  } catch (RuntimeException e) {
                    failure.set(e);
                    return;
                  }
                }
              });
      try {
        while (failure.get() == null && (refused.getCount() > 0 || copied.getCount() > 0)) {
          Region region = memory.addRegion(HOTPLUG, MIB, true, "dimm");
          Thread.yield();
          memory.removeRegion(region);
          Thread.yield();
        }
      } finally {
        device.interrupt();
        device.join();
      }
      assertThat(failure.get()).isNull();
    }
  }
}
