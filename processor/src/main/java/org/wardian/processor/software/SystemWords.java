package org.wardian.processor.software;

/**
 * Words behind the state block's tables that {@link SystemRoutines} and {@link SystemEmitter} go
 * by. Java writes them, apart from those that say so.
 */
final class SystemWords {
  private static final int BASE = HostState.x87Image() + X87State.SIZE;

  /** Keys of the jump table, 8 bytes each, by the TLB's table: what JUMP_KEY becomes there. */
  private static final int KEYS = BASE;

  /** 32 bits: whether SYSCALL does nothing out of the ordinary. */
  static final int CALL = BASE + 24;

  /** 32 bits: whether SYSRET does nothing out of the ordinary, whatever RCX and R11 are. */
  static final int RETURN = BASE + 28;

  /** 32 bits: whether IRET finds NMIs unblocked, and data segments that user code may keep. */
  static final int INTERRUPT_RETURN = BASE + 32;

  /** 32 bits, written by any thread: the interrupt controller has a vector. */
  static final int LINE = BASE + 36;

  /** RIP of the instruction that STI shields; emitted code writes it too. */
  static final int SHIELDED = BASE + 40;

  /** What SYSCALL leaves of EFLAGS. */
  static final int KEPT_FLAGS = BASE + 48;

  /** Selector and, 32 bits higher, attributes that SYSCALL loads: CS, SS. */
  static final int CALL_CS = BASE + 56;

  static final int CALL_SS = BASE + 64;

  /** The same for SYSRET. */
  static final int RETURN_CS = BASE + 72;

  static final int RETURN_SS = BASE + 80;

  /** 32 bits: whether RDTSC and RDTSCP do nothing but read the host's clock, plus an offset. */
  static final int CLOCK = BASE + 120;

  static final int CLOCK_OFFSET = BASE + 128;

  // Emitted code's own.

  /** Linear address of a bit string, and the number of a bit in it. */
  static final int BIT_BASE = BASE + 152;

  static final int BIT_NUMBER = BASE + 160;

  /** Offset of the TLB's table that the code uses. */
  static final int TABLE = BASE + 168;

  /** What the host's clock showed: struct timespec. */
  static final int TIME = BASE + 136;

  /** Where a routine goes on: a guest's or a host's address. */
  static final int BACK = BASE + 88;

  /** Host address of the guest code that a routine goes to. */
  static final int TARGET = BASE + 96;

  /** A value for which there is no register. */
  static final int SPILL = BASE + 104;

  /** Another. */
  static final int SECOND_SPILL = BASE + 112;

  /** What IRETQ returns to, as it was when it was looked at: RIP, CS, RFLAGS, RSP, SS. */
  static final int FRAME = BASE + 176;

  /** Offset of the first byte behind them. */
  static final int END = BASE + 216;

  private SystemWords() {}

  /** The key of code that uses the TLB's table {@code table}. */
  static int key(int table) {
    return KEYS + 8 * table;
  }
}
