package org.wardian.processor.software;

import org.wardian.bus.IoBus;
import org.wardian.bus.LocalInterruptController;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * One virtual processor's working state: the mode it runs in, memory through segments, operands,
 * and the stack. Semantics live in the operation groups; this class is what they share.
 */
abstract class Cpu extends Mmu {
  static final long CR4_DE = 1 << 3;
  static final long CR0_PE = 1;
  static final long CR0_MP = 1 << 1;
  static final long CR0_EM = 1 << 2;
  static final long CR0_TS = 1 << 3;
  static final long CR0_NE = 1 << 5;
  static final long CR0_WP = 1 << 16;
  static final long CR0_AM = 1 << 18;
  static final long CR0_NW = 1 << 29;
  static final long CR0_CD = 1 << 30;
  static final long CR0_PG = 1L << 31;

  static final long TF = 1 << 8;
  static final long IF = 1 << 9;
  static final long DF = 1 << 10;
  static final long IOPL = 3 << 12;
  static final long NT = 1 << 14;
  static final long RF = 1 << 16;
  static final long VM = 1 << 17;
  static final long AC = 1 << 18;
  static final long VIF = 1 << 19;
  static final long VIP = 1 << 20;
  static final long ID = 1 << 21;

  /** {@link StateLayout#PENDING}: the local interrupt controller has a vector. */
  static final int PENDING_INTERRUPT = 1;

  static final int PENDING_NMI = 2;

  /** Somebody wants {@code run()} to return. */
  static final int PENDING_STOP = 4;

  /** Run one instruction at a time: TF, instruction breakpoints, an interrupt shadow. */
  static final int PENDING_STEP = 8;

  /** INIT was received. */
  static final int PENDING_INIT = 16;

  /** A start-up IPI was received. */
  static final int PENDING_STARTUP = 32;

  /** Leave the interpreter at the next branch: translated code may go on. */
  static final int PENDING_BRANCH = 1 << 17;

  final IoBus ports;

  /** Current privilege level, 0 to 3. */
  int cpl;

  /** Bytes of the default operand size of the code segment: 2, 4, or 8 in 64-bit mode. */
  int codeSize;

  /** Which decoding of a page applies: {@link CodePage}'s kinds. */
  int codeKind;

  boolean code64;
  boolean protectedMode;
  boolean vm86;

  /** Mask of the stack pointer: 16, 32 or 64 bits. */
  long stackMask;

  /** Mask of RIP in the current code segment. */
  long ripMask;

  /** EXT bit of error codes while an event from outside is delivered. */
  int external;

  final Breakpoints breakpoints = new Breakpoints(this);

  /** DR6 bits of data and I/O breakpoints hit by the current instruction. */
  long watchHits;

  /**
   * DR6 bits of debug traps to take at the next instruction boundary: those that MOV SS holds back,
   * and the single step that SYSCALL and SYSRET leave.
   */
  long dueTraps;

  /** Set by what cancels the single step of its own instruction: INT n, SYSCALL, SYSRET. */
  boolean stepCancelled;

  /** Set where a fault belongs to the task that a switch has just entered: RIP is its RIP. */
  boolean taskSwitched;

  /** Set where a repeated string instruction stops for something pending before its last round. */
  boolean midString;

  /** Set while {@link SoftwareVcpu} runs one instruction: {@link #PENDING_STEP} then stays. */
  boolean stepping;

  Cpu(
      long state,
      GuestMemory memory,
      IoBus ports,
      IoBus mmio,
      LocalInterruptController interrupts) {
    super(state, memory, mmio, interrupts);
    this.ports = ports;
  }

  /** Translated code, or null. */
  Translations translations() {
    return null;
  }

  // ---- modes
  // --------------------------------------------------------------------------------------

