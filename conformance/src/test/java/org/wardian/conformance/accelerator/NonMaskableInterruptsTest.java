package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Non-maskable interrupts: taken whatever IF says, one at a time. Source: Intel SDM vol. 3 §6.7.
 */
@OnEachAccelerator.Suite
class NonMaskableInterruptsTest {
  @OnEachAccelerator
  void aNonMaskableInterruptNeedsNoFlag(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "halts")) {
      guest.enter(GuestMode.LONG, "masked");
      guest.onSignal(number -> {
        if (number == 1) {
          guest.nmi();
        }
      });
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(2);
      assertThat(guest.event(0).flags() & 0x200).as("IF").isZero();
    }
  }

  @OnEachAccelerator
  void aSecondNonMaskableInterruptWaitsForIret(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "halts")) {
      guest.enter(GuestMode.LONG, "masked");
      guest.set("wanted", 3);
      guest.onSignal(number -> {
        if (number == 1) {
          guest.nmi();
        }
      });
      guest.onService(vector -> {
        if (guest.eventCount() < 3) {
          guest.nmi();
        }
      });
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(2, 2, 2);
      for (int n = 0; n < 3; n++) {
        assertThat(guest.event(n).depth()).as("handlers at work").isEqualTo(1);
      }
    }
  }

  @OnEachAccelerator
  void aNonMaskableInterruptComesBeforeAnInterrupt(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "interrupts")) {
      guest.enter(GuestMode.LONG, "hold");
      guest.set("wanted", 2);
      guest.onSignal(number -> {
        if (number == 1) {
          guest.message(0x51);
        } else {
          guest.nmi();
        }
      });
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(2, 0x51);
    }
  }

  @OnEachAccelerator
  void whileOneIsBeingServicedTheStateSaysSo(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "halts")) {
      guest.enter(GuestMode.LONG, "masked");
      guest.onSignal(number -> {
        if (number == 1) {
          guest.nmi();
        }
      });
      guest.onService(vector -> guest.vcpu.kick());
      guest.run();
      long s = guest.vcpu.state();
      assertThat(RawMemory.getByte(s + StateLayout.NMI_BLOCKED)).as("blocked").isNotZero();
      guest.onService(vector -> {});
      guest.runToDone();
      s = guest.vcpu.state();
      assertThat(RawMemory.getByte(s + StateLayout.NMI_BLOCKED)).as("blocked").isZero();
    }
  }
}
