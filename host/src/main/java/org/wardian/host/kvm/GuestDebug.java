package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code KVM_SET_GUEST_DEBUG}: control bits of guest debugging. Source:
 * {@code include/uapi/linux/kvm.h}.
 */
public final class GuestDebug {
  /** {@code KVM_GUESTDBG_ENABLE}: debug exits are on. */
  public static final int ENABLE = 1;

  /** {@code KVM_GUESTDBG_SINGLESTEP}: exit after each instruction. */
  public static final int SINGLE_STEP = 2;

  /** {@code KVM_GUESTDBG_USE_SW_BP}: INT3 exits. */
  public static final int SOFTWARE_BREAKPOINTS = 65536;

  /** {@code KVM_GUESTDBG_USE_HW_BP}: the given debug registers are used in place of the guest's. */
  public static final int HARDWARE_BREAKPOINTS = 131072;

  /** {@code KVM_GUESTDBG_INJECT_DB}: inject a debug exception. */
  public static final int INJECT_DB = 262144;

  /** {@code KVM_GUESTDBG_INJECT_BP}: inject a breakpoint exception. */
  public static final int INJECT_BP = 524288;

  /** {@code KVM_GUESTDBG_BLOCKIRQ}: no interrupts while single stepping. */
  public static final int BLOCK_INTERRUPTS = 1048576;

  private GuestDebug() {}
}
