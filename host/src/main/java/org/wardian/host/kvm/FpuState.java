package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_fpu}: x87 and SSE registers. Source: {@code
 * include/uapi/linux/kvm.h}.
 */
public final class FpuState {
  /** {@code kvm_fpu.fpr}: 8 of 16 bytes, ST(0) first. */
  public static final int FPR = 0;

  /** {@code kvm_fpu.fcw}: u16, control word. */
  public static final int FCW = 128;

  /** {@code kvm_fpu.fsw}: u16, status word. */
  public static final int FSW = 130;

  /** {@code kvm_fpu.ftwx}: u8, tags in the short form of FXSAVE. */
  public static final int FTWX = 132;

  /** {@code kvm_fpu.last_opcode}: u16. */
  public static final int LAST_OPCODE = 134;

  /** {@code kvm_fpu.last_ip}: u64. */
  public static final int LAST_IP = 136;

  /** {@code kvm_fpu.last_dp}: u64. */
  public static final int LAST_DP = 144;

  /** {@code kvm_fpu.xmm}: 16 of 16 bytes. */
  public static final int XMM = 152;

  /** {@code kvm_fpu.mxcsr}: u32. */
  public static final int MXCSR = 408;

  /** {@code sizeof(struct kvm_fpu)}: bytes of the structure. */
  public static final int SIZE = 416;

  private FpuState() {}
}