  /** Derives everything that depends on CR0, CR4, EFER, CS, SS, RFLAGS and DR7. */
  final void updateMode() {
    long cr0 = cr(0);
    long flags = eflags();
    protectedMode = (cr0 & CR0_PE) != 0;
    vm86 = protectedMode && (flags & VM) != 0;
    int cs = attributes(StateLayout.CS);
    int ss = attributes(StateLayout.SS);
    cpl = vm86 ? 3 : protectedMode ? ss >> 5 & 3 : 0;
    boolean lma = longMode();
    code64 = lma && (cs & 1 << 13) != 0 && protectedMode && !vm86;
    codeSize = code64 ? 8 : (cs & 1 << 14) != 0 ? 4 : 2;
    stackMask = code64 ? -1L : (ss & 1 << 14) != 0 ? 0xffffffffL : 0xffff;
    if (code64) {
      codeKind = CodePage.LONG;
    } else if (codeSize == 4 && protectedMode && !vm86 && flat()) {
      codeKind = CodePage.FLAT_32;
    } else {
      codeKind = codeSize == 4 ? CodePage.SEGMENTED_32 : CodePage.SEGMENTED_16;
    }
    modeChanged();
    boolean smapLifted = (flags & AC) != 0;
    mmuMode = cpl == 3 ? USER : smapLifted ? SUPERVISOR_AC : SUPERVISOR;
    boolean checked = cpl == 3 && smapLifted && (cr0 & CR0_AM) != 0;
    long dr7 = RawMemory.getLong(state + StateLayout.DR7);
    boolean watching = false;
    boolean breakpoints = (dr7 & 0xff) != 0;
    if (breakpoints) {
      for (int i = 0; i < 4; i++) {
        if ((dr7 >>> (2 * i) & 3) != 0) {
          long kind = dr7 >>> (16 + 4 * i) & 3;
          watching |= kind == 1 || kind == 3;
        }
      }
    }
    ripMask = code64 ? -1L : 0xffffffffL;
    tlb = table(checked || watching ? ALWAYS_MISS : mmuMode);
    RawMemory.putLong(state + StateLayout.TLB_CURRENT, tlb);
    if ((flags & TF) != 0
        || breakpoints
        || stepping
        || dueTraps != 0
        || RawMemory.getInt(state + StateLayout.INTERRUPT_SHADOW) != 0) {
      raise(PENDING_STEP);
    } else {
      lower(PENDING_STEP);
    }
  }

  /**
   * Derives what depends on the privilege, and on EFLAGS.AC at privilege 0: 64-bit code changed
   * nothing else.
   */
  final void privilegeChanged() {
    cpl = attributes(StateLayout.SS) >> 5 & 3;
    mmuMode = cpl == 3 ? USER : (eflags() & AC) != 0 ? SUPERVISOR_AC : SUPERVISOR;
    tlb = table(mmuMode);
    RawMemory.putLong(state + StateLayout.TLB_CURRENT, tlb);
    modeChanged();
  }

  private boolean flat() {
    return flat(StateLayout.CS)
        && flat(StateLayout.SS)
        && flat(StateLayout.DS)
        && flat(StateLayout.ES)
        && (attributes(StateLayout.SS) & 1 << 14) != 0;
  }

  private boolean flat(int segment) {
    long at = state + StateLayout.segment(segment);
    int a = RawMemory.getInt(at + StateLayout.ATTRIBUTES);
    boolean code = (a & 8) != 0;
    // code: readable; data: writable and expanding up
    boolean open = code ? segment == StateLayout.CS && (a & 2) != 0 : (a & 6) == 2;
    return open
        && (a & 1 << 16) == 0
        && RawMemory.getLong(at + StateLayout.BASE) == 0
        && RawMemory.getInt(at + StateLayout.LIMIT) == -1;
  }

  /** Sets bits of {@link StateLayout#PENDING}; any thread. */
  final void raise(int bits) {
    int before;
    do {
      before = RawMemory.getIntVolatile(state + StateLayout.PENDING);
    } while ((before & bits) != bits
        && !RawMemory.compareAndSetInt(state + StateLayout.PENDING, before, before | bits));
  }

