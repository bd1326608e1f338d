package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_xcrs}: extended control registers. Source: {@code
 * include/uapi/linux/kvm.h}.
 */
public final class XcrState {
  /** {@code kvm_xcrs.nr_xcrs}: u32, registers that follow. */
  public static final int COUNT = 0;

  /** {@code kvm_xcrs.flags}: u32, 0. */
  public static final int FLAGS = 4;

  /** {@code kvm_xcrs.xcrs}: 16 of ENTRY_SIZE bytes. */
  public static final int ENTRIES = 8;

  /** {@code kvm_xcr.xcr}: u32, 0 for XCR0. */
  public static final int ENTRY_NUMBER = 0;

  /** {@code kvm_xcr.value}: u64. */
  public static final int ENTRY_VALUE = 8;

  /** {@code sizeof(struct kvm_xcr)}: bytes of one register. */
  public static final int ENTRY_SIZE = 16;

  /** {@code KVM_MAX_XCRS}: registers that fit. */
  public static final int MAX_XCRS = 16;

  /** {@code sizeof(struct kvm_xcrs)}: bytes of the structure. */
  public static final int SIZE = 392;

  private XcrState() {}
}
