package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.opentest4j.TestAbortedException;
import org.wardian.x86.Feature;

/** Message-signalled interrupts: which are taken, when, in which order. */
@OnEachAccelerator.Suite
class MessagesTest {
  private static final int LOGICAL_HINT = 1 << 3;
  private static final int LOWEST_PRIORITY = 1 << 8;
  private static final long STATUS = 0x8d5;

  private static Guest guest(Accelerator accelerator, String entry) {
    Guest guest = Guest.on(accelerator, "interrupts");
    guest.enter(GuestMode.LONG, entry);
    return guest;
  }

  @OnEachAccelerator
  void aFixedMessage(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "accept")) {
      guest.onSignal(number -> guest.message(0x51));
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x51);
      TakenEvent event = guest.event(0);
      assertThat(event.cs()).isEqualTo(GuestLayout.KERNEL_CODE);
      assertThat(event.stackPointer()).isEqualTo(GuestLayout.STACK);
      assertThat(event.flags() & ~STATUS).as("flags").isEqualTo(0x202);
    }
  }

  @OnEachAccelerator
  void aMessageOfLowestPriority(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "accept")) {
      guest.onSignal(number -> guest.message(LOGICAL_HINT, LOWEST_PRIORITY | 0x52));
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x52);
    }
  }

  @OnEachAccelerator
  void aMessageForAnotherProcessor(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "accept")) {
      guest.onSignal(number -> {
        guest.message(3 << 12, 0x53);
        guest.message(0x54);
      });
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x54);
    }
  }

  @OnEachAccelerator
  void messagesFromAnotherThread(Accelerator accelerator) throws InterruptedException {
    int count = 40;
    try (Guest guest = guest(accelerator, "accept")) {
      guest.set("wanted", count);
      AtomicInteger taken = new AtomicInteger();
      guest.onService(vector -> taken.incrementAndGet());
      Guest.Run run = guest.start();
      while (guest.signals().isEmpty() && !run.isOver()) {
        Thread.onSpinWait();
      }
      for (int n = 0; n < count && !run.isOver(); n++) {
        // The next only when this one is taken: a second of the same vector would merge with it.
        guest.message(0x40 + n % 16);
        while (taken.get() == n && !run.isOver()) {
          Thread.sleep(0, 50_000);
        }
      }
      run.await();
      assertThat(guest.eventCount()).isEqualTo(count);
    }
  }

  @OnEachAccelerator
  void interruptsWaitForTheFlag(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "hold")) {
      List<Integer> before = new ArrayList<>();
      guest.set("wanted", 3);
      guest.onSignal(number -> {
        if (number == 1) {
          guest.message(0x45);
          guest.message(0x75);
          guest.message(0x61);
          guest.message(0x61);
        } else {
          before.add(guest.eventCount());
        }
      });
      guest.runToDone();
      assertThat(before).as("taken with IF = 0").containsExactly(0);
      assertThat(guest.vectors()).as("by priority").containsExactly(0x75, 0x61, 0x45);
    }
  }

  @OnEachAccelerator
  void interruptsWaitForTheTaskPriorityInCr8(Accelerator accelerator) {
    waitForPriority(accelerator, "priority", 0x60);
  }

  @OnEachAccelerator
  void interruptsWaitForTheTaskPriorityInItsRegister(Accelerator accelerator) {
    waitForPriority(accelerator, "priority_register", 6);
  }

  private static void waitForPriority(Accelerator accelerator, String entry, int seen) {
    try (Guest guest = guest(accelerator, entry)) {
      List<List<Integer>> before = new ArrayList<>();
      guest.onSignal(number -> {
        if (number == 1) {
          guest.message(0x6f);
          guest.message(0x70);
        } else {
          before.add(guest.vectors());
        }
      });
      guest.runToDone();
      assertThat(before).as("above class 6").containsExactly(List.of(0x70));
      assertThat(guest.vectors()).containsExactly(0x70, 0x6f);
      assertThat(guest.result(0) & 0xffff_ffffL).as("the other register").isEqualTo(seen);
    }
  }

  @OnEachAccelerator
  void oneInstructionAfterStiComesFirst(Accelerator accelerator) {
    expectAt(accelerator, "shadow_sti", "shadow_sti_at");
  }

  @OnEachAccelerator
  void popfHasNoShadow(Accelerator accelerator) {
    expectAt(accelerator, "shadow_popf", "shadow_popf_at");
  }

  private static void expectAt(Accelerator accelerator, String entry, String label) {
    try (Guest guest = guest(accelerator, entry)) {
      guest.onSignal(number -> guest.message(0x51));
      guest.runToDone();
      expectTakenAt(guest, label);
    }
  }

  private static void expectTakenAt(Guest guest, String label) {
    assertThat(guest.vectors()).containsExactly(0x51);
    assertThat(guest.event(0).rip()).as("not before").isGreaterThanOrEqualTo(guest.at(label));
    assertThat(guest.event(0).rip()).as("not after").isLessThanOrEqualTo(guest.at(label));
  }

  @OnEachAccelerator
  void oneInstructionAfterMovToSsComesFirst(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "shadow_stack")) {
      DeviceRegisters device = new DeviceRegisters(8);
      device.write(0, 2, GuestLayout.DATA);
      device.beforeRead(() -> guest.message(0x51));
      guest.platform.mmio().map(GuestLayout.WINDOW, 8, device);
      guest.runToDone();
      expectTakenAt(guest, "shadow_stack_at");
    }
  }

  @OnEachAccelerator
  void stiAndCliTogetherOpenNoWindow(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "no_window")) {
      List<Integer> before = new ArrayList<>();
      guest.onSignal(number -> {
        if (number == 1) {
          guest.message(0x51);
        } else {
          before.add(guest.eventCount());
        }
      });
      guest.runToDone();
      assertThat(before).containsExactly(0);
      assertThat(guest.vectors()).containsExactly(0x51);
    }
  }

  @OnEachAccelerator
  void anInterruptInServiceHoldsBackLowerOnes(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "nested")) {
      GuestLayout.gate64(guest.memory, 0x61, guest.at("nested_handler"), 0x8e, 0);
      guest.set("wanted", 2);
      List<List<Integer>> taken = new ArrayList<>();
      guest.onSignal(number -> {
        if (number == 1) {
          guest.message(0x61);
        } else if (number == 2) {
          guest.message(0x60);
          guest.message(0x71);
        } else {
          taken.add(guest.vectors());
        }
      });
      guest.runToDone();
      assertThat(guest.result32(0)).as("in service").isEqualTo(2);
      assertThat(taken).containsExactly(List.of(0x71), List.of(0x71, 0x60));
      assertThat(guest.result32(8) & 0xf0).as("class of the processor's priority").isEqualTo(0x60);
    }
  }

  @OnEachAccelerator
  void aMessageToItself(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "self")) {
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x55);
    }
  }

  @OnEachAccelerator
  void theRegistersOfX2apic(Accelerator accelerator) {
    accelerator.require();
    if (!accelerator.model().has(Feature.X2APIC)) {
      throw new TestAbortedException(
          "%s, the best model that %s offers, has no x2APIC"
              .formatted(accelerator.model().name(), accelerator));
    }
    try (Guest guest = guest(accelerator, "self_x2")) {
      guest.runToDone();
      assertThat(guest.result32(0)).as("requested").isEqualTo(1 << 0x16);
      assertThat(guest.result32(8)).as("identifier").isZero();
    }
  }

  @OnEachAccelerator
  void anInterruptInUserModeSwitchesTheStack(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "interrupts")) {
      // The kernel's part first: it leaves the local APIC on.
      guest.onSignal(number -> guest.message(0x51));
      guest.enter(GuestMode.LONG, "accept");
      guest.runToDone();
      guest.set("wanted", 2);
      guest.enter(GuestMode.USER, "user");
      guest.runToDone();
      TakenEvent event = guest.event(1);
      assertThat(event.vector()).isEqualTo(0x51);
      assertThat(event.cs()).isEqualTo(GuestLayout.USER_CODE);
      assertThat(event.ss()).isEqualTo(GuestLayout.USER_DATA);
      assertThat(event.stackPointer()).isEqualTo(GuestLayout.USER_STACK);
    }
  }

  @OnEachAccelerator
  void anInterruptOnAnInterruptStack(Accelerator accelerator) {
    try (Guest guest = guest(accelerator, "accept")) {
      GuestLayout.gate64(guest.memory, 0x51, guest.at("stubs64") + 16 * 0x51, 0x8e, 1);
      guest.onSignal(number -> guest.message(0x51));
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x51);
      assertThat(guest.event(0).stackPointer()).isEqualTo(GuestLayout.STACK);
      // Its first push, SS, lies at the top of that stack.
      assertThat(guest.word(GuestLayout.INTERRUPT_STACK - 8)).isEqualTo(GuestLayout.DATA);
    }
  }

  @OnEachAccelerator
  void aMessageInRealMode(Accelerator accelerator) {
    expectMessage(accelerator, GuestMode.REAL, "real_accept");
  }

  @OnEachAccelerator
  void aMessageInProtectedMode(Accelerator accelerator) {
    expectMessage(accelerator, GuestMode.PROTECTED, "protected_accept");
  }

  private static void expectMessage(Accelerator accelerator, GuestMode mode, String entry) {
    try (Guest guest = Guest.on(accelerator, "interrupts")) {
      guest.enter(mode, entry);
      guest.set("wanted", 2);
      guest.onSignal(number -> guest.message(0x51));
      guest.onService(vector -> {
        if (vector == 0x51) {
          guest.message(0x41);
        }
      });
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x51, 0x41);
    }
  }
}
