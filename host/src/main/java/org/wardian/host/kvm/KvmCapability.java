package org.wardian.host.kvm;

/**
 * An ability that KVM may have ({@code KVM_CAP_*} of {@code include/uapi/linux/kvm.h}), with the
 * Linux version whose x86 KVM brought it. Constants are named as in the header.
 */
public enum KvmCapability {
  /** Interrupt chips in the kernel. */
  IRQCHIP(0, "interrupt chips in the kernel", "2.6.25"),

  /** Exits at HLT. */
  HLT(1, "exits at HLT", "2.6.25"),

  /** Memory of the process as the guest's. */
  USER_MEMORY(3, "memory of the process as the guest's", "2.6.25"),

  /** An address for the task state segment that real mode needs on Intel. */
  SET_TSS_ADDR(4, "an address for the task state segment that real mode needs on Intel", "2.6.25"),

  /** Reports of task priority accesses. */
  VAPIC(6, "reports of task priority accesses", "2.6.25"),

  /** The list of CPUID leaves. */
  EXT_CPUID(7, "the list of CPUID leaves", "2.6.26"),

  /** The paravirtual clock. */
  CLOCKSOURCE(8, "the paravirtual clock", "2.6.26"),

  /** Recommended number of vCPUs. */
  NR_VCPUS(9, "recommended number of vCPUs", "2.6.26"),

  /** Number of memory slots. */
  NR_MEMSLOTS(10, "number of memory slots", "2.6.26"),

  /** The interval timer in the kernel. */
  PIT(11, "the interval timer in the kernel", "2.6.26"),

  /** Waiting and halted states of vCPUs. */
  MP_STATE(14, "waiting and halted states of vCPUs", "2.6.26"),

  /** Collecting writes to devices. */
  COALESCED_MMIO(15, "collecting writes to devices", "2.6.27"),

  /** Guest memory that follows the process's mappings. */
  SYNC_MMU(16, "guest memory that follows the process's mappings", "2.6.28"),

  /** Removing memory slots. */
  DESTROY_MEMORY_REGION_WORKS(21, "removing memory slots", "2.6.30"),

  /** Non-maskable interrupts. */
  USER_NMI(22, "non-maskable interrupts", "2.6.30"),

  /** Breakpoints and single steps. */
  SET_GUEST_DEBUG(23, "breakpoints and single steps", "2.6.30"),

  /** Ticks of the interval timer that were missed. */
  REINJECT_CONTROL(24, "ticks of the interval timer that were missed", "2.6.30"),

  /** Routes of interrupt lines. */
  IRQ_ROUTING(25, "routes of interrupt lines", "2.6.30"),

  /** The fate of an interrupt. */
  IRQ_INJECT_STATUS(26, "the fate of an interrupt", "2.6.30"),

  /** Memory slots side by side. */
  JOIN_MEMORY_REGIONS_WORKS(30, "memory slots side by side", "2.6.31"),

  /** Machine check banks. */
  MCE(31, "machine check banks", "2.6.31"),

  /** Event files that interrupt the guest. */
  IRQFD(32, "event files that interrupt the guest", "2.6.32"),

  /** The interval timer in the kernel. */
  PIT2(33, "the interval timer in the kernel", "2.6.31"),

  /** Choosing the boot processor. */
  SET_BOOT_CPU_ID(34, "choosing the boot processor", "2.6.32"),

  /** The interval timer's state. */
  PIT_STATE2(35, "the interval timer's state", "2.6.32"),

  /** Event files that the guest's writes signal. */
  IOEVENTFD(36, "event files that the guest's writes signal", "2.6.32"),

  /** An address for the page that real mode needs on Intel. */
  SET_IDENTITY_MAP_ADDR(37, "an address for the page that real mode needs on Intel", "2.6.32"),

  /** Setting the paravirtual clock. */
  ADJUST_CLOCK(39, "setting the paravirtual clock", "2.6.33"),

  /** Details of internal errors. */
  INTERNAL_ERROR_DATA(40, "details of internal errors", "2.6.33"),

  /** Pending exceptions and interrupts. */
  VCPU_EVENTS(41, "pending exceptions and interrupts", "2.6.33"),

  /** Debug registers. */
  DEBUGREGS(50, "debug registers", "2.6.34"),

  /** Single steps that leave RFLAGS alone. */
  X86_ROBUST_SINGLESTEP(51, "single steps that leave RFLAGS alone", "2.6.34"),

  /** Switching on capabilities of a vCPU. */
  ENABLE_CAP(54, "switching on capabilities of a vCPU", "2.6.35"),

