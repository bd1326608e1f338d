package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.wardian.host.Errno;
import org.wardian.host.HostException;
import org.wardian.host.Mapping;

class KvmCpuTest {
  private static final int IA32_SYSENTER_CS = 0x174;
  private static final int IA32_SYSENTER_ESP = 0x175;
  private static final int NO_MSR = 0x0bad_0000;

  /** OUT of AL to port 80h. */
  private static final String OUT = "e6 80";

  @Test
  void aPortWriteAndReadLeaveWithTheirData() {
    // mov dx,3f8h; mov al,'A'; out dx,al; in al,dx; inc al; out 80h,al; hlt
    try (TinyGuest guest = TinyGuest.bare("ba f8 03 b0 41 ee ec fe c0" + OUT + "f4")) {
      assertThat(guest.out()).isEqualTo(0x3f8 << 8 | 'A');
      MemorySegment page = guest.page();
      assertThat(page.get(JAVA_BYTE, RunPage.IO_SIZE)).isEqualTo((byte) 1);
      assertThat(page.get(JAVA_INT, RunPage.IO_COUNT)).isEqualTo(1);

      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_IO);
      assertThat(page.get(JAVA_BYTE, RunPage.IO_DIRECTION)).isEqualTo((byte) RunPage.IO_IN);
      page.set(JAVA_BYTE, page.get(JAVA_LONG, RunPage.IO_DATA_OFFSET), (byte) 0x60);
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 0x61);
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_HLT);
    }
  }

  @Test
  void aMemoryWriteAndReadWithoutASlotLeaveWithTheirData() {
    // mov ax,2000h; mov ds,ax; mov word [10h],1234h; mov al,[12h]; out 80h,al
    try (TinyGuest guest =
        TinyGuest.bare("b8 00 20 8e d8 c7 06 10 00 34 12 a0 12 00" + OUT + "f4")) {
      MemorySegment page = guest.page();
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_MMIO);
      assertThat(page.get(JAVA_LONG, RunPage.MMIO_ADDRESS)).isEqualTo(TinyGuest.DEVICE + 0x10);
      assertThat(page.get(JAVA_INT, RunPage.MMIO_LENGTH)).isEqualTo(2);
      assertThat(page.get(JAVA_BYTE, RunPage.MMIO_IS_WRITE)).isEqualTo((byte) 1);
      assertThat(page.get(JAVA_SHORT, RunPage.MMIO_DATA)).isEqualTo((short) 0x1234);

      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_MMIO);
      assertThat(page.get(JAVA_LONG, RunPage.MMIO_ADDRESS)).isEqualTo(TinyGuest.DEVICE + 0x12);
      assertThat(page.get(JAVA_BYTE, RunPage.MMIO_IS_WRITE)).isEqualTo((byte) 0);
      page.set(JAVA_BYTE, RunPage.MMIO_DATA, (byte) 0x77);
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 0x77);
    }
  }

  @Test
  void aTripleFaultLeavesAsShutdown() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      assumeTrue(
          guest.vm.capability(KvmCapability.X86_TRIPLE_FAULT_EVENT) != 0,
          "this KVM cannot be told of a triple fault");
      guest.vm.enableCapability(KvmCapability.X86_TRIPLE_FAULT_EVENT, 1);
      MemorySegment events = guest.get(CpuStructure.EVENTS);
      int valid = events.get(JAVA_INT, EventState.FLAGS) | EventState.VALID_TRIPLE_FAULT;
      events.set(JAVA_INT, EventState.FLAGS, valid);
      events.set(JAVA_BYTE, EventState.TRIPLE_FAULT_PENDING, (byte) 1);
      guest.cpu.set(CpuStructure.EVENTS, events);
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_SHUTDOWN);
    }
  }

  @ParameterizedTest
  @EnumSource(CpuStructure.class)
  void everyStructureComesBackAsItWasSet(CpuStructure what) {
    try (TinyGuest guest = TinyGuest.withChips("f4")) {
      assumeTrue(
          what != CpuStructure.SPECIAL_REGISTERS_2
              || guest.vm.capability(KvmCapability.SREGS2) != 0,
          "this KVM has no page directory pointers to tell");
      MemorySegment state = guest.get(what);
      long[] fields = change(what, state);
      guest.cpu.set(what, state);
      MemorySegment again = guest.get(what);
      for (long field : fields) {
        assertThat(again.get(JAVA_INT, field))
            .as("%s at offset %d", what.header(), field)
            .isEqualTo(state.get(JAVA_INT, field));
      }
      assertThat(again.mismatch(state)).as("first byte that differs").isEqualTo(-1);
    }
  }

  /** Changes a field of the structure, whose offset is returned, to a value that KVM accepts. */
  private static long[] change(CpuStructure what, MemorySegment state) {
    return switch (what) {
      case REGISTERS -> put(state, Registers.R15, 0x1234_5678);
      case SPECIAL_REGISTERS -> put(state, SpecialRegisters.CR2, 0x0012_3000);
      case SPECIAL_REGISTERS_2 -> put(state, SpecialRegisters.CR2, 0x0045_6000);
      case FPU -> put(state, FpuState.XMM + 16, 0x1122_3344);
      case XSAVE -> {
        int components = state.get(JAVA_INT, XsaveArea.XSTATE_BV) | 3;
        state.set(JAVA_INT, XsaveArea.XSTATE_BV, components);
        yield put(state, XsaveArea.XMM + 16, 0x5566_7788);
      }
      case XCRS -> put(state, XcrState.ENTRIES + XcrState.ENTRY_VALUE, 1);
      case DEBUG_REGISTERS -> put(state, DebugRegisterState.DB + 8, 0x0000_4000);
      case EVENTS -> {
        int valid = state.get(JAVA_INT, EventState.FLAGS) | EventState.VALID_NMI_PENDING;
        state.set(JAVA_INT, EventState.FLAGS, valid);
        state.set(JAVA_BYTE, EventState.NMI_MASKED, (byte) 1);
        yield new long[] {EventState.NMI_INJECTED};
      }
      case MP_STATE -> put(state, MpState.STATE, MpState.HALTED);
      case LOCAL_APIC -> put(state, LocalApicState.SPURIOUS_VECTOR, 0x1ff);
    };
  }

  private static long[] put(MemorySegment state, int offset, int value) {
    state.set(JAVA_INT, offset, value);
    return new long[] {offset};
  }

  @Test
  void memoryOfTheWrongKindIsRefusedBeforeTheKernelWritesToIt() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      MemorySegment small = guest.structure(Registers.SIZE - 8);
      assertThatThrownBy(() -> guest.cpu.get(CpuStructure.REGISTERS, small))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("144 bytes");
      MemorySegment heap = MemorySegment.ofArray(new long[Registers.SIZE / 8]);
      assertThatThrownBy(() -> guest.cpu.get(CpuStructure.REGISTERS, heap))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("native");
    }
  }

  @Test
  void msrsAreSetAndReadUpToTheFirstThatIsRefused() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      int[] indices = {IA32_SYSENTER_ESP, IA32_SYSENTER_CS};
      assertThat(guest.cpu.setMsrs(indices, new long[] {0x7000, 0x10})).isEqualTo(2);
      long[] values = new long[2];
      assertThat(guest.cpu.getMsrs(indices, values)).isEqualTo(2);
      assertThat(values).containsExactly(0x7000, 0x10);

      int[] withGap = {IA32_SYSENTER_ESP, NO_MSR, IA32_SYSENTER_CS};
      long[] some = {0, -1, -1};
      assertThat(guest.cpu.getMsrs(withGap, some)).isEqualTo(1);
      assertThat(some).containsExactly(0x7000, -1, -1);
      assertThat(guest.cpu.setMsrs(withGap, new long[] {0x8000, 0, 0x20})).isEqualTo(1);
      assertThat(guest.cpu.getMsrs(indices, values)).isEqualTo(2);
      assertThat(values).containsExactly(0x8000, 0x10);
      assertThat(guest.cpu.getMsrs(new int[0], values)).isZero();
    }
  }

  @Test
  void theGuestSeesTheLeavesThatWereSet() {
    // mov eax,40000000h; cpuid; mov eax,ebx; out 80h,al
    try (TinyGuest guest = TinyGuest.bare("66 b8 00 00 00 40 0f a2 66 89 d8" + OUT + "f4")) {
      List<CpuidEntry> entries = new ArrayList<>(guest.kvm.supportedCpuid());
      entries.removeIf(entry -> entry.function() == 0x4000_0000);
      entries.add(new CpuidEntry(0x4000_0000, 0, 0, 0x4000_0000, 0x1357_9b5a, 0, 0));
      guest.cpu.cpuid(entries);
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 0x5a);
    }
  }

  @Test
  void anInterruptEntersWhereTheChipsAreOutside() {
    // sti; nop; jmp $-1
    try (TinyGuest guest = TinyGuest.bare("fb 90 eb fd")) {
      guest.code(0x2000, "b0 21" + OUT + "cf");
      guest.vector(0x21, 0x2000);
      guest.page().set(JAVA_BYTE, RunPage.REQUEST_INTERRUPT_WINDOW, (byte) 1);
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_IRQ_WINDOW_OPEN);
      assertThat(guest.page().get(JAVA_BYTE, RunPage.READY_FOR_INTERRUPT_INJECTION)).isOne();
      guest.page().set(JAVA_BYTE, RunPage.REQUEST_INTERRUPT_WINDOW, (byte) 0);
      guest.cpu.interrupt(0x21);
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 0x21);
    }
  }

  @Test
  void anInterruptByHandIsRefusedWhereTheChipsAreInTheKernel() {
    try (TinyGuest guest = TinyGuest.withChips("f4")) {
      assertThatThrownBy(() -> guest.cpu.interrupt(0x21))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("KVM_INTERRUPT (vector 33")
          .hasMessageContaining("interrupt chips");
    }
  }

  @Test
  void aNonMaskableInterruptWakesAHaltedGuest() {
    // cli; hlt; jmp $-1
    try (TinyGuest guest = TinyGuest.withChips("fa f4 eb fd")) {
      guest.code(0x2000, "b0 02" + OUT + "cf");
      guest.vector(2, 0x2000);
      guest.cpu.nmi();
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 2);
    }
  }

  @Test
  void aSingleStepLeavesAfterOneInstruction() {
    try (TinyGuest guest = TinyGuest.bare("90 90 90 f4")) {
      guest.cpu.guestDebug(GuestDebug.ENABLE | GuestDebug.SINGLE_STEP);
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_DEBUG);
      assertThat(guest.page().get(JAVA_LONG, RunPage.DEBUG_PC)).isEqualTo(TinyGuest.CODE + 1);
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_DEBUG);
      assertThat(guest.page().get(JAVA_LONG, RunPage.DEBUG_PC)).isEqualTo(TinyGuest.CODE + 2);
      guest.cpu.guestDebug(0);
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_HLT);
      assertThatThrownBy(() -> guest.cpu.guestDebug(GuestDebug.ENABLE, new long[9]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void registersComeWithTheExitAndGoWithTheRun() {
    // mov al,1; out 80h,al; out 80h,al; hlt
    try (TinyGuest guest = TinyGuest.bare("b0 01" + OUT + OUT + "f4")) {
      assumeTrue(guest.vm.capability(KvmCapability.SYNC_REGS) != 0, "no registers in the page");
      MemorySegment page = guest.page();
      page.set(JAVA_LONG, RunPage.VALID_REGISTERS, RunPage.SYNC_BIT_REGISTERS);
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 1);
      long rax = RunPage.SYNC_REGISTERS + (long) Registers.RAX;
      assertThat(page.get(JAVA_LONG, rax) & 0xff).isEqualTo(1);
      page.set(JAVA_LONG, rax, 0x42);
      page.set(JAVA_LONG, RunPage.DIRTY_REGISTERS, RunPage.SYNC_BIT_REGISTERS);
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 0x42);
    }
  }

  @Test
  void theTimeStampFrequencyIsTold() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      int kilohertz = guest.cpu.timestampKilohertz();
      assertThat(kilohertz).isGreaterThan(100_000);
      guest.cpu.timestampKilohertz(kilohertz);
      assertThat(guest.cpu.timestampKilohertz()).isEqualTo(kilohertz);
    }
  }

  @Test
  void aPauseIsToldOnlyToAGuestWithTheParavirtualClock() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      assertThatThrownBy(guest.cpu::clockPaused)
          .isInstanceOfSatisfying(
              HostException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
          .hasMessageContaining("KVM_KVMCLOCK_CTRL");
    }
  }

  @Test
  void memoryThatIsGoneEndsTheRunAndNothingElse() {
    Mapping gone = Mapping.anonymous(4096);
    try (TinyGuest guest = TinyGuest.bare("b8 00 20 8e d8 a0 10 00 f4")) {
      guest.vm.memoryRegion(1, 0, TinyGuest.DEVICE, 4096, gone.address());
      gone.close();
      try {
        // KVM's instruction emulator takes the access for one to a device.
        assertThat(guest.exit()).isEqualTo(RunPage.EXIT_MMIO);
      } catch (HostException e) {
        assertThat(e.errno()).isEqualTo(Errno.EFAULT);
      }
    }
  }

  @Test
  void errorsOfTheRunAreExplained() {
    assertThat(Failure.ofRun(3, Errno.EFAULT, " at guest address 0x1000, 4096 bytes"))
        .hasMessageContaining("KVM_RUN (vCPU 3) failed: Bad address (errno 14)")
        .hasMessageContaining("cannot be had at guest address 0x1000, 4096 bytes: the file");
    assertThat(Failure.ofRun(0, Errno.EIO, "")).hasMessageContaining("the VM is dead");
    assertThat(Failure.ofRun(0, Errno.ENODEV, "")).hasMessageContaining("module was removed");
  }

  @Test
  void impossibleRegistersAreRefused() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      MemorySegment special = guest.get(CpuStructure.SPECIAL_REGISTERS);
      special.set(JAVA_LONG, SpecialRegisters.CR0, 0x8000_0000L);
      assertThatThrownBy(() -> guest.cpu.set(CpuStructure.SPECIAL_REGISTERS, special))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("KVM_SET_SREGS (vCPU 0)");
    }
  }

  @Test
  void nothingWorksAfterCloseAndThePageStaysReadable() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_HLT);
      guest.cpu.close();
      guest.cpu.close();
      guest.cpu.kick();
      assertThat(guest.page().get(JAVA_INT, RunPage.EXIT_REASON)).isEqualTo(RunPage.EXIT_UNKNOWN);
      assertThatThrownBy(guest.cpu::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("vCPU 0");
      assertThatThrownBy(() -> guest.get(CpuStructure.REGISTERS))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("vCPU 0 is closed");
    }
  }
}
