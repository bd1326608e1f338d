package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** Model-specific registers: what the guest writes it reads, and the state has it. */
@OnEachAccelerator.Suite
class MsrTest {
  /** A register, two values for it, and where the state has it. */
  private record Register(int index, long first, long second, int offset) {}

  // SYSENTER's addresses within 32 bits: AMD's processors keep no more.
  private static final Register[] REGISTERS = {
    new Register(0x174, 0x10, 0x18, StateLayout.SYSENTER_CS),
    new Register(0x175, 0x1234_5678L, 0x2345_6780L, StateLayout.SYSENTER_ESP),
    new Register(0x176, 0x8765_4320L, 0x7654_3210L, StateLayout.SYSENTER_EIP),
    new Register(0x277, 0x0007_0406_0007_0406L, 0x0001_0506_0007_0406L, StateLayout.PAT),
    new Register(0xc000_0081, 0x0010_0008_0000_0000L, 0x001b_0010_0000_0000L, StateLayout.STAR),
    new Register(0xc000_0082, 0xffff_ffff_8100_0000L, 0x40_0000, StateLayout.LSTAR),
    new Register(0xc000_0083, 0xffff_ffff_8200_0000L, 0x41_0000, StateLayout.CSTAR),
    new Register(0xc000_0084, 0x4_7700, 0x200, StateLayout.FMASK),
    new Register(
        0xc000_0100,
        0x1234_5000,
        0xffff_8880_0000_0000L,
        StateLayout.segment(StateLayout.FS) + StateLayout.BASE),
    new Register(
        0xc000_0101,
        0x2345_6000,
        0xffff_8880_0000_1000L,
        StateLayout.segment(StateLayout.GS) + StateLayout.BASE),
    new Register(0xc000_0102, 0x3456_7000, 0xffff_8880_0000_2000L, StateLayout.KERNEL_GS_BASE),
    new Register(0x200, 0x6, 0xc000_0000L, StateLayout.MTRR_VARIABLE),
    new Register(0x201, 0xff_c000_0800L, 0xff_f000_0800L, StateLayout.MTRR_VARIABLE + 8),
    new Register(0x250, 0x0606_0606_0606_0606L, 0, StateLayout.MTRR_FIXED),
    new Register(0x26f, 0x0505_0505_0505_0505L, 0, StateLayout.MTRR_FIXED + 80),
    new Register(0x2ff, 0xc06, 0x806, StateLayout.MTRR_DEFAULT),
  };

  @OnEachAccelerator
  void whatIsWrittenIsReadAndInTheState(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      for (Register register : REGISTERS) {
        for (long value : new long[] {register.first, register.second}) {
          monitor.writeMsr(register.index, value);
          assertThat(monitor.readMsr(register.index))
              .as("MSR %#x", register.index)
              .isEqualTo(value);
          assertThat(monitor.guest.state(register.offset))
              .as("MSR %#x in the state", register.index)
              .isEqualTo(value);
        }
      }
      // None of them has changed another.
      for (Register register : REGISTERS) {
        assertThat(monitor.readMsr(register.index))
            .as("MSR %#x at the end", register.index)
            .isEqualTo(register.second);
      }
    }
  }

  @OnEachAccelerator
  void whatTheStateSaysIsRead(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      long s = monitor.guest.vcpu.state();
      for (Register register : REGISTERS) {
        RawMemory.putLong(s + register.offset, register.first);
      }
      monitor.guest.vcpu.stateChanged();
      for (Register register : REGISTERS) {
        assertThat(monitor.readMsr(register.index))
            .as("MSR %#x", register.index)
            .isEqualTo(register.first);
      }
    }
  }

  @OnEachAccelerator
  void valuesThatCannotBeAreFaults(Accelerator accelerator) {
    Monitor.Fault protection = new Monitor.Fault(13, 0);
    try (Monitor monitor = Monitor.on(accelerator)) {
      assertThat(monitor.writeMsrFaults(0xc000_0080, 1L << 40)).as("EFER").isEqualTo(protection);
      assertThat(monitor.readMsrFaults(0x1234_5678)).as("no such register").isEqualTo(protection);
      assertThat(monitor.writeMsrFaults(0x1234_5678, 0))
          .as("no such register")
          .isEqualTo(protection);
    }
  }

  @OnEachAccelerator
  void addressesThatAreNotCanonicalAreFaults(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      for (int index : new int[] {0xc000_0082, 0xc000_0100, 0xc000_0101, 0xc000_0102}) {
        // Of neither 48 nor 57 bits: processors that have five levels of tables check for 57.
        assertThat(monitor.writeMsrFaults(index, 1L << 62))
            .as("MSR %#x", index)
            .isEqualTo(new Monitor.Fault(13, 0));
      }
    }
  }

  @OnEachAccelerator
  void memoryTypesThatCannotBeAreFaults(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      for (int type : new int[] {2, 3, 8}) {
        assertThat(monitor.writeMsrFaults(0x277, type))
            .as("memory type %d", type)
            .isEqualTo(new Monitor.Fault(13, 0));
      }
    }
  }

  @OnEachAccelerator
  void extendedFeaturesOfTheRunningMode(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      assertThat(monitor.readMsr(0xc000_0080)).isEqualTo(0xd01);
      monitor.writeMsr(0xc000_0080, 0xd00);
      assertThat(monitor.readMsr(0xc000_0080)).as("without SYSCALL").isEqualTo(0xd00);
      assertThat(monitor.writeMsrFaults(0xc000_0080, 0x801))
          .as("LME off while paging is on")
          .isEqualTo(new Monitor.Fault(13, 0));
    }
  }

  @OnEachAccelerator
  void theTaskPriorityIsOneRegisterWithTwoNames(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      monitor.taskPriority(9);
      assertThat(monitor.read(GuestLayout.APIC + 0x80, 4)).isEqualTo(0x90);
      monitor.write(GuestLayout.APIC + 0x80, 4, 0x35);
      assertThat(monitor.taskPriority()).isEqualTo(3);
    }
  }

  @OnEachAccelerator
  void theBaseOfTheLocalApic(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      assertThat(monitor.readMsr(0x1b)).as("bootstrap processor, on").isEqualTo(0xfee0_0900L);
      assertThat(monitor.read(GuestLayout.APIC + 0x30, 4) & 0xff)
          .as("version")
          .isBetween(0x10L, 0x15L);
    }
  }
}