  /** Clears bits of {@link StateLayout#PENDING}; any thread. */
  final void lower(int bits) {
    int before;
    do {
      before = RawMemory.getIntVolatile(state + StateLayout.PENDING);
    } while ((before & bits) != 0
        && !RawMemory.compareAndSetInt(state + StateLayout.PENDING, before, before & ~bits));
  }

  final int pending() {
    return RawMemory.getIntVolatile(state + StateLayout.PENDING);
  }

  // ---- flags and registers
  // ------------------------------------------------------------------------

  /** RFLAGS without the six status flags. */
  final long eflags() {
    return RawMemory.getLong(state + StateLayout.EFLAGS);
  }

  final void eflags(long value) {
    long before = eflags();
    RawMemory.putLong(state + StateLayout.EFLAGS, (value & ~Flags.STATUS & 0x277fd7L) | 2);
    if ((~before & value & IF) != 0) {
      interruptsChanged();
    }
  }

  /** Has writes to a guest-physical page that now holds code told. */
  abstract void watchCode(long physical);

  /** Ends {@link #watchCode}. */
  abstract void unwatchCode(long physical);

  /** Looks again whether an interrupt can be taken: IF, TPR or the controller changed. */
  abstract void interruptsChanged();

  /** Privilege or kind of code may have changed. */
  abstract void modeChanged();

  /** IRET ends the blocking of NMIs. */
  abstract void nmiUnblocked();

  /** MOV SS and POP SS: no interrupt and no debug trap before the instruction after the next. */
  abstract void stackShadow();

  /** All of RFLAGS. */
  final long rflags() {
    return eflags() | Flags.get(state);
  }

  /** Writes all of RFLAGS and derives the mode again. */
  final void rflags(long value) {
    eflags(value);
    Flags.set(state, value);
    updateMode();
  }

  final long rip() {
    return RawMemory.getLong(state + StateLayout.RIP);
  }

  final void rip(long value) {
    RawMemory.putLong(state + StateLayout.RIP, value);
  }

  /** Writes the low {@code size} bytes as the architecture does: 4 bytes clear the upper half. */
  final void gpr(int register, int size, long value) {
    long at = state + StateLayout.GPR + register * 8L;
    switch (size) {
      case 1 -> RawMemory.putByte(at, (byte) value);
      case 2 -> RawMemory.putShort(at, (short) value);
      case 4 -> RawMemory.putLong(at, value & 0xffffffffL);
      default -> RawMemory.putLong(at, value);
    }
  }

  /** The low {@code size} bytes, zero-extended. */
  final long gprLow(int register, int size) {
    return gpr(register) & mask(size);
  }

  static long mask(int size) {
    return -1L >>> (64 - 8 * size);
  }

  // ---- segments
  // -----------------------------------------------------------------------------------

  final int selector(int segment) {
    return RawMemory.getShort(state + StateLayout.segment(segment)) & 0xffff;
  }

  final int attributes(int segment) {
    return RawMemory.getInt(state + StateLayout.segment(segment) + StateLayout.ATTRIBUTES);
  }

  final long limit(int segment) {
    return RawMemory.getInt(state + StateLayout.segment(segment) + StateLayout.LIMIT) & 0xffffffffL;
  }

  final long base(int segment) {
    return RawMemory.getLong(state + StateLayout.segment(segment) + StateLayout.BASE);
  }

