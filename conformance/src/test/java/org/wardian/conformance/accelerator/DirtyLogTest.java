package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;

/** The log of written pages: nothing is lost, nothing is invented. */
@OnEachAccelerator.Suite
class DirtyLogTest {
  private static final int PAGE = GuestMemory.PAGE;
  private static final long DATA = 0x20_0000;
  private static final int PAGES = (int) (GuestLayout.RAM / PAGE);

  /** Guest-physical addresses of the pages that a collection reports. */
  private static Set<Long> collect(GuestMemory memory) {
    Set<Long> pages = new TreeSet<>();
    memory.collectDirty((region, bitmap) -> {
      for (int i = 0; i < region.size() / PAGE; i++) {
        if ((bitmap[i / 64] >>> i & 1) != 0) {
          pages.add(region.base() + (long) i * PAGE);
        }
      }
    });
    return pages;
  }

  private static byte[] contents(GuestMemory memory) {
    byte[] bytes = new byte[(int) GuestLayout.RAM];
    memory.read(0, bytes, 0, bytes.length);
    return bytes;
  }

  /**
   * What changed is reported; what is reported was written by the test or changed: page tables may
   * have got accessed and dirty bits.
   */
  private static void expect(
      GuestMemory memory, byte[] before, Set<Long> written, Set<Long> reported) {
    byte[] after = contents(memory);
    Set<Long> changed = new TreeSet<>();
    for (int page = 0; page < PAGES; page++) {
      int from = page * PAGE;
      if (!Arrays.equals(before, from, from + PAGE, after, from, from + PAGE)) {
        changed.add((long) from);
      }
    }
    assertThat(reported).as("reported").containsAll(written).containsAll(changed);
    Set<Long> allowed = new TreeSet<>(written);
    allowed.addAll(changed);
    assertThat(allowed).as("written").containsAll(reported);
  }

