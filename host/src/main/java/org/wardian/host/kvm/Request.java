package org.wardian.host.kvm;

/**
 * The ioctl requests of KVM that this package makes. A name is that of the header without its
 * prefix {@code KVM_}. Source: {@code include/uapi/linux/kvm.h}; the encoding: {@code
 * include/uapi/asm-generic/ioctl.h}.
 */
enum Request {
  // Of /dev/kvm.
  GET_API_VERSION(0, 0x00, 0),
  CREATE_VM(0, 0x01, 0),
  GET_MSR_INDEX_LIST(3, 0x02, CallStructures.MSR_LIST_SIZE),
  CHECK_EXTENSION(0, 0x03, 0),
  GET_VCPU_MMAP_SIZE(0, 0x04, 0),
  GET_SUPPORTED_CPUID(3, 0x05, CallStructures.CPUID_SIZE),
  GET_MSR_FEATURE_INDEX_LIST(3, 0x0a, CallStructures.MSR_LIST_SIZE),
  // Of a VM.
  CREATE_VCPU(0, 0x41, 0),
  GET_DIRTY_LOG(1, 0x42, CallStructures.DIRTY_LOG_SIZE),
  SET_USER_MEMORY_REGION(1, 0x46, CallStructures.MEMORY_REGION_SIZE),
  SET_TSS_ADDR(0, 0x47, 0),
  SET_IDENTITY_MAP_ADDR(1, 0x48, 8),
  CREATE_IRQCHIP(0, 0x60, 0),
  IRQ_LINE(1, 0x61, CallStructures.IRQ_LEVEL_SIZE),
  GET_IRQCHIP(3, 0x62, InterruptChipState.SIZE),
  SET_IRQCHIP(2, 0x63, InterruptChipState.SIZE),
  SET_GSI_ROUTING(1, 0x6a, CallStructures.ROUTING_SIZE),
  IRQFD(1, 0x76, CallStructures.IRQ_EVENT_SIZE),
  CREATE_PIT2(1, 0x77, CallStructures.PIT_CONFIG_SIZE),
  IOEVENTFD(1, 0x79, CallStructures.IO_EVENT_SIZE),
  SET_CLOCK(1, 0x7b, ClockState.SIZE),
  GET_CLOCK(2, 0x7c, ClockState.SIZE),
  GET_PIT2(2, 0x9f, TimerState.SIZE),
  SET_PIT2(1, 0xa0, TimerState.SIZE),
  SIGNAL_MSI(1, 0xa5, CallStructures.MSI_SIZE),
  CLEAR_DIRTY_LOG(3, 0xc0, CallStructures.CLEAR_DIRTY_LOG_SIZE),
  // Of a vCPU; some also of a VM or of /dev/kvm.
  RUN(0, 0x80, 0),
  GET_REGS(2, 0x81, Registers.SIZE),
  SET_REGS(1, 0x82, Registers.SIZE),
  GET_SREGS(2, 0x83, SpecialRegisters.SIZE),
  SET_SREGS(1, 0x84, SpecialRegisters.SIZE),
  INTERRUPT(1, 0x86, CallStructures.INTERRUPT_SIZE),
  GET_MSRS(3, 0x88, CallStructures.MSRS_SIZE),
  SET_MSRS(1, 0x89, CallStructures.MSRS_SIZE),
  SET_SIGNAL_MASK(1, 0x8b, CallStructures.SIGNAL_MASK_SIZE),
  GET_FPU(2, 0x8c, FpuState.SIZE),
  SET_FPU(1, 0x8d, FpuState.SIZE),
  GET_LAPIC(2, 0x8e, LocalApicState.SIZE),
  SET_LAPIC(1, 0x8f, LocalApicState.SIZE),
  SET_CPUID2(1, 0x90, CallStructures.CPUID_SIZE),
  GET_MP_STATE(2, 0x98, MpState.SIZE),
  SET_MP_STATE(1, 0x99, MpState.SIZE),
  NMI(0, 0x9a, 0),
  SET_GUEST_DEBUG(1, 0x9b, CallStructures.GUEST_DEBUG_SIZE),
  GET_VCPU_EVENTS(2, 0x9f, EventState.SIZE),
  SET_VCPU_EVENTS(1, 0xa0, EventState.SIZE),
  GET_DEBUGREGS(2, 0xa1, DebugRegisterState.SIZE),
  SET_DEBUGREGS(1, 0xa2, DebugRegisterState.SIZE),
  SET_TSC_KHZ(0, 0xa2, 0),
  GET_TSC_KHZ(0, 0xa3, 0),
  ENABLE_CAP(1, 0xa3, CallStructures.ENABLE_CAP_SIZE),
  GET_XSAVE(2, 0xa4, XsaveArea.SIZE),
  SET_XSAVE(1, 0xa5, XsaveArea.SIZE),
  GET_XCRS(2, 0xa6, XcrState.SIZE),
  SET_XCRS(1, 0xa7, XcrState.SIZE),
  KVMCLOCK_CTRL(0, 0xad, 0),
  GET_SREGS2(2, 0xcc, SpecialRegisters2.SIZE),
  SET_SREGS2(1, 0xcd, SpecialRegisters2.SIZE),
  GET_XSAVE2(2, 0xcf, XsaveArea.SIZE);

  private static final int KVMIO = 0xae;

  /** The number that {@code ioctl} takes. */
  final long number;

  /**
   * A request.
   *
   * @param direction 0 none, 1 the kernel reads the argument, 2 it writes it, 3 both
   * @param index within KVM's numbers
   * @param size of the argument in bytes
   */
  Request(int direction, int index, int size) {
    number = (long) direction << 30 | (long) size << 16 | KVMIO << 8 | index;
  }

  /** The name that the header has. */
  String header() {
    return "KVM_" + name();
  }
}
