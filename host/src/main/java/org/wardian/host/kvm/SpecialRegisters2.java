package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_sregs2}: {@link SpecialRegisters} up to and with
 * APIC_BASE, then page directory pointers in place of the interrupt bitmap (KVM_CAP_SREGS2).
 * Source: {@code include/uapi/linux/kvm.h}.
 */
public final class SpecialRegisters2 {
  /** {@code kvm_sregs2.apic_base}: u64, the last field that both structures share. */
  public static final int APIC_BASE = 272;

  /** {@code kvm_sregs2.flags}: u64: FLAGS_PDPTRS_VALID. */
  public static final int FLAGS = 280;

  /** {@code kvm_sregs2.pdptrs}: 4 of u64. */
  public static final int PDPTRS = 288;

  /** {@code sizeof(struct kvm_sregs2)}: bytes of the structure. */
  public static final int SIZE = 320;

  /** {@code KVM_SREGS2_FLAGS_PDPTRS_VALID}: bit of FLAGS: PDPTRS is valid. */
  public static final int FLAGS_PDPTRS_VALID = 1;

  private SpecialRegisters2() {}
}
