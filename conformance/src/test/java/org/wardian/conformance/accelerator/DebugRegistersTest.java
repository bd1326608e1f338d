package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Breakpoints, watchpoints and single steps of the guest itself. Source: Intel SDM vol. 3 §18.2,
 * §18.3.
 */
@OnEachAccelerator.Suite
class DebugRegistersTest {
  private static final long STEP = 1 << 14;
  private static final long ACCESS = 1 << 13;
  private static final long CAUSES = 0xe00f;

  private static Guest run(Accelerator accelerator, String entry) {
    Guest guest = Guest.on(accelerator, "debug");
    try {
      guest.enter(GuestMode.LONG, entry);
      guest.runToDone();
      return guest;
    } catch (RuntimeException | Error e) {
      guest.close();
      throw e;
    }
  }

  private static void expect(Guest guest, int event, String rip, long cause) {
    TakenEvent taken = guest.event(event);
    assertThat(taken.vector()).isEqualTo(1);
    assertThat(taken.rip()).as("RIP of trap %d", event).isEqualTo(guest.at(rip));
    assertThat(taken.dr6() & CAUSES).as("DR6 of trap %d", event).isEqualTo(cause);
  }

  @OnEachAccelerator
  void aBreakpointComesBeforeTheInstruction(Accelerator accelerator) {
    try (Guest guest = run(accelerator, "break")) {
      expect(guest, 0, "break_at", 1);
      assertThat(guest.vectors()).containsExactly(1);
    }
  }

  @OnEachAccelerator
  void aWatchpointOfWritesComesBehindTheInstruction(Accelerator accelerator) {
    try (Guest guest = run(accelerator, "watch_write")) {
      expect(guest, 0, "watch_write_next", 2);
      assertThat(guest.vectors()).containsExactly(1);
      assertThat(guest.word(GuestLayout.BUFFER + 8) & 0xff0000).as("written").isEqualTo(0x90000);
    }
  }

  @OnEachAccelerator
  void aWatchpointOfReadsComesBehindTheInstruction(Accelerator accelerator) {
    try (Guest guest = run(accelerator, "watch_read")) {
      expect(guest, 0, "watch_read_next", 4);
      assertThat(guest.vectors()).containsExactly(1);
    }
  }

  @OnEachAccelerator
  void theTrapFlagStepsInstructionByInstruction(Accelerator accelerator) {
    try (Guest guest = run(accelerator, "step")) {
      assertThat(guest.eventCount()).isEqualTo(5);
      for (int n = 0; n < 5; n++) {
        expect(guest, n, "step_" + (n + 1), STEP);
      }
    }
  }

  @OnEachAccelerator
  void anAccessToAGuardedDebugRegisterIsAFault(Accelerator accelerator) {
    try (Guest guest = run(accelerator, "guard")) {
      expect(guest, 0, "guard_at", ACCESS);
      assertThat(guest.result(0) & 0x2000).as("DR7.GD is off in the handler").isZero();
    }
  }

  /** Arms debug register 0 from outside; the state says so. */
  private static void arm(Guest guest, String entry, long address, long control) {
    guest.enter(GuestMode.USER, entry);
    long s = guest.vcpu.state();
    RawMemory.putLong(s + StateLayout.DR, address);
    RawMemory.putLong(s + StateLayout.DR7, control);
    guest.vcpu.stateChanged();
    assertThat(guest.state(StateLayout.DR)).isEqualTo(address);
    assertThat(guest.state(StateLayout.DR7)).isEqualTo(control);
  }

  @OnEachAccelerator
  void aBreakpointInUserMode(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "debug")) {
      guest.onService(vector -> guest.word(guest.at("resume"), guest.at("user_break_at") + 1));
      arm(guest, "user_break", guest.at("user_break_at"), 0x402);
      guest.runToDone();
      expect(guest, 0, "user_break_at", 1);
      assertThat(guest.event(0).cs()).isEqualTo(GuestLayout.USER_CODE);
      assertThat(guest.vectors()).containsExactly(1);
    }
  }

  @OnEachAccelerator
  void aWatchpointInUserMode(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "debug")) {
      arm(guest, "user_watch", GuestLayout.BUFFER + 8, 0xd0402);
      guest.runToDone();
      expect(guest, 0, "user_watch_next", 1);
      assertThat(guest.vectors()).containsExactly(1);
    }
  }

  @OnEachAccelerator
  void theTrapFlagInUserMode(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "debug")) {
      guest.enter(GuestMode.USER, "user_step");
      int[] steps = new int[1];
      // The handler goes on with the flag as saved: it ends where the guest is done and kicks.
      guest.onService(vector -> {
        steps[0]++;
      });
      guest.run();
      assertThat(guest.isDone()).isTrue();
      expect(guest, 0, "user_step_1", STEP);
      expect(guest, 1, "user_step_2", STEP);
      assertThat(steps[0]).as("traps").isGreaterThan(2);
    }
  }
}
