package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.x86.StateLayout;

/**
 * Power-on state, and a machine that runs again after a reset. Source: Intel SDM vol. 3 table 10-1.
 */
@OnEachAccelerator.Suite
class ResetTest {
  private static final long RESET_PAGE = 0xffff_f000L;

  /** Fields of the power-on state that a program can tell, by name. */
  private static Map<String, Long> state(Guest guest) {
    long s = guest.vcpu.state();
    Map<String, Long> state = new TreeMap<>();
    for (int r = 0; r < 16; r++) {
      state.put("general register " + r, RawMemory.getLong(s + StateLayout.GPR + 8 * r));
    }
    state.put("rip", RawMemory.getLong(s + StateLayout.RIP));
    state.put("rflags", RawMemory.getLong(s + StateLayout.EFLAGS));
    state.put("cr0", RawMemory.getLong(s + StateLayout.CR0));
    state.put("cr2", RawMemory.getLong(s + StateLayout.CR2));
    state.put("cr3", RawMemory.getLong(s + StateLayout.CR3));
    state.put("cr4", RawMemory.getLong(s + StateLayout.CR4));
    state.put("efer", RawMemory.getLong(s + StateLayout.EFER));
    state.put("dr6", RawMemory.getLong(s + StateLayout.DR6));
    state.put("dr7", RawMemory.getLong(s + StateLayout.DR7));
    state.put("pat", RawMemory.getLong(s + StateLayout.PAT));
    state.put("xcr0", RawMemory.getLong(s + StateLayout.XCR0));
    state.put("fcw", (long) RawMemory.getShort(s + StateLayout.FCW));
    state.put("fsw", (long) RawMemory.getShort(s + StateLayout.FSW));
    state.put("mxcsr", (long) RawMemory.getInt(s + StateLayout.MXCSR));
    state.put("activity", (long) RawMemory.getInt(s + StateLayout.ACTIVITY));
    state.put("event", RawMemory.getLong(s + StateLayout.EVENT));
    state.put("gdt", RawMemory.getLong(s + StateLayout.GDTR_BASE));
    state.put("gdt limit", RawMemory.getInt(s + StateLayout.GDTR_LIMIT) & 0xffffL);
    state.put("idt", RawMemory.getLong(s + StateLayout.IDTR_BASE));
    state.put("idt limit", RawMemory.getInt(s + StateLayout.IDTR_LIMIT) & 0xffffL);
    for (int segment = 0; segment < StateLayout.NO_SEGMENT; segment++) {
      long at = s + StateLayout.segment(segment);
      state.put("selector " + segment, RawMemory.getShort(at + StateLayout.SELECTOR) & 0xffffL);
      state.put("base " + segment, RawMemory.getLong(at + StateLayout.BASE));
      state.put("limit " + segment, RawMemory.getInt(at + StateLayout.LIMIT) & 0xffff_ffffL);
      state.put("rights " + segment, RawMemory.getInt(at + StateLayout.ATTRIBUTES) & 0x1f0ffL);
    }
    return state;
  }

  private static void expect(Map<String, Long> state, Map<String, Long> expected) {
    Map<String, String> differences = new TreeMap<>();
    expected.forEach((name, value) -> {
      if (!value.equals(state.get(name))) {
        differences.put(name, "%#x, expected %#x".formatted(state.get(name), value));
      }
    });
    assertThat(differences).as("differences").isEmpty();
  }

  @OnEachAccelerator
  void thePowerOnStateIsTheSameEverywhere(Accelerator accelerator) {
    try (Guest reference = Guest.on(Accelerator.SOFTWARE, "halts");
        Guest guest = Guest.on(accelerator, "halts")) {
      Map<String, Long> state = state(guest);
      Map<String, Long> expected = state(reference);
      // EDX holds family, model and stepping, which on KVM may be the host's.
      String signature = "general register 2";
      expected.remove(signature);
      expect(state, expected);
      try (Monitor monitor = Monitor.on(accelerator)) {
        assertThat(state.get(signature)).isEqualTo(monitor.cpuid(1, 0)[0] & 0xffff_ffffL);
      }
      assertThat(state)
          .containsEntry("rip", 0xfff0L)
          .containsEntry("base 1", 0xffff_0000L)
          .containsEntry("selector 1", 0xf000L)
          .containsEntry("cr0", 0x6000_0010L)
          .containsEntry("rflags", 2L);
    }
  }

  @OnEachAccelerator
  void afterARunTheStateIsThatOfPowerOn(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "floats")) {
      Map<String, Long> before = state(guest);
      guest.enter(GuestMode.USER, "taken");
      guest.runToDone();
      guest.platform.reset();
      guest.vcpu.reset();
      expect(state(guest), before);
    }
  }

  /** At the reset vector: a jump to code that stands low. */
  private static void jumpAtReset(Guest guest, String label) {
    int target = (int) guest.at(label);
    byte[] jump = {(byte) 0xea, (byte) target, (byte) (target >> 8), 0, 0};
    GuestMemory memory = guest.memory;
    if (memory.region(RESET_PAGE) == null) {
      memory.addRegion(RESET_PAGE, 0x1000, false, "firmware");
    }
    memory.write(RESET_PAGE + 0xff0, jump, 0, jump.length);
  }

  @OnEachAccelerator
  void theFirstInstructionIsAtTheResetVector(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "state")) {
      jumpAtReset(guest, "from_reset");
      guest.runToDone();
      assertThat(guest.result32(0)).isEqualTo(0x600d);
    }
  }

  @OnEachAccelerator
  void aMachineRunsAgainAfterATripleFault(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "exceptions")) {
      guest.enter(GuestMode.LONG, "undefined");
      RawMemory.putInt(guest.vcpu.state() + StateLayout.IDTR_LIMIT, 0);
      guest.vcpu.stateChanged();
      guest.expect(guest.run(), Exit.TRIPLE_FAULT);
      guest.platform.pause();
      guest.platform.reset();
      guest.vcpu.reset();
      guest.platform.resume();
      GuestImage.named("state").load(guest.memory);
      byte[] jump = {(byte) 0xea, 0, 0, 0, 0};
      int target = (int) GuestImage.named("state").address("from_reset");
      jump[1] = (byte) target;
      jump[2] = (byte) (target >> 8);
      guest.memory.addRegion(RESET_PAGE, 0x1000, false, "firmware");
      guest.memory.write(RESET_PAGE + 0xff0, jump, 0, jump.length);
      guest.runToDone();
      assertThat(guest.result32(0)).isEqualTo(0x600d);
    }
  }

  @OnEachAccelerator
  void aResetTakesInterruptsAndTimersAway(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "halts")) {
      guest.set("count", 1_000_000);
      guest.set("wanted", 3);
      guest.enter(GuestMode.LONG, "periodic");
      guest.runToDone();
      guest.message(0x51);
      guest.nmi();
      guest.platform.pause();
      guest.platform.reset();
      guest.vcpu.reset();
      guest.platform.resume();
      guest.word(GuestLayout.LOG, 0);
      guest.enter(GuestMode.LONG, "halt");
      Guest.Run run = guest.start();
      while (guest.signals().size() < 2 && !run.isOver()) {
        Thread.onSpinWait();
      }
      java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
      assertThat(guest.eventCount()).as("events after the reset").isZero();
      guest.message(0x52);
      guest.expect(run.await(), Exit.STOPPED);
      assertThat(guest.vectors()).containsExactly(0x52);
    }
  }
}
