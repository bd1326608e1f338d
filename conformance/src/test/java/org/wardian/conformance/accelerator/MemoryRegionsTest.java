package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.GuestMemory.Region;

/** Memory that appears, goes and moves while the machine lives. */
@OnEachAccelerator.Suite
class MemoryRegionsTest {
  private static final long FAR = 0x80_0000;
  private static final long SIZE = 0x4000;

  @OnEachAccelerator
  void aRegionAddedBetweenRuns(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      assertThat(monitor.read(FAR, 4)).as("before").isEqualTo(0xffff_ffffL);
      Region region = monitor.guest.memory.addRegion(FAR, SIZE, true, "added");
      assertThat(monitor.read(FAR, 8)).as("zeroed").isZero();
      monitor.write(FAR + 0x3ff8, 8, 0x1234_5678_9abcL);
      assertThat(monitor.guest.word(FAR + 0x3ff8)).isEqualTo(0x1234_5678_9abcL);
      assertThat(monitor.read(FAR + SIZE, 4)).as("behind").isEqualTo(0xffff_ffffL);
      assertThat(region.size()).isEqualTo(SIZE);
    }
  }

  @OnEachAccelerator
  void aRegionRemovedBetweenRuns(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      Region region = memory.addRegion(FAR, SIZE, true, "removed");
      monitor.write(FAR + 8, 8, 77);
      assertThat(monitor.read(FAR + 8, 8)).isEqualTo(77);
      memory.removeRegion(region);
      assertThat(monitor.read(FAR + 8, 8)).as("nothing is there").isEqualTo(-1L);
      monitor.write(FAR + 8, 8, 78);
      DeviceRegisters device = new DeviceRegisters(0x1000);
      monitor.guest.platform.mmio().map(FAR, 0x1000, device);
      monitor.write(FAR + 8, 4, 79);
      assertThat(device.take()).as("a device in its place").containsExactly(Access.write(8, 4, 79));
    }
  }

  @OnEachAccelerator
  void aRegionMoved(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      Region region = memory.addRegion(FAR, SIZE, true, "here");
      monitor.write(FAR, 8, 0x1111);
      for (int move = 1; move <= 5; move++) {
        long base = FAR + move * 0x10_0000L;
        memory.removeRegion(region);
        region = memory.addRegion(base, SIZE, true, "there");
        assertThat(monitor.read(base - 0x10_0000, 8)).as("move %d, old place", move).isEqualTo(-1L);
        assertThat(monitor.read(base, 8)).as("move %d, new place", move).isZero();
        monitor.write(base, 8, move);
        assertThat(monitor.read(base, 8)).isEqualTo(move);
      }
    }
  }

  @OnEachAccelerator
  void aRegionReplacedByOneOfAnotherSize(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      Region small = memory.addRegion(FAR, 0x1000, true, "small");
      monitor.write(FAR, 8, 1);
      memory.removeRegion(small);
      Region large = memory.addRegion(FAR - 0x1000, 0x3000, true, "large");
      assertThat(monitor.read(FAR, 8)).isZero();
      monitor.write(FAR - 4, 8, 0x2222_2222_3333_3333L);
      assertThat(monitor.guest.word(FAR - 4)).isEqualTo(0x2222_2222_3333_3333L);
      memory.removeRegion(large);
      assertThat(monitor.read(FAR - 4, 8)).isEqualTo(-1L);
    }
  }

  @OnEachAccelerator
  void manyRegions(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      Map<Long, Region> regions = new HashMap<>();
      for (int n = 0; n < 30; n++) {
        // Every second page: neighbours that nothing lies between would hide a mistake.
        long base = FAR + n * 0x2000L;
        regions.put(base, memory.addRegion(base, 0x1000, true, "page " + n));
        monitor.write(base + 8 * n, 8, n + 1);
      }
      Random random = new Random(3);
      List<Long> bases = new ArrayList<>(regions.keySet());
      for (int round = 0; round < 40; round++) {
        long base = bases.get(random.nextInt(bases.size()));
        int n = (int) ((base - FAR) / 0x2000);
        Region there = regions.remove(base);
        if (there != null) {
          assertThat(monitor.read(base + 8 * n, 8)).as("page %d", n).isEqualTo(n + 1);
          memory.removeRegion(there);
          assertThat(monitor.read(base + 8 * n, 8)).as("page %d, gone", n).isEqualTo(-1L);
        } else {
          regions.put(base, memory.addRegion(base, 0x1000, true, "page " + n));
          assertThat(monitor.read(base + 8 * n, 8)).as("page %d, new", n).isZero();
          monitor.write(base + 8 * n, 8, n + 1);
        }
      }
      assertThat(monitor.read(FAR + 0x1000, 8)).as("between").isEqualTo(-1L);
    }
  }

  @OnEachAccelerator
  void aRegionChangedByAPortInTheMiddleOfTheRun(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "monitor")) {
      GuestMemory memory = guest.memory;
      Region[] there = new Region[1];
      guest.onSignal(number -> {
        if (number == 1 || number == 3) {
          there[0] = memory.addRegion(FAR, SIZE, true, "of signal " + number);
          returns(memory, FAR + 0x1000, 40 + number);
        } else if (number == 2) {
          memory.removeRegion(there[0]);
        } else {
          memory.removeRegion(there[0]);
          there[0] = memory.addRegion(FAR, SIZE, true, "of signal 4");
          returns(memory, FAR + 0x1000, 44);
        }
      });
      guest.enter(GuestMode.LONG, "around");
      org.wardian.memory.RawMemory.putLong(
          guest.vcpu.state() + org.wardian.x86.StateLayout.GPR + 5 * 8, FAR + 0x1000);
      guest.vcpu.stateChanged();
      guest.runToDone();
      assertThat(guest.result(0)).as("memory of signal 1").isEqualTo(0x1111);
      assertThat(guest.result(8)).as("no memory").isEqualTo(-1L);
      assertThat(guest.result(16)).as("fresh memory").isZero();
      assertThat(guest.result(24)).as("memory of signal 3").isEqualTo(0x3333);
      assertThat(guest.result32(32)).as("code of signal 3").isEqualTo(43);
      assertThat(guest.result32(40)).as("code of signal 4").isEqualTo(44);
    }
  }

  /** MOV EAX, value; RET. */
  private static void returns(GuestMemory memory, long address, int value) {
    byte[] code = {(byte) 0xb8, (byte) value, 0, 0, 0, (byte) 0xc3};
    memory.write(address, code, 0, code.length);
  }

  @OnEachAccelerator
  void memoryAboveFourGigabytes(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      Guest guest = monitor.guest;
      Region high = guest.memory.addRegion(0x1_4000_0000L, SIZE, true, "high");
      // The monitor's tables map 4 GiB: give the entry for 3 GiB to a directory of its own.
      long table = GuestLayout.PAGE_TABLES_END;
      for (int i = 0; i < 512; i++) {
        guest.word(table + 8 * i, 0x1_4000_0000L + ((long) i << 21) | 0xe7);
      }
      guest.word(GuestLayout.PDPT + 8 * 3, table | 7);
      monitor.loadPageTables(GuestLayout.PML4);
      monitor.write(0xc000_0008L, 8, 0x4711);
      assertThat(guest.word(high.base() + 8)).isEqualTo(0x4711);
      assertThat(monitor.read(0xc000_0008L + SIZE, 8)).as("behind").isEqualTo(-1L);
    }
  }
}
