package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.x86.StateLayout;

/**
 * Each exception: vector, error code, saved instruction pointer, CR2. Sources: Intel SDM vol. 3,
 * chapter 6 (sections "Exception and Interrupt Reference", table "Priority"), §4.7 for the error
 * codes of page faults.
 */
@OnEachAccelerator.Suite
@ExtendWith(KvmDeviations.Judge.class)
class ExceptionsTest {
  private static final long PAGE = 0x10_0000;
  private static final long ENTRY = GuestLayout.FIRST_TABLE + 8 * (PAGE >>> 12);
  private static final long PRESENT = PAGE | 0x67;
  private static final long SUPERVISOR = PAGE | 0x63;
  private static final long READ_ONLY = PAGE | 0x65;
  private static final long NO_EXECUTE = 1L << 63;
  private static final long RESERVED = 1L << 51;
  private static final long RESUME_FLAG = 1 << 16;

  /**
   * One exception.
   *
   * @param name for people and for the table of deviations
   * @param label where the guest begins
   * @param rip label of the saved instruction pointer
   * @param cr2 for a page fault
   */
  private record Case(
      String name,
      String label,
      int vector,
      long error,
      String rip,
      long cr2,
      Consumer<Guest> before) {
    /** A fault: the saved instruction pointer is that of the instruction. */
    static Case fault(String label, int vector, long error) {
      return new Case(words(label), label, vector, error, label + "_at", 0, guest -> {});
    }

    /** A trap: the saved instruction pointer is that of the next instruction. */
    static Case trap(String label, int vector) {
      return new Case(words(label), label, vector, 0, label + "_next", 0, guest -> {});
    }

    /** A page fault after the page at 1 MiB got another entry. */
    static Case page(String name, String label, long entry, long error, long cr2) {
      return new Case(
          name, label, 14, error, label + "_at", cr2, guest -> guest.word(ENTRY, entry));
    }

    Case named(String other) {
      return new Case(other, label, vector, error, rip, cr2, before);
    }

    Case after(Consumer<Guest> preparation) {
      return new Case(name, label, vector, error, rip, cr2, preparation);
    }

    private static String words(String label) {
      return label.replace('_', ' ').replaceFirst("^(protected|real) ", "");
    }

    @Override
    public String toString() {
      return "%s (%d)".formatted(name, vector);
    }
  }

  private static Stream<Arguments> onEach(List<Case> cases) {
    List<Arguments> all = new ArrayList<>();
    for (Case c : cases) {
      for (Accelerator accelerator : Accelerator.values()) {
        all.add(Arguments.of(c, accelerator));
      }
    }
    return all.stream();
  }

  /** Sets bits of CR0. */
  private static void control(Guest guest, long bits) {
    long at = guest.vcpu.state() + StateLayout.CR0;
    RawMemory.putLong(at, RawMemory.getLong(at) | bits);
    guest.vcpu.stateChanged();
  }

  static Stream<Arguments> kernel() {
    return onEach(
        List.of(
            Case.fault("divide", 0, 0),
            Case.fault("divide_overflow", 0, 0),
            Case.trap("icebp", 1),
            Case.trap("breakpoint", 3),
            Case.trap("overflow", 4).named("INT 4"),
            Case.trap("software", 0x50).named("INT 0x50"),
            Case.fault("undefined", 6, 0),
            Case.fault("no_coprocessor", 7, 0),
            Case.fault("bad_task", 10, GuestLayout.TASK | 1).after(ExceptionsTest::shortenTask),
            Case.fault("absent_segment", 11, GuestLayout.ABSENT_DATA),
            Case.fault("absent_stack", 12, GuestLayout.ABSENT_DATA),
            Case.fault("stack_address", 12, 0),
            Case.fault("address", 13, 0),
            Case.fault("selector", 13, GuestLayout.BEYOND),
            Case.fault("bad_control", 13, 0),
            Case.fault("bad_msr", 13, 0),
            Case.page("read of an absent page", "page_read", 0, 0, PAGE + 0xff0),
            Case.page("write to an absent page", "page_write", 0, 2, PAGE + 0xff0),
            Case.page("read and write of an absent page", "page_modify", 0, 2, PAGE + 0xff0),
            Case.page("write to a read-only page", "page_write", READ_ONLY, 3, PAGE + 0xff0),
            Case.page("write that ends in an absent page", "page_across", 0, 2, PAGE),
            Case.page("reserved bit", "page_read", PRESENT | RESERVED, 9, PAGE + 0xff0),
            fetch("fetch from an absent page", 0, 0x10),
            fetch("fetch from a page without execution", PRESENT | NO_EXECUTE, 0x11),
            Case.page("push to an absent page", "page_push", 0, 2, PAGE + 0xff8)
                .after(guest -> {
                  guest.word(ENTRY, 0);
                  long handler = guest.at("stubs64") + 16 * 14;
                  GuestLayout.gate64(guest.memory, 14, handler, 0x8e, 1);
                }),
            // The gate of #UD is not present: that is told, at the same instruction.
            new Case(
                "a gate that is not present",
                "undefined",
                11,
                6 * 8 + 3,
                "undefined_at",
                0,
                guest -> closeGate(guest, 6))));
  }

