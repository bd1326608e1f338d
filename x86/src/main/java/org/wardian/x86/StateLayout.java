package org.wardian.x86;

/**
 * Byte offsets of the one off-heap block that holds a virtual processor's architectural state.
 *
 * <p>Interpreter, translated host code and snapshots all read and write this layout, so a vCPU may
 * change its execution tier at any instruction boundary. Unless said otherwise a field is 64 bits
 * wide and little-endian. Offsets of hot fields stay below 128 or 2048 so that short displacements
 * reach them.
 *
 * <h2>Arithmetic flags</h2>
 *
 * The six status flags live in two words and are computed when somebody asks ({@link Flags}):
 *
 * <ul>
 *   <li>{@link #FLAG_RESULT}: the sign-extended result. ZF = (result == 0).
 *   <li>{@link #FLAG_AUX}: bit 63 = CF; bit 62 = CF xor OF; bit 3 = AF; bit 0 = inverts SF; bits
 *       8..15 = parity delta. SF = bit 63 of result, xor bit 0 of aux. PF = even parity of (low
 *       byte of result xor parity delta).
 * </ul>
 *
 * {@link #EFLAGS} holds all other bits of RFLAGS (bit 1 set, the status bits zero).
 */
public final class StateLayout {
  private StateLayout() {}

  /** Sixteen general registers of 8 bytes: RAX RCX RDX RBX RSP RBP RSI RDI R8..R15. */
  public static final int GPR = 0x000;

  /** Pseudo register 16: always zero (absent base or index). */
  public static final int ZERO = 0x080;

  /** Pseudo register 17: linear address of the page that instructions run from. */
  public static final int CODE_PAGE = 0x088;

  /** Pseudo registers 18 and 19: scratch of the running tier. */
  public static final int SCRATCH = 0x090;

  public static final int RIP = 0x0a0;
  public static final int FLAG_RESULT = 0x0a8;
  public static final int FLAG_AUX = 0x0b0;
  public static final int EFLAGS = 0x0b8;

  /**
   * 32 bits: what must be looked at before the next instruction or branch; written by any thread.
   */
  public static final int PENDING = 0x0c0;

  /** 32 bits: the running tier's cached mode (privilege, code size); derived, never saved. */
  public static final int MODE = 0x0c4;

  /** Instructions retired since power on. */
  public static final int INSTRUCTIONS = 0x0c8;

  /** Host address of the TLB of the current privilege mode; derived, never saved. */
  public static final int TLB_CURRENT = 0x0d0;

  /** 32 bits: non-zero while an STI or MOV SS shadow blocks interrupts for one instruction. */
  public static final int INTERRUPT_SHADOW = 0x0d8;

  /**
   * Nine segment registers of 32 bytes: ES CS SS DS FS GS, NONE (always base 0), LDTR, TR. Each: +0
   * selector (16 bits), +4 attributes (32 bits), +8 limit in bytes (32 bits), +16 base.
   */
  public static final int SEGMENTS = 0x100;

  public static final int SEGMENT_STRIDE = 32;
  public static final int SELECTOR = 0;

  /**
   * As VMX's access rights: bits 3:0 type, 4 S, 6:5 DPL, 7 P, 12 AVL, 13 L, 14 D/B, 15 G, 16
   * unusable (null selector). Source: Intel SDM vol. 3 table 25-2.
   */
  public static final int ATTRIBUTES = 4;

  public static final int LIMIT = 8;
  public static final int BASE = 16;

  public static final int GDTR_BASE = 0x220;

  /** 32 bits, the low 16 count. */
  public static final int GDTR_LIMIT = 0x228;

  public static final int IDTR_BASE = 0x230;

  /** 32 bits, the low 16 count. */
  public static final int IDTR_LIMIT = 0x238;

  public static final int CR0 = 0x240;
  public static final int CR2 = 0x248;
  public static final int CR3 = 0x250;
  public static final int CR4 = 0x258;
  public static final int XCR0 = 0x260;

  /** DR0 to DR3, 8 bytes each; DR6 and DR7 follow at +32 and +40. */
  public static final int DR = 0x280;

  public static final int DR6 = 0x2a0;
  public static final int DR7 = 0x2a8;

  public static final int EFER = 0x2c0;
  public static final int STAR = 0x2c8;
  public static final int LSTAR = 0x2d0;
  public static final int CSTAR = 0x2d8;
  public static final int FMASK = 0x2e0;
  public static final int KERNEL_GS_BASE = 0x2e8;
  public static final int TSC_AUX = 0x2f0;
  public static final int SYSENTER_CS = 0x2f8;
  public static final int SYSENTER_ESP = 0x300;
  public static final int SYSENTER_EIP = 0x308;
  public static final int PAT = 0x310;
  public static final int MISC_ENABLE = 0x318;

  /** Added to the machine's time stamp counter, in ticks. */
  public static final int TSC_OFFSET = 0x320;

  public static final int TSC_ADJUST = 0x328;
  public static final int SPEC_CTRL = 0x330;

  /** 32 bits: {@link #RUNNING}, {@link #HALTED} or {@link #WAITING}. */
  public static final int ACTIVITY = 0x338;