  @OnEachAccelerator
  void storesOfAllWidths(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      monitor.write(DATA, 8, 1);
      memory.startDirtyLog();
      collect(memory);
      for (int size : new int[] {1, 2, 4, 8}) {
        byte[] before = contents(memory);
        long page = DATA + (long) size * PAGE;
        monitor.write(page + 16, size, 0x55);
        expect(memory, before, Set.of(page), collect(memory));
        assertThat(collect(memory)).as("a second time").isEmpty();
      }
      byte[] before = contents(memory);
      monitor.write(DATA, 8, 1);
      expect(memory, before, Set.of(DATA), collect(memory));
      monitor.add(DATA + 8, 3);
      expect(memory, before, Set.of(DATA), collect(memory));
    }
  }

  @OnEachAccelerator
  void theSamePageAgainAfterACollection(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      memory.startDirtyLog();
      for (int i = 0; i < 5; i++) {
        byte[] before = contents(memory);
        monitor.write(DATA, 8, i);
        monitor.write(DATA + 64, 8, i);
        expect(memory, before, Set.of(DATA), collect(memory));
      }
      assertThat(monitor.read(DATA, 8)).isEqualTo(4);
      assertThat(collect(memory)).as("reads").isEmpty();
    }
  }

  @OnEachAccelerator
  void storesAcrossPages(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      memory.startDirtyLog();
      collect(memory);
      byte[] before = contents(memory);
      monitor.write(DATA + PAGE - 3, 8, -1L);
      expect(memory, before, Set.of(DATA, DATA + PAGE), collect(memory));
      before = contents(memory);
      monitor.fill(DATA + 4 * PAGE - 1, PAGE + 2);
      expect(
          memory,
          before,
          Set.of(DATA + 3 * PAGE, DATA + 4 * PAGE, DATA + 5 * PAGE),
          collect(memory));
    }
  }

  @OnEachAccelerator
  void writesOfDevices(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      memory.startDirtyLog();
      collect(memory);
      byte[] bytes = new byte[3 * PAGE];
      memory.write(DATA + PAGE - 1, bytes, 0, PAGE + 2);
      assertThat(collect(memory)).isEqualTo(Set.of(DATA, DATA + PAGE, DATA + 2 * PAGE));
      assertThat(collect(memory)).isEmpty();
    }
  }

  @OnEachAccelerator
  void accessedAndDirtyBitsOfPageTables(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      long entry = GuestLayout.DIRECTORIES + 8 * (DATA >>> 21);
      memory.startDirtyLog();
      monitor.guest.word(entry, monitor.guest.word(entry) & ~0x60L);
      monitor.loadPageTables(GuestLayout.PML4);
      collect(memory);
      byte[] before = contents(memory);
      assertThat(monitor.read(DATA, 1)).isZero();
      assertThat(monitor.guest.word(entry) & 0x60).as("accessed").isEqualTo(0x20);
      expect(memory, before, Set.of(entry & -PAGE), collect(memory));
      before = contents(memory);
      monitor.write(DATA, 1, 1);
      assertThat(monitor.guest.word(entry) & 0x60).as("dirty").isEqualTo(0x60);
      expect(memory, before, Set.of(entry & -PAGE, DATA), collect(memory));
    }
  }

  @OnEachAccelerator
  void regionsAddedWhileItIsOn(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      memory.startDirtyLog();
      memory.addRegion(0x80_0000, 0x10000, true, "added");
      collect(memory);
      monitor.write(0x80_3008, 8, 1);
      assertThat(collect(memory)).contains(0x80_3000L).doesNotContain(0x80_2000L, 0x80_4000L);
      memory.removeRegion(memory.region(0x80_0000));
      assertThat(collect(memory)).noneMatch(page -> page >= 0x80_0000);
      memory.stopDirtyLog();
      memory.startDirtyLog();
      monitor.write(DATA, 8, 2);
      assertThat(collect(memory)).as("started anew").contains(DATA);
    }
  }

  /** As a live migration does: copies what is dirty while the guest goes on, then stops it. */
  @OnEachAccelerator
  void collectingWhileTheGuestRunsLosesNothing(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "monitor")) {
      GuestMemory memory = guest.memory;
      byte[] copy = new byte[(int) GuestLayout.RAM];
      guest.word(guest.at("limit"), Long.MAX_VALUE);
      memory.startDirtyLog();
      guest.enter(GuestMode.LONG, "writer");
      memory.read(0, copy, 0, copy.length);
      Guest.Run run = guest.start();
      Random random = new Random(11);
      long deadline = System.nanoTime() + 300_000_000L;
      int rounds = 0;
      while (rounds < 20 || System.nanoTime() < deadline) {
        rounds++;
        copyDirty(memory, copy);
        java.util.concurrent.locks.LockSupport.parkNanos(random.nextInt(300_000));
        if (run.isOver()) {
          fail("the guest ended after %d rounds: %s", rounds, run.await());
        }
      }
      guest.vcpu.kick();
      guest.expect(run.await(), Exit.STOPPED);
      copyDirty(memory, copy);
      byte[] now = contents(memory);
      for (int page = 0; page < PAGES; page++) {
        int at =
            Arrays.mismatch(
                now, page * PAGE, (page + 1) * PAGE, copy, page * PAGE, (page + 1) * PAGE);
        assertThat(at)
            .as("first difference in page %#x after %d rounds", page * PAGE, rounds)
            .isEqualTo(-1);
      }
      assertThat(guest.state(org.wardian.x86.StateLayout.GPR + 8)).as("stores").isPositive();
    }
  }

  private static void copyDirty(GuestMemory memory, byte[] copy) {
    memory.collectDirty((region, bitmap) -> {
      for (int i = 0; i < region.size() / PAGE; i++) {
        if ((bitmap[i / 64] >>> i & 1) != 0) {
          RawMemory.copy(
              region.host() + (long) i * PAGE, copy, (int) region.base() + i * PAGE, PAGE);
        }
      }
    });
  }
}
