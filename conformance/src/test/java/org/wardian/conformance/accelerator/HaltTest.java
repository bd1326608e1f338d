package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.LockSupport;
import org.opentest4j.TestAbortedException;
import org.wardian.processor.Exit;
import org.wardian.x86.Feature;
import org.wardian.x86.StateLayout;

/** HLT: what ends it, and what does not. */
@OnEachAccelerator.Suite
class HaltTest {
  private static Guest guest(Accelerator accelerator, String entry) {
    Guest guest = Guest.on(accelerator, "halts");
    guest.enter(GuestMode.LONG, entry);
    return guest;
  }

  /** Waits until the guest has told that it is about to halt, and then some. */
  private static void awaitHalt(Guest guest, Guest.Run run) {
    while (guest.signals().isEmpty() && !run.isOver()) {
      LockSupport.parkNanos(100_000);
    }
    LockSupport.parkNanos(20_000_000);
  }

  @OnEachAccelerator
  void anInterruptEndsIt(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "halt")) {
      Guest.Run run = guest.start();
      awaitHalt(guest, run);
      assertThat(guest.signals()).as("it waits").containsExactly(1);
      guest.message(0x51);
      guest.expect(run.await(), Exit.STOPPED);
      assertThat(guest.isDone()).isTrue();
      assertThat(guest.vectors()).containsExactly(0x51);
      assertThat(guest.event(0).rip()).as("behind HLT").isEqualTo(guest.at("halt_after"));
    }
  }

  @OnEachAccelerator
  void anInterruptThatWaitsAlreadyEndsIt(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "halt")) {
      guest.onSignal(number -> {
        if (number == 1) {
          guest.message(0x51);
        }
      });
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x51);
      assertThat(guest.event(0).rip()).as("behind HLT").isEqualTo(guest.at("halt_after"));
    }
  }

  @OnEachAccelerator
  void aNonMaskableInterruptEndsIt(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "halt")) {
      Guest.Run run = guest.start();
      awaitHalt(guest, run);
      guest.nmi();
      guest.expect(run.await(), Exit.STOPPED);
      assertThat(guest.isDone()).isTrue();
      assertThat(guest.vectors()).containsExactly(2);
      assertThat(guest.event(0).rip()).isEqualTo(guest.at("halt_after"));
    }
  }

  private static void ticks(
      Accelerator accelerator, String entry, int count, int ticks, int vector) {
    try (Guest guest = guest(accelerator, entry)) {
      guest.set("count", count);
      guest.set("wanted", ticks);
      guest.runToDone();
      // A timer that goes on may tick once more before the guest is stopped.
      assertThat(guest.vectors()).hasSizeGreaterThanOrEqualTo(ticks).containsOnly(vector);
      assertThat(ticks > 1 || guest.vectors().size() == 1).as("one shot only").isTrue();
    }
  }

  @OnEachAccelerator
  void theTimerOfTheLocalApicEndsItOnce(Accelerator accelerator) {
    ticks(accelerator, "one_shot", 2_000_000, 1, 0x70);
  }

  @OnEachAccelerator
  void theTimerOfTheLocalApicEndsItAgainAndAgain(Accelerator accelerator) {
    ticks(accelerator, "periodic", 2_000_000, 8, 0x71);
  }

  @OnEachAccelerator
  void theDeadlineOfTheTimestampCounterEndsIt(Accelerator accelerator) {
    accelerator.require();
    if (!accelerator.model().has(Feature.TSC_DEADLINE)) {
      throw new TestAbortedException(
          "%s, the best model that %s offers, has no deadline timer"
              .formatted(accelerator.model().name(), accelerator));
    }
    ticks(accelerator, "deadline", 3_000_000, 1, 0x72);
  }

  @OnEachAccelerator
  void ticksOfThePitThroughTheIoApicEndIt(Accelerator accelerator) {
    ticks(accelerator, "pit_pin", 0x1000, 5, 0x60);
  }

  @OnEachAccelerator
  void ticksOfThePitThroughThePicEndIt(Accelerator accelerator) {
    ticks(accelerator, "pit_pic", 0x1000, 5, 0x20);
  }

  @OnEachAccelerator
  void withInterruptsOffItIsForTheMachineToDecide(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "halt_off")) {
      guest.expect(guest.run(), Exit.HALTED);
      assertThat(guest.signals()).containsExactly(1);
      guest.expect(guest.run(), Exit.HALTED);
      assertThat(guest.state(StateLayout.RIP)).isEqualTo(guest.at("halt_off_after"));
      // An interrupt is nothing to it.
      guest.message(0x51);
      guest.expect(guest.run(), Exit.HALTED);
      guest.nmi();
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(2);
      assertThat(guest.signals()).containsExactly(1, 2);
    }
  }

  @OnEachAccelerator
  void withInterruptsOffAWaitingNonMaskableInterruptEndsIt(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "halt_off")) {
      guest.onSignal(number -> {
        if (number == 1) {
          LockSupport.parkNanos(1_000_000);
          guest.vcpu.kick();
        }
      });
      guest.expect(guest.run(), Exit.STOPPED);
      guest.nmi();
      Exit exit = guest.run();
      // The NMI may come before the HLT, which then is for the machine to decide.
      if (exit == Exit.HALTED) {
        guest.nmi();
        exit = guest.run();
      }
      guest.expect(exit, Exit.STOPPED);
      assertThat(guest.isDone()).isTrue();
      assertThat(guest.vectors()).containsOnly(2);
    }
  }
}
