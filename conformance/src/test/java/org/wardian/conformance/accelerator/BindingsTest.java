package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import org.wardian.host.EventFd;
import org.wardian.machine.platform.Platform.Binding;

/** Doorbells that ring without the vCPU's thread, interrupts that come without it. */
@OnEachAccelerator.Suite
class BindingsTest {
  private static Guest ringer(Accelerator accelerator, DeviceRegisters device) {
    Guest guest = Guest.on(accelerator, "monitor");
    guest.platform.mmio().map(GuestLayout.WINDOW, 0x1000, device);
    guest.enter(GuestMode.LONG, "ringer");
    return guest;
  }

  private static List<Access> rounds(Access... once) {
    return java.util.stream.IntStream.range(0, 3)
        .boxed()
        .flatMap(n -> List.of(once).stream())
        .toList();
  }

  @OnEachAccelerator
  void aPortRingsForOneValue(Accelerator accelerator) {
    DeviceRegisters device = new DeviceRegisters(0x1000);
    try (EventFd event = new EventFd();
        Guest guest = ringer(accelerator, device)) {
      try (Binding _ =
          guest.platform.bindDoorbell(event, true, GuestLayout.LATCH, 4, OptionalLong.of(7))) {
        guest.runToDone();
        assertThat(event.poll()).as("rings").isEqualTo(3);
        assertThat(guest.latch.accesses())
            .as("the other value")
            .isEqualTo(rounds(Access.write(0, 4, 8)));
      }
      guest.enter(GuestMode.LONG, "ringer");
      guest.runToDone();
      assertThat(event.poll()).as("rings after its end").isZero();
      assertThat(guest.latch.accesses()).hasSize(9);
    }
  }

  @OnEachAccelerator
  void aPortRingsForEveryValue(Accelerator accelerator) {
    DeviceRegisters device = new DeviceRegisters(0x1000);
    try (EventFd event = new EventFd();
        Guest guest = ringer(accelerator, device);
        Binding _ =
            guest.platform.bindDoorbell(event, true, GuestLayout.LATCH, 4, OptionalLong.empty())) {
      guest.runToDone();
      assertThat(event.poll()).as("rings").isEqualTo(6);
      assertThat(guest.latch.accesses()).isEmpty();
    }
  }

  @OnEachAccelerator
  void aRegisterInMemoryRings(Accelerator accelerator) {
    DeviceRegisters device = new DeviceRegisters(0x1000);
    try (EventFd any = new EventFd();
        EventFd seven = new EventFd();
        Guest guest = ringer(accelerator, device);
        Binding _ =
            guest.platform.bindDoorbell(seven, false, GuestLayout.WINDOW, 4, OptionalLong.of(7));
        Binding _ =
            guest.platform.bindDoorbell(
                any, false, GuestLayout.WINDOW + 0x10, 2, OptionalLong.empty())) {
      guest.runToDone();
      assertThat(seven.poll()).as("rings for 7").isEqualTo(3);
      assertThat(any.poll()).as("rings of the other register").isEqualTo(3);
      assertThat(device.take()).as("the other value").isEqualTo(rounds(Access.write(0, 4, 8)));
    }
  }

  @OnEachAccelerator
  void anEventInterruptsTheGuest(Accelerator accelerator) {
    try (EventFd event = new EventFd();
        Guest guest = Guest.on(accelerator, "halts")) {
      guest.enter(GuestMode.LONG, "halt");
      try (Binding _ = guest.platform.bindInterrupt(event, 0xfee0_0000L, 0x5c)) {
        Guest.Run run = guest.start();
        while (guest.signals().isEmpty() && !run.isOver()) {
          LockSupport.parkNanos(100_000);
        }
        event.signal();
        run.await();
        assertThat(guest.isDone()).isTrue();
        assertThat(guest.vectors()).containsExactly(0x5c);
      }
      event.signal();
      guest.word(GuestLayout.LOG, 0);
      guest.enter(GuestMode.LONG, "halt");
      Guest.Run run = guest.start();
      LockSupport.parkNanos(10_000_000);
      assertThat(guest.eventCount()).as("after its end").isZero();
      guest.message(0x51);
      run.await();
      assertThat(guest.vectors()).containsExactly(0x51);
    }
  }
}
