package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_regs}: general registers, each a u64. Source:
 * {@code include/uapi/linux/kvm.h}.
 */
public final class Registers {
  /** {@code kvm_regs.rax}: u64. */
  public static final int RAX = 0;

  /** {@code kvm_regs.rbx}: u64. */
  public static final int RBX = 8;

  /** {@code kvm_regs.rcx}: u64. */
  public static final int RCX = 16;

  /** {@code kvm_regs.rdx}: u64. */
  public static final int RDX = 24;

  /** {@code kvm_regs.rsi}: u64. */
  public static final int RSI = 32;

  /** {@code kvm_regs.rdi}: u64. */
  public static final int RDI = 40;

  /** {@code kvm_regs.rsp}: u64. */
  public static final int RSP = 48;

  /** {@code kvm_regs.rbp}: u64. */
  public static final int RBP = 56;

  /** {@code kvm_regs.r8}: u64. */
  public static final int R8 = 64;

  /** {@code kvm_regs.r9}: u64. */
  public static final int R9 = 72;

  /** {@code kvm_regs.r10}: u64. */
  public static final int R10 = 80;

  /** {@code kvm_regs.r11}: u64. */
  public static final int R11 = 88;

  /** {@code kvm_regs.r12}: u64. */
  public static final int R12 = 96;

  /** {@code kvm_regs.r13}: u64. */
  public static final int R13 = 104;

  /** {@code kvm_regs.r14}: u64. */
  public static final int R14 = 112;

  /** {@code kvm_regs.r15}: u64. */
  public static final int R15 = 120;

  /** {@code kvm_regs.rip}: u64. */
  public static final int RIP = 128;

  /** {@code kvm_regs.rflags}: u64. */
  public static final int RFLAGS = 136;

  /** {@code sizeof(struct kvm_regs)}: bytes of the structure. */
  public static final int SIZE = 144;

  private Registers() {}
}
