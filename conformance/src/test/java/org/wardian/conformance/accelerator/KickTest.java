package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.LockSupport;
import org.wardian.processor.Exit;
import org.wardian.x86.StateLayout;

/** A kick ends a run wherever the guest is, and costs it nothing. */
@OnEachAccelerator.Suite
class KickTest {
  private static final int TIMES = 200;

  @OnEachAccelerator
  void whileTheGuestSpins(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "halts")) {
      guest.enter(GuestMode.LONG, "spin");
      long before = 0;
      for (int n = 0; n < TIMES; n++) {
        Guest.Run run = guest.start();
        awaitRounds(guest, run, before + 1);
        guest.vcpu.kick();
        guest.expect(run.await(), Exit.STOPPED);
        long rounds = guest.word(guest.at("rounds"));
        assertThat(rounds).as("rounds after kick %d", n).isGreaterThan(before);
        before = rounds;
      }
    }
  }

  /** Waits until the guest has gone round so often: it is in the middle of its code. */
  private static void awaitRounds(Guest guest, Guest.Run run, long rounds) {
    while (guest.word(guest.at("rounds")) < rounds && !run.isOver()) {
      Thread.onSpinWait();
    }
  }

  @OnEachAccelerator
  void whileTheGuestSpinsInUserMode(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "halts")) {
      guest.enter(GuestMode.USER, "spin");
      for (int n = 0; n < TIMES; n++) {
        Guest.Run run = guest.start();
        if (n == 0) {
          awaitRounds(guest, run, 1);
        } else if (n % 2 == 0) {
          LockSupport.parkNanos(200_000);
        }
        guest.vcpu.kick();
        guest.expect(run.await(), Exit.STOPPED);
      }
      assertThat(guest.word(guest.at("rounds"))).isPositive();
    }
  }

  @OnEachAccelerator
  void whileTheGuestIsHalted(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "halts")) {
      guest.enter(GuestMode.LONG, "halt");
      for (int n = 0; n < TIMES; n++) {
        Guest.Run run = guest.start();
        while (guest.signals().isEmpty() && !run.isOver()) {
          LockSupport.parkNanos(100_000);
        }
        if (n % 10 == 0) {
          LockSupport.parkNanos(2_000_000);
        }
        guest.vcpu.kick();
        guest.expect(run.await(), Exit.STOPPED);
      }
      assertThat(guest.signals()).as("it did not go on").containsExactly(1);
      assertThat(guest.state(StateLayout.RIP)).isEqualTo(guest.at("halt_after"));
      guest.message(0x51);
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x51);
    }
  }

  @OnEachAccelerator
  void beforeTheRun(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "halts")) {
      guest.enter(GuestMode.LONG, "spin");
      for (int n = 0; n < TIMES; n++) {
        guest.vcpu.kick();
        guest.expect(guest.run(), Exit.STOPPED);
      }
      Guest.Run run = guest.start();
      awaitRounds(guest, run, 3);
      assertThat(run.isOver()).as("one kick ends one run").isFalse();
      guest.vcpu.kick();
      guest.expect(run.await(), Exit.STOPPED);
    }
  }

  @OnEachAccelerator
  void whoeverRunsIt(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "halts")) {
      guest.enter(GuestMode.LONG, "spin");
      long before = 0;
      for (int n = 0; n < 20; n++) {
        Guest.Run run = guest.start(task -> Thread.ofPlatform().daemon().start(task));
        awaitRounds(guest, run, before + 1);
        guest.vcpu.kick();
        guest.expect(run.await(), Exit.STOPPED);
        before = guest.word(guest.at("rounds"));
      }
    }
  }

  @OnEachAccelerator
  void byAPortsHandler(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "ports")) {
      guest.onSignal(number -> guest.vcpu.kick());
      guest.enter(GuestMode.LONG, "order");
      guest.expect(guest.run(), Exit.STOPPED);
      assertThat(guest.signals()).containsExactly(1);
      // The instruction is complete: what it did is in the state, and it is not done again.
      guest.word(0x20_0000, 0x1234);
      guest.expect(guest.run(), Exit.STOPPED);
      assertThat(guest.signals()).containsExactly(1, 2);
      guest.runToDone();
      assertThat(guest.signals()).containsExactly(1, 2);
      assertThat(guest.result(0)).isZero();
      assertThat(guest.result(8)).isEqualTo(0x1234);
      assertThat(guest.result(16)).isEqualTo(0x77);
    }
  }
}
