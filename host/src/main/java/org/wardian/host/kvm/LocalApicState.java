package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_lapic_state}: registers of the local APIC: the
 * first 1 KiB of its page, each register at its own offset (Intel SDM vol. 3 table 12-1), 16 bytes
 * apart. With x2APIC identifiers of 32 bits (KVM_CAP_X2APIC_API) the identifier register holds all
 * 32. Source: {@code include/uapi/linux/kvm.h}.
 */
public final class LocalApicState {
  /** {@code kvm_lapic_state.regs}: start of the registers. */
  public static final int REGISTERS = 0;

  /** {@code KVM_APIC_REG_SIZE}: bytes of the structure. */
  public static final int SIZE = 1024;

  /** U32. */
  public static final int ID = 0x20;

  /** U32. */
  public static final int VERSION = 0x30;

  /** U32. */
  public static final int TASK_PRIORITY = 0x80;

  /** U32. */
  public static final int LOGICAL_DESTINATION = 0xd0;

  /** U32. */
  public static final int DESTINATION_FORMAT = 0xe0;

  /** U32. */
  public static final int SPURIOUS_VECTOR = 0xf0;

  /** 8 of u32, 16 bytes apart. */
  public static final int IN_SERVICE = 0x100;

  /** 8 of u32, 16 bytes apart. */
  public static final int TRIGGER_MODE = 0x180;

  /** 8 of u32, 16 bytes apart. */
  public static final int INTERRUPT_REQUEST = 0x200;

  /** U32. */
  public static final int ERROR_STATUS = 0x280;

  /** U32. */
  public static final int INTERRUPT_COMMAND = 0x300;

  /** U32. */
  public static final int INTERRUPT_COMMAND_HIGH = 0x310;

  /** U32. */
  public static final int LVT_TIMER = 0x320;

  /** U32. */
  public static final int LVT_THERMAL = 0x330;

  /** U32. */
  public static final int LVT_PERFORMANCE = 0x340;

  /** U32. */
  public static final int LVT_LINT0 = 0x350;

  /** U32. */
  public static final int LVT_LINT1 = 0x360;

  /** U32. */
  public static final int LVT_ERROR = 0x370;

  /** U32. */
  public static final int INITIAL_COUNT = 0x380;

  /** U32. */
  public static final int CURRENT_COUNT = 0x390;

  /** U32. */
  public static final int DIVIDE_CONFIGURATION = 0x3e0;

  private LocalApicState() {}
}
