package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import org.wardian.memory.GuestMemory;

/** ROM: read and executed like memory; a write goes to the bus and changes nothing. */
@OnEachAccelerator.Suite
class ReadOnlyMemoryTest {
  private static final long ROM = 0x80_0000;
  private static final byte[] CODE = {(byte) 0xb8, 99, 0, 0, 0, (byte) 0xc3};

  private static Monitor monitor(Accelerator accelerator) {
    Monitor monitor = Monitor.on(accelerator);
    GuestMemory memory = monitor.guest.memory;
    memory.addRegion(ROM, 0x2000, false, "rom");
    memory.write(ROM, CODE, 0, CODE.length);
    GuestLayout.putLong(memory, ROM + 0x100, 0x1122334455667788L);
    return monitor;
  }

  @OnEachAccelerator
  void isReadAndExecuted(Accelerator accelerator) {
    try (Monitor monitor = monitor(accelerator)) {
      assertThat(monitor.read(ROM + 0x100, 8)).isEqualTo(0x1122334455667788L);
      assertThat(monitor.read(ROM + 0x101, 2)).isEqualTo(0x6677);
      assertThat(monitor.call(ROM)).isEqualTo(99);
    }
  }

  @OnEachAccelerator
  void writesChangeNothing(Accelerator accelerator) {
    try (Monitor monitor = monitor(accelerator)) {
      assertThat(monitor.read(ROM + 0x100, 8)).isEqualTo(0x1122334455667788L);
      monitor.write(ROM + 0x100, 1, 0xff);
      monitor.write(ROM + 0x102, 2, 0xffff);
      monitor.write(ROM + 0x104, 4, 0xffff_ffffL);
      monitor.write(ROM + 0x100, 8, -1L);
      monitor.add(ROM + 0x100, 1);
      monitor.fill(ROM + 0x100, 16);
      assertThat(monitor.read(ROM + 0x100, 8)).isEqualTo(0x1122334455667788L);
      assertThat(monitor.guest.word(ROM + 0x100)).isEqualTo(0x1122334455667788L);
      monitor.write(ROM + 1, 1, 7);
      assertThat(monitor.call(ROM)).as("its code").isEqualTo(99);
    }
  }

  @OnEachAccelerator
  void writesGoToTheBus(Accelerator accelerator) {
    try (Monitor monitor = monitor(accelerator)) {
      DeviceRegisters flash = new DeviceRegisters(0x2000);
      monitor.guest.platform.mmio().map(ROM, 0x2000, flash);
      monitor.write(ROM + 0x100, 1, 0x12);
      monitor.write(ROM + 0x1ff8, 8, 0x3456);
      assertThat(monitor.read(ROM + 0x100, 8)).as("still ROM").isEqualTo(0x1122334455667788L);
      assertThat(flash.take())
          .containsExactly(Access.write(0x100, 1, 0x12), Access.write(0x1ff8, 8, 0x3456));
    }
  }

  @OnEachAccelerator
  void writesOfTheHostAreSeen(Accelerator accelerator) {
    try (Monitor monitor = monitor(accelerator)) {
      assertThat(monitor.call(ROM)).isEqualTo(99);
      monitor.guest.memory.write(ROM + 1, new byte[] {100}, 0, 1);
      assertThat(monitor.call(ROM)).as("code that the host rewrote").isEqualTo(100);
    }
  }

  @OnEachAccelerator
  void aWriteAcrossItsEndReachesTheMemoryBehind(Accelerator accelerator) {
    try (Monitor monitor = monitor(accelerator)) {
      monitor.guest.memory.addRegion(ROM + 0x2000, 0x1000, true, "ram behind");
      monitor.write(ROM + 0x1ffc, 8, -1L);
      assertThat(monitor.read(ROM + 0x1ffc, 8)).isEqualTo(0xffff_ffff_0000_0000L);
    }
  }

  @OnEachAccelerator
  void becomesWritableWhenReplaced(Accelerator accelerator) {
    try (Monitor monitor = monitor(accelerator)) {
      GuestMemory memory = monitor.guest.memory;
      monitor.write(ROM + 0x100, 8, -1L);
      memory.removeRegion(memory.region(ROM));
      memory.addRegion(ROM, 0x2000, true, "ram");
      monitor.write(ROM + 0x100, 8, 5);
      assertThat(monitor.read(ROM + 0x100, 8)).isEqualTo(5);
      memory.removeRegion(memory.region(ROM));
      memory.addRegion(ROM, 0x2000, false, "rom again");
      monitor.write(ROM + 0x100, 8, 6);
      assertThat(monitor.read(ROM + 0x100, 8)).isZero();
    }
  }
}
