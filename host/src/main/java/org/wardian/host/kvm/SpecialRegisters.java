package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_sregs}: segments, tables and control registers. A
 * segment is a {@code struct kvm_segment}, whose fields are the SEGMENT_ constants; a table is a
 * {@code struct kvm_dtable}, TABLE_ constants. Source: {@code include/uapi/linux/kvm.h}.
 */
public final class SpecialRegisters {
  /** {@code kvm_sregs.cs}: segment. */
  public static final int CS = 0;

  /** {@code kvm_sregs.ds}: segment. */
  public static final int DS = 24;

  /** {@code kvm_sregs.es}: segment. */
  public static final int ES = 48;

  /** {@code kvm_sregs.fs}: segment. */
  public static final int FS = 72;

  /** {@code kvm_sregs.gs}: segment. */
  public static final int GS = 96;

  /** {@code kvm_sregs.ss}: segment. */
  public static final int SS = 120;

  /** {@code kvm_sregs.tr}: segment. */
  public static final int TR = 144;

  /** {@code kvm_sregs.ldt}: segment. */
  public static final int LDT = 168;

  /** {@code kvm_sregs.gdt}: table. */
  public static final int GDT = 192;

  /** {@code kvm_sregs.idt}: table. */
  public static final int IDT = 208;

  /** {@code kvm_sregs.cr0}: u64. */
  public static final int CR0 = 224;

  /** {@code kvm_sregs.cr2}: u64. */
  public static final int CR2 = 232;

  /** {@code kvm_sregs.cr3}: u64. */
  public static final int CR3 = 240;

  /** {@code kvm_sregs.cr4}: u64. */
  public static final int CR4 = 248;

  /** {@code kvm_sregs.cr8}: u64. */
  public static final int CR8 = 256;

  /** {@code kvm_sregs.efer}: u64. */
  public static final int EFER = 264;

  /** {@code kvm_sregs.apic_base}: u64. */
  public static final int APIC_BASE = 272;

  /**
   * {@code kvm_sregs.interrupt_bitmap}: 4 of u64: the vector that KVM_INTERRUPT left pending, at
   * most one bit.
   */
  public static final int INTERRUPT_BITMAP = 280;

  /** {@code sizeof(struct kvm_sregs)}: bytes of the structure. */
  public static final int SIZE = 312;

  /** {@code kvm_segment.base}: u64. */
  public static final int SEGMENT_BASE = 0;

  /** {@code kvm_segment.limit}: u32, in bytes, scaled by granularity already. */
  public static final int SEGMENT_LIMIT = 8;

  /** {@code kvm_segment.selector}: u16. */
  public static final int SEGMENT_SELECTOR = 12;

  /** {@code kvm_segment.type}: u8, type field of the descriptor, 4 bits. */
  public static final int SEGMENT_TYPE = 14;

  /** {@code kvm_segment.present}: u8. */
  public static final int SEGMENT_PRESENT = 15;

  /** {@code kvm_segment.dpl}: u8. */
  public static final int SEGMENT_DPL = 16;

  /** {@code kvm_segment.db}: u8, default operation size. */
  public static final int SEGMENT_DB = 17;

  /** {@code kvm_segment.s}: u8, 1 for code and data. */
  public static final int SEGMENT_S = 18;

  /** {@code kvm_segment.l}: u8, 64-bit code. */
  public static final int SEGMENT_L = 19;

  /** {@code kvm_segment.g}: u8, granularity. */
  public static final int SEGMENT_G = 20;

  /** {@code kvm_segment.avl}: u8. */
  public static final int SEGMENT_AVL = 21;

  /** {@code kvm_segment.unusable}: u8, 1 for a null segment. */
  public static final int SEGMENT_UNUSABLE = 22;

  /** {@code sizeof(struct kvm_segment)}: bytes of one segment. */
  public static final int SEGMENT_SIZE = 24;

  /** {@code kvm_dtable.base}: u64. */
  public static final int TABLE_BASE = 0;

  /** {@code kvm_dtable.limit}: u16. */
  public static final int TABLE_LIMIT = 8;

  /** {@code sizeof(struct kvm_dtable)}: bytes of one table. */
  public static final int TABLE_SIZE = 16;

  private SpecialRegisters() {}
}
