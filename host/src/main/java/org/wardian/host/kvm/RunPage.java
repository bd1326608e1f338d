package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_run}: the page that a vCPU shares with the kernel.
 * It says why it left the guest, and with what. Where a field is part of the exit union it is valid
 * for the exit reason that its comment names. Source: {@code include/uapi/linux/kvm.h}.
 */
public final class RunPage {
  /**
   * {@code kvm_run.request_interrupt_window}: u8, in: 1 asks for EXIT_IRQ_WINDOW_OPEN as soon as
   * the guest can take an interrupt.
   */
  public static final int REQUEST_INTERRUPT_WINDOW = 0;

  /**
   * {@code kvm_run.immediate_exit}: u8, in: not 0 makes KVM_RUN return EINTR before the guest is
   * entered.
   */
  public static final int IMMEDIATE_EXIT = 1;

  /** {@code kvm_run.exit_reason}: u32, out: one of the EXIT_ constants. */
  public static final int EXIT_REASON = 8;

  /**
   * {@code kvm_run.ready_for_interrupt_injection}: u8, out: 1 where KVM_INTERRUPT may be called.
   */
  public static final int READY_FOR_INTERRUPT_INJECTION = 12;

  /** {@code kvm_run.if_flag}: u8, out: RFLAGS.IF of the guest. */
  public static final int IF_FLAG = 13;

  /** {@code kvm_run.flags}: u16, out: RUN_X86_ bits. */
  public static final int FLAGS = 14;

  /** {@code kvm_run.cr8}: u64, in and out where the interrupt chips are not in the kernel. */
  public static final int CR8 = 16;

  /** {@code kvm_run.apic_base}: u64, in and out where the interrupt chips are not in the kernel. */
  public static final int APIC_BASE = 24;

  /** {@code kvm_run.hw.hardware_exit_reason}: u64, EXIT_UNKNOWN: the processor's exit reason. */
  public static final int HARDWARE_EXIT_REASON = 32;

  /**
   * {@code kvm_run.fail_entry.hardware_entry_failure_reason}: u64, EXIT_FAIL_ENTRY: the processor's
   * reason.
   */
  public static final int FAIL_ENTRY_REASON = 32;

  /**
   * {@code kvm_run.fail_entry.cpu}: u32, EXIT_FAIL_ENTRY: the last host processor the vCPU ran on.
   */
  public static final int FAIL_ENTRY_CPU = 40;

  /** {@code kvm_run.ex.exception}: u32, EXIT_EXCEPTION. */
  public static final int EXCEPTION_VECTOR = 32;

  /** {@code kvm_run.ex.error_code}: u32, EXIT_EXCEPTION. */
  public static final int EXCEPTION_ERROR_CODE = 36;

  /** {@code kvm_run.io.direction}: u8, EXIT_IO: IO_IN or IO_OUT. */
  public static final int IO_DIRECTION = 32;

  /** {@code kvm_run.io.size}: u8, EXIT_IO: bytes of one element, 1, 2 or 4. */
  public static final int IO_SIZE = 33;

  /** {@code kvm_run.io.port}: u16, EXIT_IO. */
  public static final int IO_PORT = 34;

  /** {@code kvm_run.io.count}: u32, EXIT_IO: elements, more than 1 for REP INS and REP OUTS. */
  public static final int IO_COUNT = 36;

  /**
   * {@code kvm_run.io.data_offset}: u64, EXIT_IO: where the elements lie, in bytes from the start
   * of the page.
   */
  public static final int IO_DATA_OFFSET = 40;

  /** {@code kvm_run.debug.arch.exception}: u32, EXIT_DEBUG: vector 1 or 3. */
  public static final int DEBUG_EXCEPTION = 32;

  /** {@code kvm_run.debug.arch.pc}: u64, EXIT_DEBUG: linear address. */
  public static final int DEBUG_PC = 40;

  /** {@code kvm_run.debug.arch.dr6}: u64, EXIT_DEBUG. */
  public static final int DEBUG_DR6 = 48;

  /** {@code kvm_run.debug.arch.dr7}: u64, EXIT_DEBUG. */
  public static final int DEBUG_DR7 = 56;

  /** {@code kvm_run.mmio.phys_addr}: u64, EXIT_MMIO: guest-physical address. */
  public static final int MMIO_ADDRESS = 32;

