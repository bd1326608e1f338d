package org.wardian.processor.software;

import org.wardian.processor.software.translator.HostRegister;
import org.wardian.x86.StateLayout;

/**
 * Where emitted code finds what: the guest's registers in the host's, and the words of the state
 * block that belong to it alone.
 */
final class HostState {
  /** Base of the state block. */
  static final int STATE = HostRegister.RBP;

  /** Temporaries of one guest instruction. */
  static final int T0 = HostRegister.R14;

  static final int T1 = HostRegister.R15;

  /** Host register of each guest register, or {@link HostRegister#IN_MEMORY}. */
  static final byte[] REGISTERS = {
    HostRegister.RAX,
    HostRegister.RCX,
    HostRegister.RDX,
    HostRegister.RBX,
    HostRegister.R10,
    HostRegister.R11,
    HostRegister.RSI,
    HostRegister.RDI,
    HostRegister.R8,
    HostRegister.R9,
    HostRegister.IN_MEMORY,
    HostRegister.IN_MEMORY,
    HostRegister.R12,
    HostRegister.R13,
    HostRegister.IN_MEMORY,
    HostRegister.IN_MEMORY
  };

  /** The guest's stack pointer and frame pointer. */
  static final int GUEST_RSP = HostRegister.R10;

  static final int GUEST_RBP = HostRegister.R11;

  private static final int BASE = StateLayout.TRANSLATOR;

  /** 32 bits: how the status flags are kept; see {@link FlagRecipe}. */
  static final int RECIPE = BASE;

  /** 32 bits: which exit was taken. */
  static final int EXIT = BASE + 4;

  /** First operand of the recipe, or AH (SF ZF AF PF CF) in bits 15:8 and OF in bit 0. */
  static final int FLAG_A = BASE + 8;

  /** Second operand of the recipe. */
  static final int FLAG_B = BASE + 16;

  /** A value kept over a probe. */
  static final int HELD = BASE + 24;

  /** Another. */
  static final int HELD_TARGET = BASE + 32;

  /** Where to enter emitted code. */
  static final int TARGET = BASE + 40;

  /** What a jump target is combined with to look it up. */
  static final int JUMP_KEY = BASE + 48;

  /** 32 bits: the host's own MXCSR meanwhile. */
  static final int HOST_MXCSR = BASE + 56;

  /** 32 bits: whether the guest's x87 registers are the host's; see {@link X87State}. */
  static final int X87_LIVE = BASE + 60;

  /** Instructions of the blocks that were entered; see {@link TierCounts}. */
  static final int COUNT = BASE + 64;

  /** Entries of the table of jump targets, 16 bytes each: key, host address. */
  static final int JUMPS = 1 << 16;

  private HostState() {}

  /** Offset of the table of jump targets in the state block. */
  static int jumpTable() {
    return (int) Mmu.tlbEnd();
  }

  /**
   * Offset of the second table of jump targets: what had to give way in the first. Its entries are
   * chosen and written as those are; only a routine and Java look there.
   */
  static int secondJumpTable() {
    return jumpTable() + JUMPS * 16;
  }

  /** Offset of the image of the x87 registers in the state block. */
  static int x87Image() {
    return secondJumpTable() + JUMPS * 16;
  }
}