  /** 8 bits: non-zero while a non-maskable interrupt waits to be taken. */
  public static final int NMI_PENDING = 0x33c;

  /** 8 bits: non-zero from the delivery of a non-maskable interrupt to the next IRET. */
  public static final int NMI_BLOCKED = 0x33d;

  /**
   * An event whose delivery was begun and must be done anew before the next instruction, or 0. As
   * VMX's interruption information: bits 7:0 vector, 10:8 kind ({@link #EVENT_EXTERNAL} and so on),
   * 11 error code valid, 31 valid; bits 63:32 are the error code. Source: Intel SDM vol. 3,
   * "VM-Entry Controls for Event Injection".
   */
  public static final int EVENT = 0x340;

  /** Bits of DR6 that a debug trap due before the next instruction will set. */
  public static final int DUE_TRAPS = 0x348;

  /** KVM's MSR_KVM_SYSTEM_TIME_NEW, and the older MSR that means the same. */
  public static final int SYSTEM_TIME = 0x350;

  /** KVM's MSR_KVM_WALL_CLOCK_NEW, and the older MSR that means the same. */
  public static final int WALL_CLOCK = 0x358;

  /** x87 control word, 16 bits. */
  public static final int FCW = 0x380;

  /** x87 status word, 16 bits; TOP is bits 13:11. */
  public static final int FSW = 0x382;

  /** Abridged tag word, 8 bits: bit i set = physical register i is not empty (FXSAVE format). */
  public static final int FTW = 0x384;

  /** Last x87 opcode, 16 bits (11 used). */
  public static final int FOP = 0x386;

  /** Last x87 instruction pointer. */
  public static final int FIP = 0x388;

  /** Last x87 data pointer. */
  public static final int FDP = 0x390;

  /** Selector of {@link #FIP}, 16 bits. */
  public static final int FCS = 0x398;

  /** Selector of {@link #FDP}, 16 bits. */
  public static final int FDS = 0x39a;

  /** 32 bits. */
  public static final int MXCSR = 0x39c;

  /** 96 bytes that belong to translated code; derived, never saved. */
  public static final int TRANSLATOR = 0x3a0;

  /**
   * Eight <em>physical</em> x87 registers of 16 bytes: +0 significand (64 bits, explicit integer
   * bit), +8 sign and exponent (16 bits). MMX register i is the significand of physical register i.
   * ST(i) is physical register (TOP + i) mod 8.
   */
  public static final int ST = 0x400;

  public static final int ST_STRIDE = 16;

  /** Sixteen vector registers of 32 bytes; XMM is the low 16. */
  public static final int VECTOR = 0x500;

  public static final int VECTOR_STRIDE = 32;

  /** IA32_MTRR_PHYSBASE0, IA32_MTRR_PHYSMASK0, and so on to the eighth pair. */
  public static final int MTRR_VARIABLE = 0x700;

  /** The eleven fixed-range MTRRs in the order of their numbers: 0x250, 0x258, 0x259, 0x268.. */
  public static final int MTRR_FIXED = 0x780;

  /** IA32_MTRR_DEF_TYPE. */
  public static final int MTRR_DEFAULT = 0x7d8;

  /** {@link #ACTIVITY}: executes instructions. */
  public static final int RUNNING = 0;

  /** {@link #ACTIVITY}: in HLT. */
  public static final int HALTED = 1;

  /** {@link #ACTIVITY}: after INIT, until a start-up message arrives. */
  public static final int WAITING = 2;

  /** Kind of {@link #EVENT}: an interrupt that its controller counts as in service. */
  public static final int EVENT_EXTERNAL = 0;

  /** Kind of {@link #EVENT}: a non-maskable interrupt. */
  public static final int EVENT_NMI = 2;

  /** Kind of {@link #EVENT}: an exception. */
  public static final int EVENT_EXCEPTION = 3;

  /** Kind of {@link #EVENT}: INT n; RIP is still that of the instruction. */
  public static final int EVENT_SOFTWARE_INTERRUPT = 4;

  /** Kind of {@link #EVENT}: INT3 or INTO; RIP is still that of the instruction. */
  public static final int EVENT_SOFTWARE_EXCEPTION = 6;

  /** Size of the architectural part, before the TLBs. */
  public static final int ARCHITECTURAL_SIZE = 0x800;

  public static final int ES = 0;
  public static final int CS = 1;
  public static final int SS = 2;
  public static final int DS = 3;
  public static final int FS = 4;
  public static final int GS = 5;

  /** Pseudo segment with base 0 and no limit. */
  public static final int NO_SEGMENT = 6;

  public static final int LDTR = 7;
  public static final int TR = 8;

  /** Register number of {@link #ZERO}. */
  public static final int REGISTER_ZERO = 16;

  /** Register number of {@link #CODE_PAGE}. */
  public static final int REGISTER_CODE_PAGE = 17;

  /** Offset of segment register {@code segment} (0 to 8). */
  public static int segment(int segment) {
    return SEGMENTS + segment * SEGMENT_STRIDE;
  }
}
