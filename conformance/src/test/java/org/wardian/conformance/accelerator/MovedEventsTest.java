package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.processor.Exit;
import org.wardian.x86.StateLayout;

/**
 * Halts, interrupts and timers that are under way when a guest is saved on one accelerator and
 * restored on another.
 */
@OnEachAccelerator.Suite
@ExtendWith(KvmDeviations.Judge.class)
class MovedEventsTest {
  @ParameterizedTest(name = "a halted guest from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void whileHalted(Accelerator from, Accelerator to) {
    to.require();
    Guest guest = Guest.on(from, "halts");
    try {
      guest.enter(GuestMode.LONG, "halt");
      stopAt(guest, 1);
      guest = guest.moveTo(to);
      assertThat(guest.state(StateLayout.RIP)).isEqualTo(guest.at("halt_after"));
      Guest.Run run = guest.start();
      LockSupport.parkNanos(5_000_000);
      guest.vcpu.kick();
      guest.expect(run.await(), Exit.STOPPED);
      assertThat(guest.signals()).as("still halted").isEmpty();
      guest.message(0x51);
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x51);
      assertThat(guest.event(0).rip()).isEqualTo(guest.at("halt_after"));
    } finally {
      guest.close();
    }
  }

  /** Runs until the guest has told {@code signal}, and a little longer. */
  private static void stopAt(Guest guest, int signal) {
    Guest.Run run = guest.start();
    while (!guest.signals().contains(signal) && !run.isOver()) {
      Thread.onSpinWait();
    }
    LockSupport.parkNanos(10_000_000);
    guest.vcpu.kick();
    guest.expect(run.await(), Exit.STOPPED);
  }

  @ParameterizedTest(name = "a halted guest whose timer runs from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void whileHaltedWithATimer(Accelerator from, Accelerator to) {
    to.require();
    Guest guest = Guest.on(from, "halts");
    try {
      guest.set("count", 40_000_000);
      guest.set("wanted", 3);
      guest.enter(GuestMode.LONG, "periodic");
      stopAt(guest, 1);
      guest = guest.moveTo(to);
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x71, 0x71, 0x71);
    } finally {
      guest.close();
    }
  }

  @ParameterizedTest(name = "an NMI that waits from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void withAnNmiThatWaits(Accelerator from, Accelerator to) {
    to.require();
    Guest guest = Guest.on(from, "interrupts");
    try {
      guest.enter(GuestMode.LONG, "spin_off");
      stopAt(guest, 1);
      guest.nmi();
      guest = guest.moveTo(to);
      assertThat(guest.eventCount()).isZero();
      guest.set("release", 1);
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(2);
    } finally {
      guest.close();
    }
  }

  @ParameterizedTest(name = "a second NMI in the handler of the first from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void inTheHandlerOfAnNmi(Accelerator from, Accelerator to) {
    to.require();
    Guest guest = Guest.on(from, "halts");
    try {
      guest.enter(GuestMode.LONG, "masked");
      guest.set("wanted", 2);
      Guest source = guest;
      guest.onSignal(number -> {
        if (number == 1) {
          source.nmi();
        }
      });
      guest.onService(vector -> {
        source.nmi();
        source.vcpu.kick();
      });
      guest.expect(guest.run(), Exit.STOPPED);
      guest.onService(vector -> {});
      guest = guest.moveTo(to);
      assertThat(guest.eventCount()).isEqualTo(1);
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(2, 2);
      assertThat(guest.event(1).depth()).as("after IRET").isEqualTo(1);
    } finally {
      guest.close();
    }
  }

  @ParameterizedTest(name = "interrupts that wait for IF from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void withInterruptsThatWait(Accelerator from, Accelerator to) {
    to.require();
    Guest guest = Guest.on(from, "interrupts");
    try {
      guest.enter(GuestMode.LONG, "spin_off");
      guest.set("wanted", 3);
      stopAt(guest, 1);
      guest.message(0x51);
      guest.message(0x81 - 0x10);
      guest.message(0x41);
      guest = guest.moveTo(to);
      Guest.Run run = guest.start();
      LockSupport.parkNanos(3_000_000);
      assertThat(guest.eventCount()).as("with IF = 0").isZero();
      guest.set("release", 1);
      guest.expect(run.await(), Exit.STOPPED);
      assertThat(guest.isDone()).isTrue();
      assertThat(guest.vectors()).containsExactly(0x71, 0x51, 0x41);
    } finally {
      guest.close();
    }
  }

  @ParameterizedTest(name = "in the handler of an interrupt from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void inTheHandlerOfAnInterrupt(Accelerator from, Accelerator to) {
    to.require();
    Guest guest = Guest.on(from, "interrupts");
    try {
      guest.enter(GuestMode.LONG, "accept");
      guest.set("wanted", 2);
      Guest source = guest;
      guest.onSignal(number -> source.message(0x61));
      guest.onService(vector -> {
        source.message(0x51);
        source.vcpu.kick();
      });
      guest.expect(guest.run(), Exit.STOPPED);
      guest.onService(vector -> {});
      guest = guest.moveTo(to);
      assertThat(guest.eventCount()).isEqualTo(1);
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x61, 0x51);
    } finally {
      guest.close();
    }
  }

  @ParameterizedTest(name = "a level-triggered pin in service from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void withALevelInService(Accelerator from, Accelerator to) {
    to.require();
    Guest guest = Guest.on(from, "interrupts");
    try {
      guest.enter(GuestMode.LONG, "pin_accept");
      guest.set("pin", 9);
      guest.set("entry_low", 0x8069);
      guest.set("wanted", 2);
      GuestLayout.gate64(guest.memory, 0x69, guest.at("pin_handler"), 0x8e, 0);
      Guest source = guest;
      guest.onSignal(number -> {
        if (number == 1) {
          source.platform.line(9).set(true);
        }
      });
      guest.onService(vector -> source.vcpu.kick());
      guest.expect(guest.run(), Exit.STOPPED);
      assertThat(guest.result32(16)).as("in service").isEqualTo(1 << 9);
      guest.onSignal(number -> {});
      guest = guest.moveTo(to);
      Guest moved = guest;
      guest.onService(vector -> {
        if (moved.eventCount() == 2) {
          moved.platform.line(9).set(false);
        }
      });
      // The line is still up there: the end of the first brings the second.
      guest.platform.line(9).set(true);
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x69, 0x69);
    } finally {
      guest.close();
    }
  }

  @ParameterizedTest(name = "a tick of the PIT from {0} to {1}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void withAPitThatTicks(Accelerator from, Accelerator to) {
    to.require();
    Guest guest = Guest.on(from, "halts");
    try {
      guest.set("count", 0x4000);
      guest.set("wanted", 4);
      guest.enter(GuestMode.LONG, "pit_pic");
      stopAt(guest, 1);
      guest = guest.moveTo(to);
      guest.runToDone();
      assertThat(guest.vectors()).hasSizeGreaterThanOrEqualTo(4).containsOnly(0x20);
    } finally {
      guest.close();
    }
  }

  @ParameterizedTest(name = "the saved bytes say the same on {1} as on {0}")
  @MethodSource("org.wardian.conformance.accelerator.Accelerator#pairs")
  void saysTheSame(Accelerator from, Accelerator to) {
    to.require();
    Guest guest = Guest.on(from, "interrupts");
    try {
      guest.enter(GuestMode.LONG, "spin_off");
      stopAt(guest, 1);
      guest.message(0x51);
      byte[] before = SavedVcpu.block(guest.save());
      guest = guest.moveTo(to);
      byte[] after = SavedVcpu.block(guest.save());
      assertThat(SavedVcpu.differences(before, after)).as("differences").isEmpty();
    } finally {
      guest.close();
    }
  }
}