  private static Case fetch(String name, long entry, long error) {
    return new Case(
        name, "page_fetch", 14, error, null, PAGE + 0xff0, guest -> guest.word(ENTRY, entry));
  }

  /** The task state segment ends before interrupt stack 7, which the gate of #UD names. */
  private static void shortenTask(Guest guest) {
    GuestLayout.gate64(guest.memory, 6, guest.at("stubs64") + 16 * 6, 0x8e, 7);
    RawMemory.putInt(
        guest.vcpu.state() + StateLayout.segment(StateLayout.TR) + StateLayout.LIMIT, 0x30);
    guest.vcpu.stateChanged();
  }

  private static void closeGate(Guest guest, int vector) {
    GuestLayout.gate64(guest.memory, vector, guest.at("stubs64") + 16 * vector, 0x0e, 0);
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource
  void kernel(Case c, Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "exceptions")) {
      TakenEvent event = take(guest, GuestMode.LONG, c);
      assertThat(event.cs()).as("CS").isEqualTo(GuestLayout.KERNEL_CODE);
      assertThat(event.ss()).as("SS").isEqualTo(GuestLayout.DATA);
      if (!c.label.equals("page_push")) {
        assertThat(event.stackPointer()).as("RSP").isEqualTo(GuestLayout.STACK);
      }
    }
  }

  static Stream<Arguments> user() {
    return onEach(
        List.of(
            Case.fault("divide", 0, 0),
            Case.trap("icebp", 1),
            Case.trap("breakpoint", 3),
            Case.trap("overflow", 4).named("INT 4"),
            Case.trap("software", 0x50).named("INT 0x50"),
            Case.fault("software", 13, 0x50 * 8 + 2)
                .named("INT 0x50 that users may not call")
                .after(guest ->
                    GuestLayout.gate64(
                        guest.memory, 0x50, guest.at("stubs64") + 16 * 0x50, 0x8e, 0)),
            Case.fault("undefined", 6, 0),
            Case.fault("no_coprocessor_user", 7, 0).after(guest -> control(guest, 8)),
            Case.fault("absent_segment", 11, GuestLayout.ABSENT_DATA)
                .after(guest ->
                    guest.word(GuestLayout.GDT + GuestLayout.ABSENT_DATA, 0x00cf73000000ffffL)),
            Case.fault("address", 13, 0),
            Case.fault("selector", 13, GuestLayout.BEYOND),
            Case.fault("privileged", 13, 0),
            Case.page("read of an absent page", "page_read", 0, 4, PAGE + 0xff0),
            Case.page("read of the kernel's page", "page_read", SUPERVISOR, 5, PAGE + 0xff0),
            Case.page("write to an absent page", "page_write", 0, 6, PAGE + 0xff0),
            Case.page("write to the kernel's page", "page_write", SUPERVISOR, 7, PAGE + 0xff0),
            Case.page("write to a read-only page", "page_write", READ_ONLY, 7, PAGE + 0xff0),
            fetch("fetch from an absent page", 0, 0x14),
            fetch("fetch from a page without execution", PRESENT | NO_EXECUTE, 0x15),
            fetch("fetch from the kernel's page", SUPERVISOR, 0x15),
            Case.fault("coprocessor", 16, 0),
            Case.fault("alignment", 17, 0).after(guest -> control(guest, 1 << 18)),
            Case.fault("vector_float", 19, 0)));
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource
  void user(Case c, Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "exceptions")) {
      TakenEvent event = take(guest, GuestMode.USER, c);
      assertThat(event.cs()).as("CS").isEqualTo(GuestLayout.USER_CODE);
      assertThat(event.ss()).as("SS").isEqualTo(GuestLayout.USER_DATA);
      assertThat(event.stackPointer()).as("RSP").isEqualTo(GuestLayout.USER_STACK);
    }
  }

  static Stream<Arguments> protectedMode() {
    return onEach(
        List.of(
            Case.fault("protected_divide", 0, 0),
            Case.trap("protected_breakpoint", 3),
            Case.trap("protected_overflow", 4),
            Case.fault("protected_bound", 5, 0),
            Case.fault("protected_undefined", 6, 0),
            Case.fault("protected_absent", 11, GuestLayout.ABSENT_DATA),
            Case.fault("protected_selector", 13, GuestLayout.BEYOND),
            new Case(
                "write to an absent page",
                "protected_page",
                14,
                2,
                "protected_page_at",
                0x80_0010,
                guest -> {})));
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource
  void protectedMode(Case c, Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "exceptions")) {
      boolean paged = c.vector == 14;
      TakenEvent event = take(guest, paged ? GuestMode.PROTECTED_PAGED : GuestMode.PROTECTED, c);
      assertThat(event.cs()).as("CS").isEqualTo(GuestLayout.KERNEL_CODE32);
    }
  }

  static Stream<Arguments> realMode() {
    return onEach(
        List.of(
            Case.fault("real_divide", 0, 0),
            Case.trap("real_breakpoint", 3),
            Case.trap("real_overflow", 4),
            Case.fault("real_undefined", 6, 0),
            Case.trap("real_software", 0x15).named("INT 0x15")));
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource
  void realMode(Case c, Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "exceptions")) {
      assertThat(take(guest, GuestMode.REAL, c).cs()).as("CS").isZero();
    }
  }

  private static TakenEvent take(Guest guest, GuestMode mode, Case c) {
    guest.enter(mode, c.label);
    c.before.accept(guest);
    guest.runToDone();
    TakenEvent event = guest.event(0);
    assertThat(guest.vectors()).as("vectors").containsExactly(c.vector);
    assertThat(event.error()).as("error code").isEqualTo(c.error);
    assertThat(event.rip()).as("RIP").isEqualTo(c.rip == null ? c.cr2 : guest.at(c.rip));
    if (c.vector == 14) {
      assertThat(event.cr2()).as("CR2").isEqualTo(c.cr2);
    }
    return event;
  }

  @OnEachAccelerator
  void aFaultSavesTheResumeFlagAndATrapDoesNot(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "exceptions")) {
      guest.enter(GuestMode.USER, "undefined");
      guest.runToDone();
      assertThat(guest.event(0).flags() & RESUME_FLAG).as("RF of a fault").isNotZero();
    }
    try (Guest guest = Guest.on(accelerator, "exceptions")) {
      guest.enter(GuestMode.USER, "breakpoint");
      guest.runToDone();
      assertThat(guest.event(0).flags() & RESUME_FLAG).as("RF of a trap").isZero();
    }
  }

  @OnEachAccelerator
  void anInstructionIsExecutedAnewAfterItsFault(Accelerator accelerator) {
    for (GuestMode mode : new GuestMode[] {GuestMode.LONG, GuestMode.USER}) {
      try (Guest guest = Guest.on(accelerator, "exceptions")) {
        guest.word(PAGE + 0xff0, 0x1000);
        guest.onService(vector -> guest.word(ENTRY, PRESENT));
        guest.enter(mode, "mended");
        guest.word(ENTRY, 0);
        guest.runToDone();
        assertThat(guest.vectors()).containsExactly(14);
        assertThat(guest.event(0).rip()).isEqualTo(guest.at("mended_at"));
        assertThat((int) guest.word(PAGE + 0xff0)).as("added once").isEqualTo(0x12346678);
      }
    }
  }

  @OnEachAccelerator
  void aRepeatedInstructionStopsAtItsFault(Accelerator accelerator) {
    for (GuestMode mode : new GuestMode[] {GuestMode.LONG, GuestMode.USER}) {
      try (Guest guest = Guest.on(accelerator, "exceptions")) {
        guest.enter(mode, "repeat");
        guest.word(ENTRY, 0);
        guest.runToDone();
        assertThat(guest.vectors()).containsExactly(14);
        assertThat(guest.event(0).rip()).isEqualTo(guest.at("repeat_at"));
        assertThat(guest.event(0).cr2()).isEqualTo(PAGE);
        assertThat(guest.result32(0)).as("count left").isEqualTo(16);
        assertThat(guest.result32(8)).as("address").isEqualTo((int) PAGE);
        assertThat(guest.word(PAGE - 8)).isEqualTo(0x6161616161616161L);
      }
    }
  }

  @OnEachAccelerator
  void aFaultInTheDeliveryOfAFaultIsADoubleFault(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "exceptions")) {
      closeGate(guest, 0);
      GuestLayout.gate64(guest.memory, 8, guest.at("stubs64") + 16 * 8, 0x8e, 1);
      guest.enter(GuestMode.LONG, "twice");
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(8);
      assertThat(guest.event(0).error()).isZero();
      assertThat(guest.event(0).rip()).isEqualTo(guest.at("twice_at"));
    }
  }

  @OnEachAccelerator
  void aFaultInTheDeliveryOfADoubleFaultIsTheEnd(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "exceptions")) {
      closeGate(guest, 0);
      closeGate(guest, 8);
      closeGate(guest, 11);
      guest.enter(GuestMode.LONG, "twice");
      guest.expect(guest.run(), Exit.TRIPLE_FAULT);
      assertThat(guest.eventCount()).isZero();
    }
  }

  @OnEachAccelerator
  void anEmptyInterruptTableIsTheEnd(Accelerator accelerator) {
    for (GuestMode mode : new GuestMode[] {GuestMode.LONG, GuestMode.USER, GuestMode.PROTECTED}) {
      try (Guest guest = Guest.on(accelerator, "exceptions")) {
        guest.enter(mode, mode == GuestMode.PROTECTED ? "protected_undefined" : "undefined");
        RawMemory.putInt(guest.vcpu.state() + StateLayout.IDTR_LIMIT, 0);
        guest.vcpu.stateChanged();
        guest.expect(guest.run(), Exit.TRIPLE_FAULT);
        assertThat(guest.eventCount()).isZero();
      }
    }
  }
}
