package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_mp_state}: what a vCPU is doing, as the local APIC
 * sees it. Source: {@code include/uapi/linux/kvm.h}.
 */
public final class MpState {
  /** {@code kvm_mp_state.mp_state}: u32, one of the constants below. */
  public static final int STATE = 0;

  /** {@code sizeof(struct kvm_mp_state)}: bytes of the structure. */
  public static final int SIZE = 4;

  /** {@code KVM_MP_STATE_RUNNABLE}: running, or ready to. */
  public static final int RUNNABLE = 0;

  /** {@code KVM_MP_STATE_UNINITIALIZED}: an application processor that has had no INIT. */
  public static final int UNINITIALIZED = 1;

  /** {@code KVM_MP_STATE_INIT_RECEIVED}: waits for a start-up interrupt. */
  public static final int INIT_RECEIVED = 2;

  /** {@code KVM_MP_STATE_HALTED}: halted, an interrupt wakes it. */
  public static final int HALTED = 3;

  /** {@code KVM_MP_STATE_SIPI_RECEIVED}: has just had a start-up interrupt. */
  public static final int SIPI_RECEIVED = 4;

  /** {@code KVM_MP_STATE_AP_RESET_HOLD}: encrypted guests. */
  public static final int AP_RESET_HOLD = 9;

  private MpState() {}
}