  /** The extended state. */
  XSAVE(55, "the extended state", "2.6.36"),

  /** Extended control registers. */
  XCRS(56, "extended control registers", "2.6.36"),

  /** Asynchronous page faults. */
  ASYNC_PF(59, "asynchronous page faults", "2.6.38"),

  /** Scaling of the time stamp counter. */
  TSC_CONTROL(60, "scaling of the time stamp counter", "2.6.39"),

  /** Frequency of the time stamp counter. */
  GET_TSC_KHZ(61, "frequency of the time stamp counter", "2.6.39"),

  /** Largest number of vCPUs. */
  MAX_VCPUS(66, "largest number of vCPUs", "3.2"),

  /** The deadline mode of the local APIC's timer. */
  TSC_DEADLINE_TIMER(72, "the deadline mode of the local APIC's timer", "3.2"),

  /** Registers in the shared page. */
  SYNC_REGS(74, "registers in the shared page", "4.17"),

  /** Telling the guest that it was paused. */
  KVMCLOCK_CTRL(76, "telling the guest that it was paused", "3.5"),

  /** Interrupts by message. */
  SIGNAL_MSI(77, "interrupts by message", "3.5"),

  /** Memory that the guest cannot write. */
  READONLY_MEM(81, "memory that the guest cannot write", "3.7"),

  /** Level triggered event files. */
  IRQFD_RESAMPLE(82, "level triggered event files", "3.7"),

  /** Devices in the kernel. */
  DEVICE_CTRL(89, "devices in the kernel", "3.10"),

  /** The list of emulated instructions. */
  EXT_EMUL_CPUID(95, "the list of emulated instructions", "3.13"),

  /** Lines without polarity. */
  IOAPIC_POLARITY_IGNORED(97, "lines without polarity", "3.15"),

  /** Switching on capabilities of a VM. */
  ENABLE_CAP_VM(98, "switching on capabilities of a VM", "3.15"),

  /** Event files for writes of any length. */
  IOEVENTFD_NO_LENGTH(100, "event files for writes of any length", "3.15"),

  /** Asking a VM for its capabilities. */
  CHECK_EXTENSION_VM(105, "asking a VM for its capabilities", "3.17"),

  /** Switching off old mistakes. */
  DISABLE_QUIRKS(116, "switching off old mistakes", "4.1"),

  /** System management mode. */
  X86_SMM(117, "system management mode", "4.2"),

  /** Local APICs in the kernel, the other interrupt chips outside. */
  SPLIT_IRQCHIP(121, "local APICs in the kernel, the other interrupt chips outside", "4.4"),

  /** Event files for writes of any length. */
  IOEVENTFD_ANY_LENGTH(122, "event files for writes of any length", "4.5"),

  /** Attributes of a vCPU. */
  VCPU_ATTRIBUTES(127, "attributes of a vCPU", "4.7"),

  /** Largest identifier of a vCPU. */
  MAX_VCPU_ID(128, "largest identifier of a vCPU", "4.7"),

  /** APIC identifiers of 32 bits. */
  X2APIC_API(129, "APIC identifiers of 32 bits", "4.8"),

  /** Leaving before the guest is entered. */
  IMMEDIATE_EXIT(136, "leaving before the guest is entered", "4.11"),

  /** HLT, MWAIT and PAUSE without exits. */
  X86_DISABLE_EXITS(143, "HLT, MWAIT and PAUSE without exits", "4.17"),

  /** Features that MSRs tell. */
  GET_MSR_FEATURES(153, "features that MSRs tell", "4.17"),

  /** The state of nested guests. */
  NESTED_STATE(157, "the state of nested guests", "4.20"),

  /** A choice over MSR_PLATFORM_INFO. */
  MSR_PLATFORM_INFO(159, "a choice over MSR_PLATFORM_INFO", "4.20"),

  /** Collecting writes to ports. */
  COALESCED_PIO(162, "collecting writes to ports", "4.20"),

  /** Exceptions with their CR2 or DR6. */
  EXCEPTION_PAYLOAD(164, "exceptions with their CR2 or DR6", "4.20"),

  /** Clearing the dirty log by parts. */
  MANUAL_DIRTY_LOG_PROTECT2(168, "clearing the dirty log by parts", "5.2"),

  /** A filter of performance events. */
  PMU_EVENT_FILTER(173, "a filter of performance events", "5.4"),

  /** The time that a halted vCPU spins. */
  HALT_POLL(182, "the time that a halted vCPU spins", "5.8"),