  /** {@code kvm_run.mmio.data}: 8 bytes, EXIT_MMIO: little endian, the first MMIO_LENGTH count. */
  public static final int MMIO_DATA = 40;

  /** {@code kvm_run.mmio.len}: u32, EXIT_MMIO: 1 to 8 bytes. */
  public static final int MMIO_LENGTH = 48;

  /** {@code kvm_run.mmio.is_write}: u8, EXIT_MMIO. */
  public static final int MMIO_IS_WRITE = 52;

  /** {@code kvm_run.hypercall.nr}: u64, EXIT_HYPERCALL. */
  public static final int HYPERCALL_NUMBER = 32;

  /** {@code kvm_run.hypercall.args}: 6 of u64, EXIT_HYPERCALL. */
  public static final int HYPERCALL_ARGUMENTS = 40;

  /** {@code kvm_run.hypercall.ret}: u64, in, EXIT_HYPERCALL. */
  public static final int HYPERCALL_RESULT = 88;

  /** {@code kvm_run.hypercall.longmode}: u32, EXIT_HYPERCALL (flags in newer headers). */
  public static final int HYPERCALL_LONG_MODE = 96;

  /** {@code kvm_run.tpr_access.rip}: u64, EXIT_TPR_ACCESS. */
  public static final int TPR_ACCESS_RIP = 32;

  /** {@code kvm_run.tpr_access.is_write}: u32, EXIT_TPR_ACCESS. */
  public static final int TPR_ACCESS_IS_WRITE = 40;

  /** {@code kvm_run.internal.suberror}: u32, EXIT_INTERNAL_ERROR: an INTERNAL_ERROR_ constant. */
  public static final int INTERNAL_SUBERROR = 32;

  /** {@code kvm_run.internal.ndata}: u32, EXIT_INTERNAL_ERROR: valid elements of INTERNAL_DATA. */
  public static final int INTERNAL_DATA_COUNT = 36;

  /** {@code kvm_run.internal.data}: 16 of u64, EXIT_INTERNAL_ERROR. */
  public static final int INTERNAL_DATA = 40;

  /**
   * {@code kvm_run.emulation_failure.flags}: u64, INTERNAL_ERROR_EMULATION: EMULATION_FLAG_ bits,
   * valid where INTERNAL_DATA_COUNT is not 0.
   */
  public static final int EMULATION_FLAGS = 40;

  /**
   * {@code kvm_run.emulation_failure.insn_size}: u8, INTERNAL_ERROR_EMULATION: bytes that were
   * fetched.
   */
  public static final int EMULATION_INSTRUCTION_SIZE = 48;

  /** {@code kvm_run.emulation_failure.insn_bytes}: 15 bytes, INTERNAL_ERROR_EMULATION. */
  public static final int EMULATION_INSTRUCTION_BYTES = 49;

  /** {@code kvm_run.system_event.type}: u32, EXIT_SYSTEM_EVENT: a SYSTEM_EVENT_ constant. */
  public static final int SYSTEM_EVENT_TYPE = 32;

  /** {@code kvm_run.system_event.ndata}: u32, EXIT_SYSTEM_EVENT. */
  public static final int SYSTEM_EVENT_DATA_COUNT = 36;

  /** {@code kvm_run.system_event.data}: 16 of u64, EXIT_SYSTEM_EVENT; the first is flags. */
  public static final int SYSTEM_EVENT_DATA = 40;

  /**
   * {@code kvm_run.eoi.vector}: u8, EXIT_IOAPIC_EOI: vector of the level interrupt that ended,
   * split interrupt chips only.
   */
  public static final int EOI_VECTOR = 32;

  /** {@code kvm_run.hyperv.type}: u32, EXIT_HYPERV. */
  public static final int HYPERV_TYPE = 32;

  /**
   * {@code kvm_run.msr.error}: u8, in, EXIT_X86_RDMSR and EXIT_X86_WRMSR: not 0 injects a general
   * protection fault.
   */
  public static final int MSR_ERROR = 32;

  /** {@code kvm_run.msr.reason}: u32, EXIT_X86_RDMSR and EXIT_X86_WRMSR: MSR_REASON_ bits. */
  public static final int MSR_REASON = 40;

