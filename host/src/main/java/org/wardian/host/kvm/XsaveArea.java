package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_xsave}: the XSAVE area in its standard form: where
 * a component lies tells CPUID leaf 0Dh of the host (Intel SDM vol. 1 section 13.4). The fields
 * here are those of the legacy region and the header. Source: {@code include/uapi/linux/kvm.h}.
 */
public final class XsaveArea {
  /** {@code kvm_xsave.region}: start of the area. */
  public static final int REGION = 0;

  /** U16, control word. */
  public static final int FCW = 0;

  /** U16, status word. */
  public static final int FSW = 2;

  /** U8, tags in the short form. */
  public static final int FTWX = 4;

  /** U16. */
  public static final int LAST_OPCODE = 6;

  /** U64. */
  public static final int LAST_IP = 8;

  /** U64. */
  public static final int LAST_DP = 16;

  /** U32. */
  public static final int MXCSR = 24;

  /** U32. */
  public static final int MXCSR_MASK = 28;

  /** 8 of 16 bytes, ST(0) first. */
  public static final int FPR = 32;

  /** 16 of 16 bytes. */
  public static final int XMM = 160;

  /** U64, components that the area holds; the others are in their initial state. */
  public static final int XSTATE_BV = 512;

  /** U64, 0 in the standard form. */
  public static final int XCOMP_BV = 520;

  /** 16 of 16 bytes, upper halves of YMM0 to YMM15. */
  public static final int YMM_HIGH = 576;

  /** {@code sizeof(struct kvm_xsave)}: bytes of the structure, see also KVM_CAP_XSAVE2. */
  public static final int SIZE = 4096;

  private XsaveArea() {}
}
