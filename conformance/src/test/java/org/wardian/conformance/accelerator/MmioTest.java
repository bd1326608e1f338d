package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Accesses to registers in memory: what the bus is asked, what the guest gets, in which order. */
@OnEachAccelerator.Suite
class MmioTest {
  private static final long PATTERN = 0x8877665544332211L;
  private static final int WINDOW_SIZE = 0x1000;

  private final DeviceRegisters device = new DeviceRegisters(WINDOW_SIZE);

  private Guest guest(Accelerator accelerator) {
    Guest guest = Guest.on(accelerator, "mmio");
    guest.platform.mmio().map(GuestLayout.WINDOW, WINDOW_SIZE, device);
    return guest;
  }

  @OnEachAccelerator
  void widthsInLongMode(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      guest.enter(GuestMode.LONG, "long_widths");
      guest.runToDone();
      assertThat(device.take())
          .isEqualTo(
              List.of(
                  Access.write(0, 1, 0x11),
                  Access.write(2, 2, 0x2211),
                  Access.write(4, 4, 0x44332211),
                  Access.write(8, 1, 0x99),
                  Access.write(10, 2, 0xaabb),
                  Access.write(12, 4, 0xccddeeffL),
                  Access.write(16, 8, PATTERN),
                  Access.write(24, 8, -2),
                  Access.read(0, 1, 0x11),
                  Access.read(2, 2, 0x2211),
                  Access.read(4, 4, 0x44332211),
                  Access.read(8, 1, 0x99),
                  Access.read(8, 1, 0x99),
                  Access.read(10, 2, 0xaabb),
                  Access.read(10, 2, 0xaabb),
                  Access.read(16, 8, PATTERN),
                  Access.read(4, 4, 0x44332211),
                  Access.read(12, 4, 0xccddeeffL)));
      expectNarrowResults(guest);
      assertThat(guest.result(56)).isEqualTo(PATTERN);
      assertThat(guest.result(64)).isEqualTo(0x44332211);
      assertThat(guest.result(72)).isEqualTo(0xffff_ffff_ccdd_eeffL);
    }
  }

  @OnEachAccelerator
  void widthsInProtectedMode(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      guest.enter(GuestMode.PROTECTED, "protected_widths");
      guest.runToDone();
      expectNarrowResults(guest);
    }
  }

  @OnEachAccelerator
  void widthsInPagedProtectedMode(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      guest.enter(GuestMode.PROTECTED_PAGED, "protected_widths");
      guest.runToDone();
      expectNarrowResults(guest);
    }
  }

  private static void expectNarrowResults(Guest guest) {
    assertThat(guest.result32(0)).isEqualTo(0x5a5a5a11);
    assertThat(guest.result32(8)).isEqualTo(0x5a5a2211);
    assertThat(guest.result32(16)).isEqualTo(0x44332211);
    assertThat(guest.result32(24)).isEqualTo(0x99);
    assertThat(guest.result32(32)).isEqualTo(0xffffff99);
    assertThat(guest.result32(40)).isEqualTo(0xaabb);
    assertThat(guest.result32(48)).isEqualTo(0xffffaabb);
  }

  /** Whatever pieces an access is cut into, each byte is asked for once, in ascending order. */
  private static void expectBytes(
      List<Access> accesses, boolean write, long offset, int size, long value) {
    Map<Long, Integer> seen = new TreeMap<>();
    for (Access access : accesses) {
      assertThat(access.write()).as("%s", access).isEqualTo(write);
      for (int i = 0; i < access.size(); i++) {
        Integer before = seen.put(access.offset() + i, (int) (access.value() >>> 8 * i) & 0xff);
        assertThat(before).as("byte %d of %s was asked for before", i, access).isNull();
      }
    }
    Map<Long, Integer> expected = new TreeMap<>();
    for (int i = 0; i < size; i++) {
      expected.put(offset + i, (int) (value >>> 8 * i) & 0xff);
    }
    assertThat(seen).isEqualTo(expected);
  }

  @OnEachAccelerator
  void unalignedAccesses(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      guest.enter(GuestMode.LONG, "unaligned");
      guest.runToDone();
      List<Access> accesses = device.take();
      expectBytes(within(accesses, true, 0x21, 0x23), true, 0x21, 2, 0x2211);
      expectBytes(within(accesses, true, 0x25, 0x29), true, 0x25, 4, 0x44332211);
      expectBytes(within(accesses, true, 0x33, 0x3b), true, 0x33, 8, PATTERN);
      expectBytes(within(accesses, false, 0x21, 0x23), false, 0x21, 2, 0x2211);
      expectBytes(within(accesses, false, 0x25, 0x29), false, 0x25, 4, 0x44332211);
      expectBytes(within(accesses, false, 0x33, 0x3b), false, 0x33, 8, PATTERN);
      assertThat(guest.result32(0)).isEqualTo(0x2211);
      assertThat(guest.result32(8)).isEqualTo(0x44332211);
      assertThat(guest.result(16)).isEqualTo(PATTERN);
    }
  }

  private static List<Access> within(List<Access> all, boolean write, long from, long to) {
    List<Access> some = new ArrayList<>();
    for (Access access : all) {
      if (access.write() == write && access.offset() >= from && access.offset() < to) {
        some.add(access);
      }
    }
    return some;
  }

  @OnEachAccelerator
  void accessesFromMemoryIntoTheWindowBehindIt(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      DeviceRegisters behind = new DeviceRegisters(16);
      guest.platform.mmio().map(GuestLayout.EDGE, 16, behind);
      guest.enter(GuestMode.LONG, "from_ram");
      guest.runToDone();
      assertThat(guest.result(0)).isEqualTo(PATTERN);
      assertThat(guest.result32(8)).isEqualTo(0x4433);
      assertThat(guest.result32(16)).isEqualTo(0x55443322 + 0x01010101);
      assertThat(behind.value(0, 8)).isEqualTo(0x0706058877665645L);
      assertThat(guest.word(GuestLayout.EDGE - 8) >>> 40).isEqualTo(0x342311L);
      List<Access> accesses = behind.take();
      expectBytes(accesses.subList(0, split(accesses, true)), true, 0, 5, PATTERN >>> 24);
    }
  }

  /** How many accesses at the beginning write, or read. */
  private static int split(List<Access> accesses, boolean write) {
    int n = 0;
    while (n < accesses.size() && accesses.get(n).write() == write) {
      n++;
    }
    return n;
  }

  @OnEachAccelerator
  void accessesBetweenTwoWindows(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      DeviceRegisters second = new DeviceRegisters(0x810);
      DeviceRegisters third = new DeviceRegisters(0x10);
      guest.platform.mmio().map(GuestLayout.WINDOW + 0x1000, 0x810, second);
      guest.platform.mmio().map(GuestLayout.WINDOW + 0x1810, 0x10, third);
      guest.enter(GuestMode.LONG, "between");
      guest.runToDone();
      assertThat(guest.result(0)).isEqualTo(PATTERN);
      assertThat(guest.result32(8)).isEqualTo(0x12345678);
      assertThat(device.value(0xffb, 4) | device.value(0xfff, 1) << 32).isEqualTo(0x5544332211L);
      assertThat(second.value(0, 4)).isEqualTo(0x03887766);
      assertThat(second.value(0x80e, 2)).isEqualTo(0x5678);
      assertThat(third.value(0, 2)).isEqualTo(0x1234);
      List<Access> accesses = device.take();
      int writes = split(accesses, true);
      expectBytes(accesses.subList(0, writes), true, 0xffb, 5, 0x5544332211L);
      expectBytes(accesses.subList(writes, accesses.size()), false, 0xffb, 5, 0x5544332211L);
    }
  }

  @OnEachAccelerator
  void instructionsThatReadAndWrite(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      List<List<Access>> steps = new ArrayList<>();
      guest.onSignal(number -> steps.add(device.take()));
      guest.enter(GuestMode.LONG, "modify");
      guest.runToDone();
      assertThat(steps)
          .containsExactly(
              modified(0x40, 4, 0x43424140, 0x43424145),
              modified(0x44, 1, 0x44, 0x45),
              modified(0x48, 4, 0x4b4a4948, 0x31415926),
              modified(0x50, 8, 0x5756555453525150L, 0x5756555453525170L),
              modified(0x58, 2, 0x5958, 0xa6a7),
              modified(0x5c, 4, 0x5f5e5d5c, 0x5f5e5d5c),
              // CMPXCHG writes back what it found, too.
              modified(0x60, 4, 0x63626160, 0x63626160),
              modified(0x64, 4, 0x67666564, 0x6766656bL),
              modified(0x68, 4, 0x6b6a6968, 0xb6a69680L));
      assertThat(guest.result32(0)).as("exchanged").isEqualTo(0x4b4a4948);
      assertThat(guest.result(8) & 1).as("the bit that was set").isEqualTo(1);
      assertThat(guest.result(16) & 1).as("equal").isZero();
      assertThat(guest.result32(24)).as("added to").isEqualTo(0x67666564);
    }
  }

  private static List<Access> modified(long offset, int size, long before, long after) {
    return List.of(Access.read(offset, size, before), Access.write(offset, size, after));
  }

  @OnEachAccelerator
  void instructionsThatOnlyLook(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      List<List<Access>> steps = new ArrayList<>();
      guest.onSignal(number -> steps.add(device.take()));
      guest.enter(GuestMode.LONG, "look");
      guest.runToDone();
      assertThat(steps)
          .containsExactly(
              List.of(Access.read(0x40, 4, 0x43424140)),
              List.of(Access.read(0x44, 1, 0x44)),
              List.of(Access.read(0x48, 8, 0x4f4e4d4c4b4a4948L)),
              List.of(Access.write(0x50, 8, 0x1234)),
              List.of(Access.read(0x58, 4, 0x5b5a5958)));
      assertThat(guest.result(0) & 1).isZero();
      assertThat(guest.result(8) & 1).isEqualTo(1);
      assertThat(guest.result(16)).isEqualTo(0x4f4e4d4c4b4a4948L);
      assertThat(guest.result32(24)).isEqualTo(3 * 0x5b5a5958);
    }
  }

  @OnEachAccelerator
  void stringInstructions(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      List<List<Access>> steps = new ArrayList<>();
      guest.onSignal(number -> steps.add(device.take()));
      byte[] source = {0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76};
      guest.memory.write(GuestLayout.BUFFER + 0x100, source, 0, source.length);
      guest.enter(GuestMode.LONG, "strings");
      guest.runToDone();
      assertThat(steps.get(0))
          .as("from the device")
          .containsExactly(
              Access.read(0x100, 4, 0x03020100),
              Access.read(0x104, 4, 0x07060504),
              Access.read(0x108, 4, 0x0b0a0908),
              Access.read(0x10c, 4, 0x0f0e0d0c),
              Access.read(0x110, 4, 0x13121110));
      List<Access> bytes = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        bytes.add(Access.write(0x200 + i, 1, 0x70 + i));
      }
      assertThat(steps.get(1)).as("to the device").isEqualTo(bytes);
      assertThat(steps.get(2))
          .as("within the device")
          .containsExactly(
              Access.read(0x100, 2, 0x0100),
              Access.write(0x240, 2, 0x0100),
              Access.read(0x102, 2, 0x0302),
              Access.write(0x242, 2, 0x0302),
              Access.read(0x104, 2, 0x0504),
              Access.write(0x244, 2, 0x0504));
      assertThat(steps.get(3))
          .as("stored")
          .containsExactly(
              Access.write(0x280, 4, 0x0badcafe),
              Access.write(0x284, 4, 0x0badcafe),
              Access.write(0x288, 4, 0x0badcafe));
      assertThat(steps.get(4)).containsExactly(Access.read(0x104, 4, 0x07060504));
      assertThat(guest.result32(0)).isEqualTo(0x07060504);
      assertThat(steps.get(5)).as("compared").hasSize(20);
      assertThat(guest.result(8) & 1).as("equal").isEqualTo(1);
    }
  }

  @OnEachAccelerator
  void sixteenBytesAtOnce(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      guest.enter(GuestMode.LONG, "wide");
      guest.runToDone();
      assertThat(guest.result(0)).isEqualTo(0x0706050403020100L);
      assertThat(guest.result(8)).isEqualTo(0x0f0e0d0c0b0a0908L);
      assertThat(device.value(0x180, 8)).isEqualTo(0x0706050403020100L);
      assertThat(device.value(0x188, 8)).isEqualTo(0x0f0e0d0c0b0a0908L);
      List<Access> accesses = device.take();
      int reads = split(accesses, false);
      expectBytes(
          accesses.subList(0, reads).stream().filter(a -> a.offset() < 0x108).toList(),
          false,
          0x100,
          8,
          0x0706050403020100L);
      expectBytes(
          accesses.subList(reads, accesses.size()).stream()
              .filter(a -> a.offset() >= 0x188)
              .toList(),
          true,
          0x188,
          8,
          0x0f0e0d0c0b0a0908L);
    }
  }

  @OnEachAccelerator
  void addressesThatNobodyClaims(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      guest.enter(GuestMode.LONG, "nobody");
      guest.runToDone();
      assertThat(guest.result32(0)).isEqualTo(0xff);
      assertThat(guest.result32(8)).isEqualTo(0xffff);
      assertThat(guest.result32(16)).isEqualTo(-1);
      assertThat(guest.result(24)).isEqualTo(-1L);
      assertThat(device.take()).isEmpty();
    }
  }
}
