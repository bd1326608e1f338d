package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * What a state holds between two instructions: an event whose delivery was begun, a debug trap that
 * is due, the shadow of STI. A guest rarely stops there, but a saved one may have.
 */
@OnEachAccelerator.Suite
class PendingStateTest {
  private static final long VALID = 1L << 31;
  private static final long WITH_ERROR = 1 << 11;
  private static final long STEP = 1 << 14;

  /** The guest at code that waits for one event. */
  private static Guest guest(Accelerator accelerator) {
    Guest guest = Guest.on(accelerator, "interrupts");
    guest.enter(GuestMode.LONG, "user");
    return guest;
  }

  private static void put(Guest guest, int offset, long value) {
    RawMemory.putLong(guest.vcpu.state() + offset, value);
  }

  private static TakenEvent deliver(Guest guest, int kind, int vector, long extra) {
    put(guest, StateLayout.EVENT, VALID | (long) kind << 8 | vector | extra);
    guest.vcpu.stateChanged();
    assertThat(guest.state(StateLayout.EVENT) & 0xff).as("the state has it").isEqualTo(vector);
    guest.runToDone();
    assertThat(guest.vectors()).containsExactly(vector);
    assertThat(guest.state(StateLayout.EVENT)).as("delivered once").isZero();
    TakenEvent event = guest.event(0);
    assertThat(event.rip()).as("RIP").isEqualTo(guest.at("user"));
    return event;
  }

  @OnEachAccelerator
  void anInterruptWhoseDeliveryWasBegun(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      put(guest, StateLayout.EFLAGS, 0x202);
      deliver(guest, StateLayout.EVENT_EXTERNAL, 0x51, 0);
    }
  }

  @OnEachAccelerator
  void anNmiWhoseDeliveryWasBegun(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      RawMemory.putByte(guest.vcpu.state() + StateLayout.NMI_BLOCKED, (byte) 1);
      deliver(guest, StateLayout.EVENT_NMI, 2, 0);
      assertThat(RawMemory.getByte(guest.vcpu.state() + StateLayout.NMI_BLOCKED))
          .as("blocked, after IRET")
          .isZero();
    }
  }

  @OnEachAccelerator
  void anExceptionWhoseDeliveryWasBegun(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      deliver(guest, StateLayout.EVENT_EXCEPTION, 6, 0);
    }
  }

  @OnEachAccelerator
  void aPageFaultWhoseDeliveryWasBegun(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      put(guest, StateLayout.CR2, 0x1234_5678);
      TakenEvent event = deliver(guest, StateLayout.EVENT_EXCEPTION, 14, WITH_ERROR | 7L << 32);
      assertThat(event.error()).isEqualTo(7);
      assertThat(event.cr2()).isEqualTo(0x1234_5678);
    }
  }

  @OnEachAccelerator
  void aDebugTrapThatIsDue(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      put(guest, StateLayout.DUE_TRAPS, STEP);
      guest.vcpu.stateChanged();
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(1);
      assertThat(guest.event(0).rip()).isEqualTo(guest.at("user"));
      assertThat(guest.event(0).dr6() & STEP).isEqualTo(STEP);
    }
  }

  @OnEachAccelerator
  void theShadowOfStiInTheState(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "interrupts")) {
      // First the part that switches the local APIC on.
      guest.onSignal(number -> guest.message(0x51));
      guest.enter(GuestMode.LONG, "accept");
      guest.runToDone();
      guest.set("wanted", 2);
      guest.enter(GuestMode.LONG, "shadow_sti_at");
      put(guest, StateLayout.EFLAGS, 0x202);
      RawMemory.putInt(guest.vcpu.state() + StateLayout.INTERRUPT_SHADOW, 1);
      guest.vcpu.stateChanged();
      guest.message(0x52);
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x51, 0x52);
      long behind = guest.at("shadow_sti_at") + 1;
      assertThat(guest.event(1).rip()).as("not before").isGreaterThanOrEqualTo(behind);
      if (!accelerator.interprets()) {
        // A KVM without a processor of its own opens the window for interrupts late at times.
        assertThat(guest.event(1).rip()).as("not after").isLessThanOrEqualTo(behind);
      }
    }
  }
}