  /** {@code kvm_run.msr.index}: u32, EXIT_X86_RDMSR and EXIT_X86_WRMSR. */
  public static final int MSR_INDEX = 44;

  /** {@code kvm_run.msr.data}: u64, in for EXIT_X86_RDMSR, out for EXIT_X86_WRMSR. */
  public static final int MSR_DATA = 48;

  /** {@code kvm_run.xen.type}: u32, EXIT_XEN. */
  public static final int XEN_TYPE = 32;

  /** {@code kvm_run.notify.flags}: u32, EXIT_NOTIFY: NOTIFY_CONTEXT_INVALID. */
  public static final int NOTIFY_FLAGS = 32;

  /**
   * {@code kvm_run.memory_fault.flags}: u64, EXIT_MEMORY_FAULT, with which KVM_RUN returns EFAULT:
   * MEMORY_FAULT_PRIVATE.
   */
  public static final int MEMORY_FAULT_FLAGS = 32;

  /**
   * {@code kvm_run.memory_fault.gpa}: u64, EXIT_MEMORY_FAULT, with which KVM_RUN returns EFAULT:
   * guest-physical address.
   */
  public static final int MEMORY_FAULT_ADDRESS = 40;

  /**
   * {@code kvm_run.memory_fault.size}: u64, EXIT_MEMORY_FAULT, with which KVM_RUN returns EFAULT:
   * bytes.
   */
  public static final int MEMORY_FAULT_SIZE = 48;

  /**
   * {@code kvm_run.kvm_valid_regs}: u64, in: SYNC_ bits of the structures that KVM_RUN stores into
   * SYNC_ areas at each exit.
   */
  public static final int VALID_REGISTERS = 288;

  /**
   * {@code kvm_run.kvm_dirty_regs}: u64, in: SYNC_ bits of the areas that KVM_RUN loads before it
   * enters the guest.
   */
  public static final int DIRTY_REGISTERS = 296;

  /** {@code kvm_run.s.regs.regs}: {@link Registers} of CAP_SYNC_REGS. */
  public static final int SYNC_REGISTERS = 304;

  /** {@code kvm_run.s.regs.sregs}: {@link SpecialRegisters} of CAP_SYNC_REGS. */
  public static final int SYNC_SPECIAL_REGISTERS = 448;

  /** {@code kvm_run.s.regs.events}: {@link EventState} of CAP_SYNC_REGS. */
  public static final int SYNC_EVENTS = 760;

  /**
   * {@code sizeof(struct kvm_run)}: bytes of the structure; the mapping is larger, see
   * KVM_GET_VCPU_MMAP_SIZE.
   */
  public static final int SIZE = 2352;

  /** {@code KVM_PIO_PAGE_OFFSET}: page of the mapping that holds the data of port accesses. */
  public static final int PORT_PAGE = 1;

  /** {@code KVM_COALESCED_MMIO_PAGE_OFFSET}: page of the mapping that holds the coalesced ring. */
  public static final int COALESCED_PAGE = 2;

  /** {@code KVM_DIRTY_LOG_PAGE_OFFSET}: first page of the dirty ring. */
  public static final int DIRTY_RING_PAGE = 64;

  /** {@code KVM_EXIT_UNKNOWN}: exit reason: the processor gave a reason that KVM does not know. */
  public static final int EXIT_UNKNOWN = 0;

  /** {@code KVM_EXIT_EXCEPTION}: exit reason: an exception that KVM does not handle. */
  public static final int EXIT_EXCEPTION = 1;

  /** {@code KVM_EXIT_IO}: exit reason: a port access, see IO_. */
  public static final int EXIT_IO = 2;

  /** {@code KVM_EXIT_HYPERCALL}: exit reason: a hypercall for the monitor. */
  public static final int EXIT_HYPERCALL = 3;

  /** {@code KVM_EXIT_DEBUG}: exit reason: guest debugging, see DEBUG_. */
  public static final int EXIT_DEBUG = 4;

  /**
   * {@code KVM_EXIT_HLT}: exit reason: the guest halted and the interrupt chips are not in the
   * kernel.
   */
  public static final int EXIT_HLT = 5;

  /** {@code KVM_EXIT_MMIO}: exit reason: a memory access where no slot is, see MMIO_. */
  public static final int EXIT_MMIO = 6;