  /** Asynchronous page faults by interrupt. */
  ASYNC_PF_INT(183, "asynchronous page faults by interrupt", "5.9"),

  /** Fewer physical address bits than the host's. */
  SMALLER_MAXPHYADDR(185, "fewer physical address bits than the host's", "5.9"),

  /** Time that the host took. */
  STEAL_TIME(187, "time that the host took", "5.10"),

  /** MSRs that the monitor answers. */
  X86_USER_SPACE_MSR(188, "MSRs that the monitor answers", "5.10"),

  /** A filter of MSRs. */
  X86_MSR_FILTER(189, "a filter of MSRs", "5.10"),

  /** Paravirtual features only where CPUID shows them. */
  ENFORCE_PV_FEATURE_CPUID(190, "paravirtual features only where CPUID shows them", "5.10"),

  /** Dirty pages in a ring. */
  DIRTY_LOG_RING(192, "dirty pages in a ring", "5.11"),

  /** Exits at bus locks. */
  X86_BUS_LOCK_EXIT(193, "exits at bus locks", "5.12"),

  /** The supported ways of guest debugging. */
  SET_GUEST_DEBUG2(195, "the supported ways of guest debugging", "5.13"),

  /** Page directory pointers. */
  SREGS2(200, "page directory pointers", "5.14"),

  /** Hypercalls that the monitor answers. */
  EXIT_HYPERCALL(201, "hypercalls that the monitor answers", "5.14"),

  /** Statistics. */
  BINARY_STATS_FD(203, "statistics", "5.14"),

  /** Exits where an instruction cannot be emulated. */
  EXIT_ON_EMULATION_FAILURE(204, "exits where an instruction cannot be emulated", "5.15"),

  /** The extended state with dynamic components. */
  XSAVE2(208, "the extended state with dynamic components", "5.17"),

  /** Attributes of KVM. */
  SYS_ATTRIBUTES(209, "attributes of KVM", "5.17"),

  /** Switching off performance counters. */
  PMU_CAPABILITY(212, "switching off performance counters", "5.18"),

  /** Switching off old mistakes, with a list of them. */
  DISABLE_QUIRKS2(213, "switching off old mistakes, with a list of them", "5.18"),

  /** The time stamp frequency of a VM. */
  VM_TSC_CONTROL(214, "the time stamp frequency of a VM", "5.18"),

  /** Details of system events. */
  SYSTEM_EVENT_DATA(215, "details of system events", "5.19"),

  /** Pending triple faults. */
  X86_TRIPLE_FAULT_EVENT(218, "pending triple faults", "6.0"),

  /** Exits where a guest blocks all interrupts. */
  X86_NOTIFY_VMEXIT(219, "exits where a guest blocks all interrupts", "6.0"),

  /** Huge pages that may be executed. */
  VM_DISABLE_NX_HUGE_PAGES(220, "huge pages that may be executed", "6.1"),

  /** Dirty pages in a ring, with ordering. */
  DIRTY_LOG_RING_ACQ_REL(223, "dirty pages in a ring, with ordering", "6.1"),

  /** Memory slots over guest memory files. */
  USER_MEMORY2(231, "memory slots over guest memory files", "6.8"),

  /** The address of a memory fault. */
  MEMORY_FAULT_INFO(232, "the address of a memory fault", "6.8"),

  /** Guest memory files. */
  GUEST_MEMFD(234, "guest memory files", "6.8"),

  /** Kinds of VM. */
  VM_TYPES(235, "kinds of VM", "6.8"),

  /** Mapping guest memory in advance. */
  PRE_FAULT_MEMORY(236, "mapping guest memory in advance", "6.11"),

  /** The frequency of the local APIC's timer. */
  X86_APIC_BUS_CYCLES_NS(237, "the frequency of the local APIC's timer", "6.11"),

  /** Telling whether a nested guest ran. */
  X86_GUEST_MODE(238, "telling whether a nested guest ran", "6.11");

  private final int number;
  private final String purpose;
  private final String since;

  KvmCapability(int number, String purpose, String since) {
    this.number = number;
    this.purpose = purpose;
    this.since = since;
  }

  /** The number that the kernel knows it by. */
  public int number() {
    return number;
  }

  /** The name that the header has. */
  public String header() {
    return "KVM_CAP_" + name();
  }

  /** What it is for, in a few words. */
  public String purpose() {
    return purpose;
  }

  /** The Linux version that brought it, such as "4.11". */
  public String since() {
    return since;
  }
}
