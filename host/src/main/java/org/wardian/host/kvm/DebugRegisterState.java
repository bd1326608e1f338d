package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_debugregs}: debug registers of the guest. Source:
 * {@code include/uapi/linux/kvm.h}.
 */
public final class DebugRegisterState {
  /** {@code kvm_debugregs.db}: 4 of u64, DR0 to DR3. */
  public static final int DB = 0;

  /** {@code kvm_debugregs.dr6}: u64. */
  public static final int DR6 = 32;

  /** {@code kvm_debugregs.dr7}: u64. */
  public static final int DR7 = 40;

  /** {@code kvm_debugregs.flags}: u64, 0. */
  public static final int FLAGS = 48;

  /** {@code sizeof(struct kvm_debugregs)}: bytes of the structure. */
  public static final int SIZE = 128;

  private DebugRegisterState() {}
}