  /** {@code KVM_EXIT_IRQ_WINDOW_OPEN}: exit reason: the guest can take an interrupt. */
  public static final int EXIT_IRQ_WINDOW_OPEN = 7;

  /** {@code KVM_EXIT_SHUTDOWN}: exit reason: triple fault. */
  public static final int EXIT_SHUTDOWN = 8;

  /**
   * {@code KVM_EXIT_FAIL_ENTRY}: exit reason: the processor refused to enter the guest, see
   * FAIL_ENTRY_.
   */
  public static final int EXIT_FAIL_ENTRY = 9;

  /** {@code KVM_EXIT_INTR}: exit reason: a signal came. */
  public static final int EXIT_INTR = 10;

  /** {@code KVM_EXIT_SET_TPR}: exit reason: the guest changed its task priority. */
  public static final int EXIT_SET_TPR = 11;

  /** {@code KVM_EXIT_TPR_ACCESS}: exit reason: the guest touched the task priority register. */
  public static final int EXIT_TPR_ACCESS = 12;

  /** {@code KVM_EXIT_NMI}: exit reason: the monitor asked for an NMI window. */
  public static final int EXIT_NMI = 16;

  /** {@code KVM_EXIT_INTERNAL_ERROR}: exit reason: KVM cannot go on, see INTERNAL_. */
  public static final int EXIT_INTERNAL_ERROR = 17;

  /**
   * {@code KVM_EXIT_SYSTEM_EVENT}: exit reason: the guest asked the machine for something, see
   * SYSTEM_EVENT_.
   */
  public static final int EXIT_SYSTEM_EVENT = 24;

  /** {@code KVM_EXIT_IOAPIC_EOI}: exit reason: a level interrupt ended, see EOI_VECTOR. */
  public static final int EXIT_IOAPIC_EOI = 26;

  /** {@code KVM_EXIT_HYPERV}: exit reason: a Hyper-V request. */
  public static final int EXIT_HYPERV = 27;

  /** {@code KVM_EXIT_X86_RDMSR}: exit reason: a read of an MSR that was handed to the monitor. */
  public static final int EXIT_X86_RDMSR = 29;

  /** {@code KVM_EXIT_X86_WRMSR}: exit reason: a write of an MSR that was handed to the monitor. */
  public static final int EXIT_X86_WRMSR = 30;

  /** {@code KVM_EXIT_DIRTY_RING_FULL}: exit reason: the dirty ring must be collected. */
  public static final int EXIT_DIRTY_RING_FULL = 31;

  /**
   * {@code KVM_EXIT_AP_RESET_HOLD}: exit reason: an encrypted guest waits for a start-up interrupt.
   */
  public static final int EXIT_AP_RESET_HOLD = 32;

  /** {@code KVM_EXIT_X86_BUS_LOCK}: exit reason: the guest locked the bus. */
  public static final int EXIT_X86_BUS_LOCK = 33;

  /** {@code KVM_EXIT_XEN}: exit reason: a Xen request. */
  public static final int EXIT_XEN = 34;

  /**
   * {@code KVM_EXIT_NOTIFY}: exit reason: the guest kept the processor from every interrupt for too
   * long.
   */
  public static final int EXIT_NOTIFY = 37;

  /**
   * {@code KVM_EXIT_MEMORY_FAULT}: exit reason: host memory of the guest cannot be had, see
   * MEMORY_FAULT_.
   */
  public static final int EXIT_MEMORY_FAULT = 39;

  /**
   * {@code KVM_MEMORY_EXIT_FLAG_PRIVATE}: bit of MEMORY_FAULT_FLAGS: the access was to private
   * memory.
   */
  public static final int MEMORY_FAULT_PRIVATE = 8;

  /** {@code KVM_EXIT_IO_IN}: value of IO_DIRECTION: the guest reads the port. */
  public static final int IO_IN = 0;

  /** {@code KVM_EXIT_IO_OUT}: value of IO_DIRECTION: the guest writes the port. */
  public static final int IO_OUT = 1;

  /**
   * {@code KVM_INTERNAL_ERROR_EMULATION}: value of INTERNAL_SUBERROR: an instruction that KVM
   * cannot emulate.
   */
  public static final int INTERNAL_ERROR_EMULATION = 1;

