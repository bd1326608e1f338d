package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.host.Errno;
import org.wardian.host.HostException;
import org.wardian.host.Mapping;

class KvmVmTest {
  private static final int PAGE = 4096;

  /** OUT of AL to port 80h. */
  private static final String OUT = "e6 80";

  @Test
  void aRegionIsAddedAndDeletedWhileTheMachineLives() {
    // mov ax,2000h; mov ds,ax; mov al,[10h]; out 80h,al; jmp to the read
    try (TinyGuest guest = TinyGuest.bare("b8 00 20 8e d8 a0 10 00" + OUT + "eb f9");
        Mapping region = Mapping.anonymous(PAGE)) {
      region.putByte(0x10, (byte) 0x5c);
      guest.vm.memoryRegion(1, 0, TinyGuest.DEVICE, PAGE, region.address());
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 0x5c);
      guest.vm.memoryRegion(1, 0, TinyGuest.DEVICE, 0, 0);
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_MMIO);
    }
  }

  @Test
  void aReadOnlyRegionIsReadDirectlyAndWrittenByExits() {
    // mov ax,2000h; mov ds,ax; mov al,[10h]; out 80h,al; mov [11h],al; mov al,[11h]; out 80h,al
    try (TinyGuest guest =
            TinyGuest.bare("b8 00 20 8e d8 a0 10 00" + OUT + "a2 11 00 a0 11 00" + OUT + "f4");
        Mapping region = Mapping.anonymous(PAGE)) {
      guest.kvm.require(KvmCapability.READONLY_MEM);
      region.putByte(0x10, (byte) 0x5c);
      region.putByte(0x11, (byte) 0x6d);
      guest.vm.memoryRegion(1, KvmVm.READONLY, TinyGuest.DEVICE, PAGE, region.address());
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 0x5c);
      assertThat(guest.exit()).isEqualTo(RunPage.EXIT_MMIO);
      assertThat(guest.page().get(JAVA_LONG, RunPage.MMIO_ADDRESS))
          .isEqualTo(TinyGuest.DEVICE + 0x11);
      assertThat(guest.page().get(JAVA_BYTE, RunPage.MMIO_DATA)).isEqualTo((byte) 0x5c);
      assertThat(guest.out()).as("unchanged").isEqualTo(0x80 << 8 | 0x6d);
    }
  }

  /** Writes to pages 3 and 9 of the region at 20000h, then leaves by port 80h, and again. */
  private static final String WRITER =
      // mov ax,2300h; mov ds,ax; mov [0],al; mov ax,2900h; mov ds,ax; mov [4],al; out; jmp start
      "b8 00 23 8e d8 a2 00 00 b8 00 29 8e d8 a2 04 00" + OUT + "eb ec";

  @Test
  void theDirtyLogTellsThePagesThatWereWritten() {
    try (TinyGuest guest = TinyGuest.bare(WRITER);
        Mapping region = Mapping.anonymous(16 * PAGE)) {
      guest.vm.memoryRegion(
          1, KvmVm.LOG_DIRTY_PAGES, TinyGuest.DEVICE, 16 * PAGE, region.address());
      MemorySegment bitmap = guest.structure(8);
      guest.out();
      guest.vm.dirtyLog(1, bitmap);
      assertThat(bitmap.get(JAVA_LONG, 0)).isEqualTo(1 << 3 | 1 << 9);
      guest.vm.dirtyLog(1, bitmap);
      assertThat(bitmap.get(JAVA_LONG, 0)).as("cleared by the call before").isZero();
      guest.out();
      guest.vm.dirtyLog(1, bitmap);
      assertThat(bitmap.get(JAVA_LONG, 0)).isEqualTo(1 << 3 | 1 << 9);
    }
  }

  @Test
  void theDirtyLogIsClearedByPartsWhereThatIsEnabled() {
    try (TinyGuest guest = TinyGuest.bare(WRITER);
        Mapping region = Mapping.anonymous(128 * PAGE)) {
      int flags = guest.vm.capability(KvmCapability.MANUAL_DIRTY_LOG_PROTECT2);
      assumeTrue(
          (flags & CapabilityFlags.DIRTY_LOG_MANUAL_PROTECT) != 0, "the log is cleared as a whole");
      guest.vm.enableCapability(
          KvmCapability.MANUAL_DIRTY_LOG_PROTECT2, CapabilityFlags.DIRTY_LOG_MANUAL_PROTECT);
      guest.vm.memoryRegion(
          1, KvmVm.LOG_DIRTY_PAGES, TinyGuest.DEVICE, 128 * PAGE, region.address());
      MemorySegment bitmap = guest.structure(16);
      guest.out();
      guest.vm.dirtyLog(1, bitmap);
      guest.vm.dirtyLog(1, bitmap);
      assertThat(bitmap.get(JAVA_LONG, 0)).isEqualTo(1 << 3 | 1 << 9);
      assertThat(bitmap.get(JAVA_LONG, 8)).isZero();
      MemorySegment part = guest.structure(8);
      part.set(JAVA_LONG, 0, 1 << 3);
      guest.vm.clearDirtyLog(1, 0, 64, part);
      guest.vm.dirtyLog(1, bitmap);
      assertThat(bitmap.get(JAVA_LONG, 0)).isEqualTo(1 << 9);
    }
  }

  @Test
  void regionsThatDoNotFitAreExplained() {
    try (TinyGuest guest = TinyGuest.bare("f4");
        Mapping region = Mapping.anonymous(2 * PAGE)) {
      KvmVm vm = guest.vm;
      assertThatThrownBy(() -> vm.memoryRegion(1, 0, PAGE, PAGE, region.address()))
          .isInstanceOfSatisfying(
              HostException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST))
          .hasMessageContaining("slot 1, flags 0, 4096 bytes at guest address 0x1000")
          .hasMessageContaining("overlaps another slot");
      int slots = vm.capability(KvmCapability.NR_MEMSLOTS);
      assertThatThrownBy(() -> vm.memoryRegion(slots, 0, TinyGuest.DEVICE, PAGE, region.address()))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("the slot below " + slots);
      assertThatThrownBy(() -> vm.memoryRegion(1, 0, TinyGuest.DEVICE, 100, region.address()))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("multiples of 4096");
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        InterruptChipState.PIC_MASTER,
        InterruptChipState.PIC_SLAVE,
        InterruptChipState.IOAPIC
      })
  void anInterruptChipComesBackAsItWasSet(int chip) {
    try (TinyGuest guest = TinyGuest.withChips("f4")) {
      MemorySegment state = guest.structure(InterruptChipState.SIZE);
      guest.vm.getInterruptChip(chip, state);
      assertThat(state.get(JAVA_INT, InterruptChipState.CHIP)).isEqualTo(chip);
      if (chip == InterruptChipState.IOAPIC) {
        assertThat(state.get(JAVA_LONG, InterruptChipState.IOAPIC_BASE)).isEqualTo(0xfec0_0000L);
        // Masked, edge, vector 31h.
        state.set(JAVA_LONG, InterruptChipState.IOAPIC_REDIRECTION + 8L * 5, 0x1_0031);
      } else {
        state.set(JAVA_BYTE, InterruptChipState.PIC_BASE, (byte) 0x40);
        state.set(JAVA_BYTE, InterruptChipState.PIC_MASK, (byte) 0xa5);
      }
      guest.vm.setInterruptChip(state);
      MemorySegment again = guest.structure(InterruptChipState.SIZE);
      guest.vm.getInterruptChip(chip, again);
      assertThat(again.mismatch(state)).as("first byte that differs").isEqualTo(-1);
    }
  }

  @Test
  void theTimerComesBackAsItWasSet() {
    try (TinyGuest guest = TinyGuest.withChips("f4")) {
      guest.vm.createTimer(TimerState.SPEAKER_DUMMY);
      MemorySegment state = guest.structure(TimerState.SIZE);
      guest.vm.getTimer(state);
      long channel2 = TimerState.CHANNELS + 2L * TimerState.CHANNEL_SIZE;
      state.set(JAVA_INT, channel2 + TimerState.CHANNEL_COUNT, 0x4321);
      state.set(JAVA_BYTE, channel2 + TimerState.CHANNEL_MODE, (byte) 3);
      state.set(JAVA_BYTE, channel2 + TimerState.CHANNEL_ACCESS, (byte) 3);
      guest.vm.setTimer(state);
      MemorySegment again = guest.structure(TimerState.SIZE);
      guest.vm.getTimer(again);
      assertThat(again.get(JAVA_INT, channel2 + TimerState.CHANNEL_COUNT)).isEqualTo(0x4321);
      assertThat(again.get(JAVA_BYTE, channel2 + TimerState.CHANNEL_MODE)).isEqualTo((byte) 3);
      assertThat(again.get(JAVA_BYTE, channel2 + TimerState.CHANNEL_ACCESS)).isEqualTo((byte) 3);
    }
  }

  @Test
  void theClockGoesOnFromWhereItWasSet() {
    try (TinyGuest guest = TinyGuest.withChips("f4")) {
      MemorySegment state = guest.structure(ClockState.SIZE);
      state.set(JAVA_LONG, ClockState.CLOCK, 1_000_000_000_000L);
      guest.vm.setClock(state);
      guest.vm.getClock(state);
      assertThat(state.get(JAVA_LONG, ClockState.CLOCK))
          .isBetween(1_000_000_000_000L, 1_600_000_000_000L);
    }
  }

  @Test
  void interruptChipsComeBeforeTheVcpusAndOnce() {
    try (TinyGuest guest = TinyGuest.withChips("f4")) {
      assertThatThrownBy(guest.vm::createInterruptChips)
          .isInstanceOfSatisfying(
              HostException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST))
          .hasMessageContaining("KVM_CREATE_IRQCHIP");
    }
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      assertThatThrownBy(guest.vm::createInterruptChips).isInstanceOf(HostException.class);
      assertThatThrownBy(() -> guest.vm.interruptLine(4, true))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("KVM_IRQ_LINE (line 4)")
          .hasMessageContaining("interrupt chips");
    }
  }

  @Test
  void aVcpuMoreThanTheKernelAllowsIsExplainedWithTheLimit() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      assertThatThrownBy(() -> guest.vm.createCpu(0))
          .isInstanceOfSatisfying(
              HostException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST))
          .hasMessageContaining("KVM_CREATE_VCPU (vCPU 0)");
      int largest = guest.vm.capability(KvmCapability.MAX_VCPU_ID);
      assertThatThrownBy(() -> guest.vm.createCpu(largest))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("identifiers go up to " + (largest - 1));
      assertThat(Failure.ofCreateCpu(3, 8, 8, 16, Errno.EINVAL))
          .hasMessageContaining("this VM has 8 vCPUs, and this kernel allows at most 8");
    }
  }

  @Test
  void closingTheMachineClosesItsVcpus() {
    try (TinyGuest guest = TinyGuest.bare("f4")) {
      guest.vm.close();
      guest.vm.close();
      assertThatThrownBy(guest.cpu::run).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> guest.vm.interruptLine(1, true))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the VM is closed");
      assertThatThrownBy(() -> guest.vm.createCpu(1)).isInstanceOf(IllegalStateException.class);
    }
  }
}
