package org.wardian.chipset;

/**
 * Offsets in the local APIC's register page and the bits of its registers (Intel SDM vol. 3, table
 * "Local APIC Register Address Map"). In x2APIC mode a register is the MSR 0x800 + offset / 16.
 */
final class ApicRegister {
  static final int ID = 0x20;
  static final int VERSION = 0x30;
  static final int TPR = 0x80;
  static final int APR = 0x90;
  static final int PPR = 0xa0;
  static final int EOI = 0xb0;
  static final int RRD = 0xc0;
  static final int LDR = 0xd0;
  static final int DFR = 0xe0;
  static final int SVR = 0xf0;
  static final int ISR = 0x100;
  static final int TMR = 0x180;
  static final int IRR = 0x200;
  static final int ESR = 0x280;
  static final int ICR_LOW = 0x300;
  static final int ICR_HIGH = 0x310;
  static final int LVT_TIMER = 0x320;
  static final int LVT_THERMAL = 0x330;
  static final int LVT_PERFORMANCE = 0x340;
  static final int LVT_LINT0 = 0x350;
  static final int LVT_LINT1 = 0x360;
  static final int LVT_ERROR = 0x370;
  static final int INITIAL_COUNT = 0x380;
  static final int CURRENT_COUNT = 0x390;
  static final int DIVIDE_CONFIGURATION = 0x3e0;

  /** x2APIC mode only. */
  static final int SELF_IPI = 0x3f0;

  static final int SVR_ENABLE = 0x100;
  static final int SVR_WRITABLE = 0x3ff;
  static final int DIVIDE_WRITABLE = 0xb;

  static final int ESR_SEND_ILLEGAL_VECTOR = 0x20;
  static final int ESR_RECEIVE_ILLEGAL_VECTOR = 0x40;
  static final int ESR_ILLEGAL_REGISTER = 0x80;

  static final int LVT_REMOTE_IRR = 1 << 14;
  static final int LVT_LEVEL = 1 << 15;
  static final int LVT_MASKED = 1 << 16;

  static final int ICR_WRITABLE = 0xccfff;

  /** Bits that may be written in each LVT register, from {@link #LVT_TIMER} on. */
  private static final int[] LVT_WRITABLE = {0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};

  private ApicRegister() {}

  static boolean isLvt(int offset) {
    return offset >= LVT_TIMER && offset <= LVT_ERROR;
  }

  static int lvtWritable(int offset) {
    return LVT_WRITABLE[(offset - LVT_TIMER) >> 4];
  }

  /** Whether the register exists and may be read in x2APIC mode. */
  static boolean readableMsr(int offset) {
    return switch (offset) {
      case ID, VERSION, TPR, PPR, LDR, SVR, ESR, ICR_LOW -> true;
      case INITIAL_COUNT, CURRENT_COUNT, DIVIDE_CONFIGURATION -> true;
      default -> offset >= ISR && offset < ESR || isLvt(offset);
    };
  }

  /** The bits that a write in x2APIC mode may set; -1 where the register cannot be written. */
  static long writableMsr(int offset) {
    return switch (offset) {
      case TPR, SELF_IPI -> 0xff;
      case EOI, ESR -> 0;
      case SVR -> SVR_WRITABLE;
      case ICR_LOW -> 0xffffffff_000cdfffL;
      case INITIAL_COUNT -> 0xffffffffL;
      case DIVIDE_CONFIGURATION -> DIVIDE_WRITABLE;
      // Delivery status and remote IRR are read-only rather than reserved.
      default -> isLvt(offset) ? lvtWritable(offset) | 1 << 12 | LVT_REMOTE_IRR : -1;
    };
  }
}