  /** {@code KVM_INTERNAL_ERROR_SIMUL_EX}: value of INTERNAL_SUBERROR: two exceptions at once. */
  public static final int INTERNAL_ERROR_SIMUL_EX = 2;

  /**
   * {@code KVM_INTERNAL_ERROR_DELIVERY_EV}: value of INTERNAL_SUBERROR: an exit while an event was
   * delivered.
   */
  public static final int INTERNAL_ERROR_DELIVERY_EV = 3;

  /**
   * {@code KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON}: value of INTERNAL_SUBERROR: the processor
   * gave an exit reason that must not occur.
   */
  public static final int INTERNAL_ERROR_UNEXPECTED_EXIT_REASON = 4;

  /**
   * {@code KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES}: bit of EMULATION_FLAGS:
   * EMULATION_INSTRUCTION_ is valid.
   */
  public static final int EMULATION_FLAG_INSTRUCTION_BYTES = 1;

  /** {@code KVM_RUN_X86_SMM}: bit of FLAGS: the guest is in system management mode. */
  public static final int RUN_X86_SMM = 1;

  /** {@code KVM_RUN_X86_BUS_LOCK}: bit of FLAGS: the guest locked the bus. */
  public static final int RUN_X86_BUS_LOCK = 2;

  /** {@code KVM_RUN_X86_GUEST_MODE}: bit of FLAGS: the guest runs a guest of its own. */
  public static final int RUN_X86_GUEST_MODE = 4;

  /** {@code KVM_SYSTEM_EVENT_SHUTDOWN}: value of SYSTEM_EVENT_TYPE. */
  public static final int SYSTEM_EVENT_SHUTDOWN = 1;

  /** {@code KVM_SYSTEM_EVENT_RESET}: value of SYSTEM_EVENT_TYPE. */
  public static final int SYSTEM_EVENT_RESET = 2;

  /** {@code KVM_SYSTEM_EVENT_CRASH}: value of SYSTEM_EVENT_TYPE. */
  public static final int SYSTEM_EVENT_CRASH = 3;

  /** {@code KVM_SYSTEM_EVENT_WAKEUP}: value of SYSTEM_EVENT_TYPE. */
  public static final int SYSTEM_EVENT_WAKEUP = 4;

  /** {@code KVM_SYSTEM_EVENT_SUSPEND}: value of SYSTEM_EVENT_TYPE. */
  public static final int SYSTEM_EVENT_SUSPEND = 5;

  /** {@code KVM_SYSTEM_EVENT_SEV_TERM}: value of SYSTEM_EVENT_TYPE. */
  public static final int SYSTEM_EVENT_SEV_TERM = 6;

  /** {@code KVM_MSR_EXIT_REASON_INVAL}: bit of MSR_REASON: the access was invalid. */
  public static final int MSR_REASON_INVAL = 1;

  /** {@code KVM_MSR_EXIT_REASON_UNKNOWN}: bit of MSR_REASON: KVM does not know the MSR. */
  public static final int MSR_REASON_UNKNOWN = 2;

  /** {@code KVM_MSR_EXIT_REASON_FILTER}: bit of MSR_REASON: the filter hands it to the monitor. */
  public static final int MSR_REASON_FILTER = 4;

  /** {@code KVM_NOTIFY_CONTEXT_INVALID}: bit of NOTIFY_FLAGS: the vCPU cannot go on. */
  public static final int NOTIFY_CONTEXT_INVALID = 1;

  /** {@code KVM_SYNC_X86_REGS}: bit of VALID_REGISTERS and DIRTY_REGISTERS for SYNC_REGISTERS. */
  public static final int SYNC_BIT_REGISTERS = 1;

  /**
   * {@code KVM_SYNC_X86_SREGS}: bit of VALID_REGISTERS and DIRTY_REGISTERS for
   * SYNC_SPECIAL_REGISTERS.
   */
  public static final int SYNC_BIT_SPECIAL_REGISTERS = 2;

  /** {@code KVM_SYNC_X86_EVENTS}: bit of VALID_REGISTERS and DIRTY_REGISTERS for SYNC_EVENTS. */
  public static final int SYNC_BIT_EVENTS = 4;

  private RunPage() {}
}
