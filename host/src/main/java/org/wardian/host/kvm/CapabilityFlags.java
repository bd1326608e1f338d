package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code KVM_ENABLE_CAP}: arguments of capabilities that are switched
 * on, and bits that KVM_CHECK_EXTENSION returns for them. Source: {@code include/uapi/linux/kvm.h}.
 */
public final class CapabilityFlags {
  /**
   * {@code KVM_X2APIC_API_USE_32BIT_IDS}: CAP_X2APIC_API: APIC identifiers of 32 bits in messages,
   * routes and the local APIC's state.
   */
  public static final int X2APIC_32_BIT_IDS = 1;

  /**
   * {@code KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK}: CAP_X2APIC_API: 255 is no broadcast in x2APIC
   * mode.
   */
  public static final int X2APIC_NO_BROADCAST_QUIRK = 2;

  /** {@code KVM_X86_DISABLE_EXITS_MWAIT}: CAP_X86_DISABLE_EXITS. */
  public static final int DISABLE_EXITS_MWAIT = 1;

  /** {@code KVM_X86_DISABLE_EXITS_HLT}: CAP_X86_DISABLE_EXITS. */
  public static final int DISABLE_EXITS_HLT = 2;

  /** {@code KVM_X86_DISABLE_EXITS_PAUSE}: CAP_X86_DISABLE_EXITS. */
  public static final int DISABLE_EXITS_PAUSE = 4;

  /** {@code KVM_X86_DISABLE_EXITS_CSTATE}: CAP_X86_DISABLE_EXITS. */
  public static final int DISABLE_EXITS_CSTATE = 8;

  /**
   * {@code KVM_X86_QUIRK_LINT0_REENABLED}: CAP_DISABLE_QUIRKS2: LINT0 of the boot processor is open
   * at reset.
   */
  public static final int QUIRK_LINT0_REENABLED = 1;

  /** {@code KVM_X86_QUIRK_CD_NW_CLEARED}: CAP_DISABLE_QUIRKS2: CR0.CD and NW are clear at reset. */
  public static final int QUIRK_CD_NW_CLEARED = 2;

  /**
   * {@code KVM_X86_QUIRK_LAPIC_MMIO_HOLE}: CAP_DISABLE_QUIRKS2: the local APIC's page answers in
   * x2APIC mode.
   */
  public static final int QUIRK_LAPIC_MMIO_HOLE = 4;

  /**
   * {@code KVM_X86_QUIRK_OUT_7E_INC_RIP}: CAP_DISABLE_QUIRKS2: RIP is past an OUT to port 7Eh at
   * its exit.
   */
  public static final int QUIRK_OUT_7E_INC_RIP = 8;

  /**
   * {@code KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT}: CAP_DISABLE_QUIRKS2: IA32_MISC_ENABLE switches
   * MONITOR in CPUID.
   */
  public static final int QUIRK_MISC_ENABLE_NO_MWAIT = 16;

  /**
   * {@code KVM_X86_QUIRK_FIX_HYPERCALL_INSN}: CAP_DISABLE_QUIRKS2: the other maker's hypercall
   * instruction is rewritten.
   */
  public static final int QUIRK_FIX_HYPERCALL_INSN = 32;

  /**
   * {@code KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS}: CAP_DISABLE_QUIRKS2: MONITOR and MWAIT never
   * fault.
   */
  public static final int QUIRK_MWAIT_NEVER_UD_FAULTS = 64;

  /**
   * {@code KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE}: CAP_MANUAL_DIRTY_LOG_PROTECT2: pages stay dirty
   * until KVM_CLEAR_DIRTY_LOG.
   */
  public static final int DIRTY_LOG_MANUAL_PROTECT = 1;

  /**
   * {@code KVM_DIRTY_LOG_INITIALLY_SET}: CAP_MANUAL_DIRTY_LOG_PROTECT2: all pages are dirty when
   * the log starts.
   */
  public static final int DIRTY_LOG_INITIALLY_SET = 2;

  /** {@code KVM_MSR_EXIT_REASON_INVAL}: CAP_X86_USER_SPACE_MSR. */
  public static final int MSR_EXIT_INVALID = 1;

  /** {@code KVM_MSR_EXIT_REASON_UNKNOWN}: CAP_X86_USER_SPACE_MSR. */
  public static final int MSR_EXIT_UNKNOWN = 2;

  /** {@code KVM_MSR_EXIT_REASON_FILTER}: CAP_X86_USER_SPACE_MSR. */
  public static final int MSR_EXIT_FILTER = 4;

  /** {@code KVM_BUS_LOCK_DETECTION_OFF}: CAP_X86_BUS_LOCK_EXIT. */
  public static final int BUS_LOCK_DETECTION_OFF = 1;

  /** {@code KVM_BUS_LOCK_DETECTION_EXIT}: CAP_X86_BUS_LOCK_EXIT. */
  public static final int BUS_LOCK_DETECTION_EXIT = 2;

  /** {@code KVM_PMU_CAP_DISABLE}: CAP_PMU_CAPABILITY: no performance counters. */
  public static final int PMU_DISABLE = 1;

  /** {@code KVM_X86_NOTIFY_VMEXIT_ENABLED}: CAP_X86_NOTIFY_VMEXIT. */
  public static final int NOTIFY_VMEXIT_ENABLED = 1;

  /** {@code KVM_X86_NOTIFY_VMEXIT_USER}: CAP_X86_NOTIFY_VMEXIT. */
  public static final int NOTIFY_VMEXIT_USER = 2;

  private CapabilityFlags() {}
}
