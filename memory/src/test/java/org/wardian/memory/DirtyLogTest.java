package org.wardian.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.memory.GuestMemory.DirtySource;
import org.wardian.memory.GuestMemory.Region;
import org.wardian.memory.GuestMemory.TranslationCache;

/** Which pages were written, by devices and by accelerators that log themselves. */
class DirtyLogTest {
  private static final long MIB = 1 << 20;
  private static final long ROM = 0xfff0_0000L;

  private final GuestMemory memory = GuestMemory.withRam(MIB);

  @AfterEach
  void close() {
    memory.close();
  }

  private void write(long address, int length) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) 1);
    memory.write(address, bytes, 0, length);
  }

  /** Guest-physical page numbers that the collection reports. */
  private List<Long> collect() {
    TreeSet<Long> pages = new TreeSet<>();
    memory.collectDirty((region, bitmap) -> add(region, bitmap, pages));
    return List.copyOf(pages);
  }

  private static void add(Region region, long[] bitmap, TreeSet<Long> pages) {
    for (int page = 0; page < bitmap.length * 64; page++) {
      if ((bitmap[page >> 6] >>> page & 1) != 0) {
        pages.add((region.base() >> 12) + page);
      }
    }
  }

  @Test
  void devicesWritesAreReportedOnce() {
    write(0x9000, 1);
    memory.startDirtyLog();
    write(0x2fff, 2);
    write(0x3f000, 0x1000);
    write(0x5000, 0);

    assertThat(collect()).containsExactly(2L, 3L, 0x3fL);
    assertThat(collect()).isEmpty();
    write(0x3000, 1);
    assertThat(collect()).containsExactly(3L);
  }

  @Test
  void everyRegionHasItsOwnBitmap() {
    Region rom = memory.addRegion(ROM, 0x3000, false, "rom");
    memory.startDirtyLog();
    write(ROM + 0x2000, 1);
    write(0, 1);

    List<Region> seen = new ArrayList<>();
    memory.collectDirty((region, bitmap) -> {
      seen.add(region);
      assertThat(bitmap).hasSize(region.equals(rom) ? 1 : 4);
      assertThat(bitmap[0]).isEqualTo(region.equals(rom) ? 4 : 1);
    });
    assertThat(seen).containsExactly(memory.region(0), rom);
  }

  @Test
  void aRegionThatComesWhileTheLogIsOnIsLogged() {
    memory.startDirtyLog();
    Region more = memory.addRegion(MIB, MIB, true, "more");
    write(MIB + 0x5000, 1);

    assertThat(collect()).containsExactly(0x105L);
    memory.removeRegion(more);
    assertThat(collect()).isEmpty();
  }

  @Test
  void theLogIsOnOrOff() {
    assertThatThrownBy(() -> memory.collectDirty((r, b) -> {}))
        .isInstanceOf(IllegalStateException.class);
    memory.stopDirtyLog();
    memory.startDirtyLog();
    assertThatThrownBy(memory::startDirtyLog).isInstanceOf(IllegalStateException.class);
    write(0, 1);
    memory.stopDirtyLog();
    assertThat(memory.isWatched(0x1000)).isFalse();

    memory.startDirtyLog();
    assertThat(collect()).isEmpty();
  }

  @Test
  void aPageIsWatchedWhileItIsCleanOrHoldsCode() {
    memory.markCode(0x1000, 0);
    memory.startDirtyLog();

    assertThat(memory.isWatched(0x2000)).isTrue();
    memory.written(0x2abc, 1);
    memory.written(0x1abc, 1);
    assertThat(memory.isWatched(0x2000)).isFalse();
    assertThat(memory.isWatched(0x1000)).isTrue();
    assertThat(collect()).containsExactly(1L, 2L);
    memory.unmarkCode(0x1000, 0);
    assertThat(memory.isWatched(0x1000)).isTrue();
    memory.written(0x1abc, 1);
    assertThat(memory.isWatched(0x1000)).isFalse();
    assertThat(memory.isWatched(MIB)).isFalse();
  }

  @Test
  void aConsumerThatFailsLosesNothing() {
    memory.addRegion(ROM, 0x3000, false, "rom");
    memory.startDirtyLog();
    write(0x4000, 1);
    write(ROM, 1);
    TreeSet<Long> first = new TreeSet<>();
    assertThatThrownBy(() ->
            memory.collectDirty((region, bitmap) -> {
              if (region.base() == ROM) {
                throw new IllegalStateException("connection lost");
              }
              add(region, bitmap, first);
            }))
        .hasMessage("connection lost");

    assertThat(first).containsExactly(4L);
    assertThat(collect()).containsExactly(ROM >> 12);
  }

  @Test
  void theConsumersMemoryOutlivesItsRegion() {
    Region more = memory.addRegion(MIB, MIB, true, "more");
    memory.startDirtyLog();
    write(MIB + 0x1000, 1);
    byte[] seen = new byte[1];
    memory.collectDirty((region, bitmap) -> {
      memory.removeRegion(more);
      seen[0] = RawMemory.getByte(region.host() + 0x1000);
    });
    assertThat(seen[0]).isEqualTo((byte) 1);
  }

  /**
   * An accelerator that counts what is asked of it, and always says that the guest wrote page 8.
   */
  private static final class Source implements DirtySource {
    final List<String> calls = new ArrayList<>();

    @Override
    public void start(Region region) {
      calls.add("start " + region.name());
    }

    @Override
    public void stop(Region region) {
      calls.add("stop " + region.name());
    }

    @Override
    public void collect(Region region, long[] into) {
      into[0] |= 1 << 8;
    }
  }

  @Test
  void anAcceleratorsLogIsMerged() {
    Source source = new Source();
    memory.addDirtySource(source);
    memory.startDirtyLog();
    write(0x1000, 1);
    assertThat(collect()).containsExactly(1L, 8L);

    Region more = memory.addRegion(MIB, 0x10000, true, "more");
    // What its guest wrote before its log began is not known: all pages count.
    assertThat(collect()).hasSize(17);
    assertThat(collect()).containsExactly(8L, 0x108L);
    memory.removeRegion(more);
    memory.stopDirtyLog();
    assertThat(source.calls).containsExactly("start ram", "start more", "stop more", "stop ram");
  }

  @Test
  void anAcceleratorThatComesLateIsTold() {
    Source source = new Source();
    memory.startDirtyLog();
    memory.addDirtySource(source);
    assertThat(source.calls).containsExactly("start ram");
    assertThat(collect()).containsExactly(8L);
    memory.removeDirtySource(source);
    assertThat(collect()).isEmpty();
  }

  /** A processor that does not look up for a while. */
  private static final class Busy implements TranslationCache {
    boolean busy;
    int asked;

    @Override
    public void watchStores() {
      asked++;
    }

    @Override
    public boolean settled(long deadline) {
      return !busy;
    }
  }

  @Test
  void pagesOfAProcessorThatDoesNotAnswerStayDirty() {
    Busy processor = new Busy();
    memory.addTranslationCache(processor);
    memory.startDirtyLog();
    write(0x1000, 1);
    processor.busy = true;
    assertThat(collect()).containsExactly(1L);
    write(0x2000, 1);
    assertThat(collect()).containsExactly(1L, 2L);
    processor.busy = false;
    assertThat(collect()).containsExactly(1L, 2L);
    assertThat(collect()).isEmpty();
    assertThat(processor.asked).isEqualTo(5);
  }

  @Test
  void aLogThatBeginsWithABusyProcessorBeginsDirty() {
    memory.addRegion(ROM, 0x3000, false, "rom");
    Busy processor = new Busy();
    processor.busy = true;
    memory.addTranslationCache(processor);
    memory.startDirtyLog();
    processor.busy = false;
    assertThat(collect()).hasSize(256 + 3);
    assertThat(collect()).isEmpty();
  }

  @Test
  void nothingIsLostWhileDevicesWrite() throws InterruptedException {
    byte[] shadow = new byte[(int) MIB];
    memory.startDirtyLog();
    for (int round = 0; round < 50; round++) {
      Thread[] devices = {device(round, 0), device(round, MIB / 2)};
      boolean running;
      do {
        running = devices[0].isAlive() || devices[1].isAlive();
        copyDirty(shadow);
      } while (running);
      copyDirty(shadow);
      byte[] now = new byte[(int) MIB];
      memory.read(0, now, 0, now.length);
      assertThat(shadow).isEqualTo(now);
    }
  }

  private Thread device(int round, long base) {
    return Thread.ofPlatform()
        .start(() -> {
          Random random = new Random(round + base);
          byte[] bytes = new byte[6000];
          for (int i = 0; i < 200; i++) {
            random.nextBytes(bytes);
            int length = 1 + random.nextInt(bytes.length - 1);
            memory.write(base + random.nextInt((int) MIB / 2 - length), bytes, 0, length);
          }
        });
  }

  private void copyDirty(byte[] shadow) {
    memory.collectDirty((region, bitmap) -> {
      for (int page = 0; page < bitmap.length * 64; page++) {
        if ((bitmap[page >> 6] >>> page & 1) != 0) {
          RawMemory.copy(region.host() + page * 4096L, shadow, page * 4096, 4096);
        }
      }
    });
  }
}
