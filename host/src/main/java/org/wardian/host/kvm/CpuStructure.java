package org.wardian.host.kvm;

/** A part of a vCPU's state that is read and written as one C structure. */
public enum CpuStructure {
  /** General registers, RIP and RFLAGS: {@link Registers}. */
  REGISTERS(Request.GET_REGS, Request.SET_REGS, Registers.SIZE, "kvm_regs"),

  /** Segments, tables and control registers: {@link SpecialRegisters}. */
  SPECIAL_REGISTERS(Request.GET_SREGS, Request.SET_SREGS, SpecialRegisters.SIZE, "kvm_sregs"),

  /** The same with page directory pointers, {@link KvmCapability#SREGS2}. */
  SPECIAL_REGISTERS_2(Request.GET_SREGS2, Request.SET_SREGS2, SpecialRegisters2.SIZE, "kvm_sregs2"),

  /** x87 and SSE: {@link FpuState}. */
  FPU(Request.GET_FPU, Request.SET_FPU, FpuState.SIZE, "kvm_fpu"),

  /** All of the extended state: {@link XsaveArea}. */
  XSAVE(Request.GET_XSAVE, Request.SET_XSAVE, XsaveArea.SIZE, "kvm_xsave"),

  /** Extended control registers: {@link XcrState}. */
  XCRS(Request.GET_XCRS, Request.SET_XCRS, XcrState.SIZE, "kvm_xcrs"),

  /** Debug registers: {@link DebugRegisterState}. */
  DEBUG_REGISTERS(
      Request.GET_DEBUGREGS, Request.SET_DEBUGREGS, DebugRegisterState.SIZE, "kvm_debugregs"),

  /** Pending exceptions and interrupts: {@link EventState}. */
  EVENTS(Request.GET_VCPU_EVENTS, Request.SET_VCPU_EVENTS, EventState.SIZE, "kvm_vcpu_events"),

  /** What the vCPU is doing: {@link MpState}. */
  MP_STATE(Request.GET_MP_STATE, Request.SET_MP_STATE, MpState.SIZE, "kvm_mp_state"),

  /** The local APIC in the kernel: {@link LocalApicState}. */
  LOCAL_APIC(Request.GET_LAPIC, Request.SET_LAPIC, LocalApicState.SIZE, "kvm_lapic_state");

  private final Request getter;
  private final Request setter;
  private final int size;
  private final String header;

  CpuStructure(Request getter, Request setter, int size, String header) {
    this.getter = getter;
    this.setter = setter;
    this.size = size;
    this.header = header;
  }

  /** Bytes; of {@link #XSAVE} at least, see {@link KvmCpu#size}. */
  public int size() {
    return size;
  }

  /** Name of the C structure. */
  public String header() {
    return header;
  }

  Request getter() {
    return getter;
  }

  Request setter() {
    return setter;
  }
}