  final void segment(int segment, int selector, int attributes, long limit, long base) {
    long at = state + StateLayout.segment(segment);
    RawMemory.putShort(at, (short) selector);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, (int) limit);
    RawMemory.putLong(at + StateLayout.BASE, base);
  }

  /** Linear address of an access, after the segment's checks. */
  final long linear(int segment, long offset, int size, boolean write) {
    if (segment == StateLayout.NO_SEGMENT) {
      return offset;
    }
    if (code64) {
      return segment >= StateLayout.FS ? offset + base(segment) : offset;
    }
    int a = attributes(segment);
    long limit = limit(segment);
    long end = offset + size - 1;
    boolean ok = (a & 1 << 16) == 0;
    if (protectedMode && !vm86) {
      boolean code = (a & 8) != 0;
      ok &= write ? !code && (a & 2) != 0 : !code || (a & 2) != 0;
      if (!code && (a & 4) != 0) {
        ok &= offset > limit && end <= ((a & 1 << 14) != 0 ? 0xffffffffL : 0xffff);
      } else {
        ok &= end <= limit;
      }
    } else {
      ok &= end <= limit;
    }
    if (!ok) {
      throw fault(segment == StateLayout.SS ? Vector.SS : Vector.GP, 0);
    }
    return offset + base(segment) & 0xffffffffL;
  }

  @Override
  public final long load(int segment, long offset, int size) {
    return loadLinear(linear(segment, offset, size, false), size);
  }

  @Override
  public final void store(int segment, long offset, int size, long value) {
    storeLinear(linear(segment, offset, size, true), size, value);
  }

  @Override
  public final void checkAlignment(int segment, long offset, int size, boolean write) {
    long va = linear(segment, offset, size, write);
    if (alignmentChecked() && (va & size - 1) != 0) {
      throw fault(Vector.AC, 0);
    }
  }

  @Override
  public final void exemptFromAlignment(boolean exempt) {
    unaligned = exempt;
  }

  private boolean alignmentChecked() {
    return cpl == 3 && (cr(0) & CR0_AM) != 0 && (eflags() & AC) != 0;
  }

  /** Set during accesses of 16 bytes, which alignment checks leave alone. */
  private boolean unaligned;

  /** Whether this access may take the plain path; else the checks for 16 bytes are done here. */
  private boolean plain(long va, int access) {
    if ((va & 0xfff) <= 0xff0 && tlb == table(mmuMode)) {
      return true;
    }
    unaligned = true;
    try {
      probe(va, 16, access, mmuMode);
    } finally {
      unaligned = false;
    }
    return false;
  }

  @Override
  public final void load128(int segment, long offset) {
    long va = linear(segment, offset, 16, false);
    if (!plain(va, READ)) {
      low = loadProbed(va);
      high = loadProbed(va + 8);
      return;
    }
    low = load64(va);
    high = load64(va + 8);
  }

  private long loadProbed(long va) {
    unaligned = true;
    try {
      return load64(va);
    } finally {
      unaligned = false;
    }
  }

  private void storeProbed(long va, long value) {
    unaligned = true;
    try {
      store64(va, value);
    } finally {
      unaligned = false;
    }
  }

  @Override
  public final void store128(int segment, long offset, long lowHalf, long highHalf) {
    long va = linear(segment, offset, 16, true);
    if (!plain(va, WRITE)) {
      storeProbed(va, lowHalf);
      storeProbed(va + 8, highHalf);
      return;
    }
    store64(va, lowHalf);
    store64(va + 8, highHalf);
  }

  @Override
  public final void probeStore(int segment, long offset, int size) {
    probe(linear(segment, offset, size, true), size, WRITE, mmuMode);
  }

  @Override
  public final void probeLoad(int segment, long offset, int size) {
    probe(linear(segment, offset, size, false), size, READ, mmuMode);
  }

  @Override
  public final long address(Instruction i) {
    long a = i.displacement + (gpr(i.index) << i.scale);
    // The base may be the pseudo register of the code page: see Lowering.
    a += gpr(i.base);
    return a & mask(i.addressSize);
  }

  /** Address of the instruction that executes now, for faults and restarts. */
  long instructionRip;

  /** RIP after the instruction that executes now. */
  long nextRip;

  /** Forgets all translations: data and code. */
  abstract void flushTranslations();

  /** Forgets the translations of the page of one linear address. */
  abstract void flushTranslation(long linear);

  /** Faults, without storing, where pushing {@code bytes} down to {@code sp} would. */
  final void probeStack(int segment, long sp, int bytes) {
    probeStore(segment, sp, bytes);
  }

  // ---- operands
  // -----------------------------------------------------------------------------------

  /** Value of operand 0, zero-extended. */
  final long read0(Instruction i) {
    return read(i, i.kind0, i.reg0, i.size0);
  }

  final long read1(Instruction i) {
    return read(i, i.kind1, i.reg1, i.size1);
  }

  final long read2(Instruction i) {
    return read(i, i.kind2, i.reg2, i.size2);
  }

  private long read(Instruction i, int kind, int reg, int size) {
    switch (kind) {
      case Instruction.REGISTER:
        return gpr(reg) & mask(size);
      case Instruction.HIGH_BYTE:
        return gpr(reg) >>> 8 & 0xff;
      case Instruction.MEMORY:
        return load(i.segment, address(i), size);
      case Instruction.SEGMENT:
        return selector(reg);
      case Instruction.IMMEDIATE2:
        return i.immediate2;
      default:
        return i.immediate;
    }
  }

  /** Reads operand 0 to be written by {@link #write0Modified}; faults as a write. */
  final long read0ForWrite(Instruction i) {
    if (i.kind0 == Instruction.MEMORY) {
      return loadForWrite(linear(i.segment, address(i), i.size0, true), i.size0);
    }
    return read0(i);
  }

  /** Writes operand 0 after {@link #read0ForWrite}. */
  final void write0Modified(Instruction i, long value) {
    if (i.kind0 == Instruction.MEMORY) {
      storePrepared(i.size0, value);
    } else {
      writeRegister(i.kind0, i.reg0, i.size0, value);
    }
  }

  /** Writes operand 0. */
  final void write0(Instruction i, long value) {
    if (i.kind0 == Instruction.MEMORY) {
      store(i.segment, address(i), i.size0, value);
    } else {
      writeRegister(i.kind0, i.reg0, i.size0, value);
    }
  }

  /** Writes a register operand. */
  final void writeRegister(int kind, int reg, int size, long value) {
    if (kind == Instruction.HIGH_BYTE) {
      RawMemory.putByte(state + StateLayout.GPR + reg * 8L + 1, (byte) value);
    } else {
      gpr(reg, size, value);
    }
  }

  // ---- stack
  // --------------------------------------------------------------------------------------

  static final int RSP = 4;

  final void push(int size, long value) {
    long rsp = gpr(RSP);
    long sp = rsp - size & stackMask;
    store(StateLayout.SS, sp, size, value);
    gpr(RSP, rsp & ~stackMask | sp);
  }

  /** The value at the top of the stack plus {@code offset}, without moving the pointer. */
  final long peek(int offset, int size) {
    return load(StateLayout.SS, gpr(RSP) + offset & stackMask, size);
  }

  /** Moves the stack pointer up. */
  final void drop(int bytes) {
    long rsp = gpr(RSP);
    gpr(RSP, rsp & ~stackMask | rsp + bytes & stackMask);
  }

  // ---- alignment and data breakpoints
  // -------------------------------------------------------------

  @Override
  final void watched(long va, int size, int access) {
    if (!unaligned && alignmentChecked() && (va & (Math.min(size, 8) - 1)) != 0) {
      throw fault(Vector.AC, 0);
    }
    watchHits |= breakpoints.data(va, size, access == WRITE);
  }

  /** I/O breakpoints: R/W bits 10 with CR4.DE. Source: Intel SDM vol. 3 §17.2.4. */
  final void watchPort(int port, int size) {
    watchHits |= breakpoints.port(port, size);
  }

  /**
   * RFLAGS from a frame or TSS: RF only suppresses breakpoints, so that without any it is dropped
   * rather than kept until the next instruction ends.
   */
  final long resumed(long flags) {
    return breakpoints.any() ? flags : flags & ~RF;
  }
}
