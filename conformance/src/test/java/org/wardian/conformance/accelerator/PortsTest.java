package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * IN, OUT, INS and OUTS: one call of the bus for each element, in order, of the width asked for.
 */
@OnEachAccelerator.Suite
class PortsTest {
  private static final int UNCHANGED = 0x5a5a5a5a;

  @OnEachAccelerator
  void portsOfEachWidthInRealMode(Accelerator accelerator) {
    widths(accelerator, GuestMode.REAL, "real_ports");
  }

  @OnEachAccelerator
  void portsOfEachWidthInProtectedMode(Accelerator accelerator) {
    widths(accelerator, GuestMode.PROTECTED, "protected_ports");
  }

  @OnEachAccelerator
  void portsOfEachWidthInPagedProtectedMode(Accelerator accelerator) {
    widths(accelerator, GuestMode.PROTECTED_PAGED, "protected_ports");
  }

  @OnEachAccelerator
  void portsOfEachWidthInLongMode(Accelerator accelerator) {
    widths(accelerator, GuestMode.LONG, "long_ports");
  }

  @OnEachAccelerator
  void portsOfEachWidthInUserMode(Accelerator accelerator) {
    widths(accelerator, GuestMode.USER, "long_ports");
  }

  @OnEachAccelerator
  void portsInUserModeByPrivilegeLevelAlone(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "ports")) {
      guest.enter(GuestMode.USER, "long_ports");
      long s = guest.vcpu.state();
      // No bitmap, but IOPL 3.
      RawMemory.putInt(s + StateLayout.segment(StateLayout.TR) + StateLayout.LIMIT, 0x67);
      RawMemory.putLong(s + StateLayout.EFLAGS, 0x3202);
      guest.vcpu.stateChanged();
      guest.runToDone();
      assertThat(guest.latch.accesses()).hasSize(11);
    }
  }

  private static void widths(Accelerator accelerator, GuestMode mode, String entry) {
    try (Guest guest = Guest.on(accelerator, "ports")) {
      guest.enter(mode, entry);
      guest.runToDone();
      List<Access> expected =
          new ArrayList<>(
              List.of(
                  Access.write(0, 1, 0x12),
                  Access.write(2, 2, 0x3456),
                  Access.write(4, 4, 0x789abcdeL),
                  Access.write(9, 2, 0x1357),
                  Access.write(13, 4, 0x2468ace0L),
                  read(0, 0, 1),
                  read(1, 2, 2),
                  read(2, 4, 4),
                  read(3, 9, 2),
                  read(4, 13, 4)));
      if (entry.startsWith("long")) {
        expected.add(read(5, 4, 4));
        assertThat(guest.result(88))
            .as("IN to EAX in 64-bit mode")
            .isEqualTo(PortLatch.answer(5, 4));
      }
      assertThat(guest.latch.accesses()).isEqualTo(expected);
      assertThat(guest.immediate.accesses())
          .isEqualTo(
              List.of(
                  Access.write(0, 1, 0x87),
                  Access.write(2, 2, 0x6587),
                  Access.write(4, 4, 0x21436587),
                  read(0, 0, 1),
                  read(1, 2, 2),
                  read(2, 4, 4)));
      assertThat(guest.result32(0)).isEqualTo(merged(0, 1));
      assertThat(guest.result32(8)).isEqualTo(merged(1, 2));
      assertThat(guest.result32(16)).isEqualTo(merged(2, 4));
      assertThat(guest.result32(24)).isEqualTo(merged(3, 2));
      assertThat(guest.result32(32)).isEqualTo(merged(4, 4));
      assertThat(guest.result32(40)).isEqualTo(merged(0, 1));
      assertThat(guest.result32(48)).isEqualTo(merged(1, 2));
      assertThat(guest.result32(56)).isEqualTo(merged(2, 4));
      assertThat(guest.result32(64)).as("nobody, 1 byte").isEqualTo(0x5a5a5aff);
      assertThat(guest.result32(72)).as("nobody, 2 bytes").isEqualTo(0x5a5affff);
      assertThat(guest.result32(80)).as("nobody, 4 bytes").isEqualTo(-1);
    }
  }

  private static Access read(int n, long offset, int size) {
    return Access.read(offset, size, PortLatch.answer(n, size));
  }

  /** What EAX holds after an IN of {@code size} bytes. */
  private static int merged(int n, int size) {
    long mask = -1L >>> (64 - 8 * size);
    return (int) (UNCHANGED & ~mask | PortLatch.answer(n, size));
  }

  @OnEachAccelerator
  void repeatedPortsInRealMode(Accelerator accelerator) {
    strings(accelerator, GuestMode.REAL, "real_strings");
  }

  @OnEachAccelerator
  void repeatedPortsInProtectedMode(Accelerator accelerator) {
    strings(accelerator, GuestMode.PROTECTED, "protected_strings");
  }

  @OnEachAccelerator
  void repeatedPortsInLongMode(Accelerator accelerator) {
    strings(accelerator, GuestMode.LONG, "long_strings");
  }

  @OnEachAccelerator
  void repeatedPortsInUserMode(Accelerator accelerator) {
    strings(accelerator, GuestMode.USER, "long_strings");
  }

  /**
   * One REP of ports.S: the result's place, whether INS, element size, address, count, direction.
   */
  private record Repeat(int result, boolean in, int size, int address, int count, int step) {}

  private static final int BUFFER = (int) GuestLayout.BUFFER;

  private static final List<Repeat> REPEATS =
      List.of(
          new Repeat(0, false, 1, BUFFER + 0x001, 5, 1),
          new Repeat(8, false, 2, BUFFER + 0x010, 3, 1),
          new Repeat(16, false, 4, BUFFER + 0x021, 3, 1),
          new Repeat(24, false, 4, BUFFER - 0x10, 9, 1),
          new Repeat(32, false, 1, BUFFER, 0, 1),
          new Repeat(40, true, 1, BUFFER + 0x401, 5, 1),
          new Repeat(48, true, 2, BUFFER + 0x410, 3, 1),
          new Repeat(56, true, 4, BUFFER + 0x421, 3, 1),
          new Repeat(64, true, 4, BUFFER - 0x1e, 9, 1),
          new Repeat(72, true, 1, BUFFER + 0x480, 0, 1),
          new Repeat(80, true, 2, BUFFER + 0x800, 600, 1),
          new Repeat(88, false, 1, BUFFER + 0x104, 5, -1),
          new Repeat(96, false, 2, BUFFER + 0x110, 3, -1),
          new Repeat(104, false, 4, BUFFER + 0x021, 12, -1),
          new Repeat(112, true, 1, BUFFER + 0x504, 5, -1),
          new Repeat(120, true, 2, BUFFER + 0x510, 3, -1),
          new Repeat(128, true, 4, BUFFER + 0x521, 3, -1));

  private static final int RANGE = BUFFER - 0x100;
  private static final int RANGE_SIZE = 0x1100;

  private static void strings(Accelerator accelerator, GuestMode mode, String entry) {
    try (Guest guest = Guest.on(accelerator, "ports")) {
      byte[] expected = new byte[RANGE_SIZE];
      new Random(7).nextBytes(expected);
      guest.memory.write(RANGE, expected, 0, RANGE_SIZE);
      guest.enter(mode, entry);
      guest.runToDone();
      List<Access> accesses = new ArrayList<>();
      int reads = 0;
      for (Repeat repeat : REPEATS) {
        for (int i = 0; i < repeat.count; i++) {
          int at = repeat.address - RANGE + i * repeat.step * repeat.size;
          if (repeat.in) {
            long value = PortLatch.answer(reads++, repeat.size);
            accesses.add(Access.read(0, repeat.size, value));
            for (int b = 0; b < repeat.size; b++) {
              expected[at + b] = (byte) (value >>> 8 * b);
            }
          } else {
            long value = 0;
            for (int b = repeat.size - 1; b >= 0; b--) {
              value = value << 8 | expected[at + b] & 0xff;
            }
            accesses.add(Access.write(0, repeat.size, value));
          }
        }
        assertThat(guest.result32(repeat.result))
            .as("address after %s", repeat)
            .isEqualTo(repeat.address + repeat.count * repeat.step * repeat.size);
        assertThat(guest.result32(repeat.result + 4)).as("count after %s", repeat).isZero();
      }
      assertThat(guest.latch.accesses()).isEqualTo(accesses);
      assertThat(bytes(guest.memory)).isEqualTo(expected);
    }
  }

  private static byte[] bytes(GuestMemory memory) {
    byte[] bytes = new byte[RANGE_SIZE];
    memory.read(RANGE, bytes, 0, RANGE_SIZE);
    return bytes;
  }
}
