package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.GUEST_RSP;
import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.HostState.T1;
import static org.wardian.processor.software.translator.HostRegister.RAX;
import static org.wardian.processor.software.translator.HostRegister.RCX;
import static org.wardian.processor.software.translator.HostRegister.RDX;

import java.util.Arrays;
import java.util.stream.Stream;
import org.wardian.processor.Flags;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.x86.StateLayout;

/**
 * Host code that all blocks share, for instructions that change the privilege.
 *
 * <p>A block jumps to a routine with the exit of its instruction in {@link HostState#EXIT}, and the
 * flags where Java finds them. A routine first looks whether everything is as it usually is; where
 * it is not, nothing has changed yet, and it leaves to Java, which executes the instruction.
 */
final class SystemRoutines {
  /** How many routines never come back behind their exit. */
  private static final int LEAVING = 6;

  private static final int PAGE_MASK = -4096;
  private static final int R11 = 11;

  // The frame of IRETQ.
  private static final int RETURN_RIP = 0;
  private static final int RETURN_CODE_SEGMENT = 8;
  private static final int RETURN_FLAGS = 16;
  private static final int RETURN_STACK = 24;
  private static final int RETURN_STACK_SEGMENT = 32;

  /** Flags in an image with which IRET and SYSRET are not ordinary. */
  private static final int UNUSUAL = (int) (Cpu.TF | Cpu.AC);

  /** What IRET and SYSRET load into {@link StateLayout#EFLAGS}, but for {@link #UNUSUAL}. */
  private static final int LOADED = 0x247702;

  /** Descriptors of flat segments, accessed: Intel SDM vol. 3 §3.4.5. */
  private static final long SYSTEM_CODE = 0x00af_9b00_0000_ffffL;

  private static final long USER_CODE = 0x00af_fb00_0000_ffffL;
  private static final long SYSTEM_DATA = 0x00cf_9300_0000_ffffL;
  private static final long USER_DATA = 0x00cf_f300_0000_ffffL;

  private final HostAssembler a;
  private final long leave;
  private final long park;

  final long systemCall;
  final long systemReturn;
  final long interruptReturn;
  final long setAccess;
  final long clearAccess;
  final long lookAgain;

  final ClockRoutines clock;
  final StringRoutines strings;
  final BitRoutines bits;

  /** Where those start. */
  private final long[] starts = new long[LEAVING];

  private int count;

  SystemRoutines(HostAssembler a, long leave, long park) {
    this.a = a;
    this.leave = leave;
    this.park = park;
    systemCall = start();
    writeSystemCall();
    systemReturn = start();
    writeSystemReturn();
    interruptReturn = start();
    writeInterruptReturn();
    setAccess = start();
    writeAccess(true);
    clearAccess = start();
    writeAccess(false);
    lookAgain = start();
    writeLookAgain();
    clock = new ClockRoutines(a, leave);
    strings = new StringRoutines(a, leave);
    bits = new BitRoutines(a, leave, park);
  }

  private long start() {
    a.align(16);
    starts[count++] = a.address();
    return a.address();
  }

  /** Where the routines start. */
  long[] starts() {
    return Stream.of(starts, clock.starts(), strings.starts(), bits.starts())
        .flatMapToLong(Arrays::stream)
        .toArray();
  }

  /** How many of {@link #starts}, from the first on, never come back behind their exit. */
  int leaving() {
    return LEAVING;
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  private static int table(int mode) {
    return StateLayout.ARCHITECTURAL_SIZE + (int) (mode * Mmu.TABLE_SIZE);
  }

  // ---- pieces -----------------------------------------------------------------------------------

  /** Looks the RIP in T0 up as code of table {@code mode}; T1 is then the entry's offset. */
  private void lookUp(int mode) {
    a.movzx(4, T1, 2, T0);
    a.shift(HostAssembler.SHL, 4, T1, 4);
    a.aluLoad(HostAssembler.XOR, 8, T0, state(SystemWords.key(mode)));
    a.aluLoad(HostAssembler.CMP, 8, T0, HostMemory.at(STATE, T1, 0, HostState.jumpTable()));
  }

  private static long found() {
    return HostMemory.at(STATE, T1, 0, HostState.jumpTable() + 8);
  }

  /** Keeps where the code is that {@link #lookUp} found. */
  private void keepTarget() {
    a.movLoad(8, T0, found());
    a.movStore(8, state(SystemWords.TARGET), T0);
  }

  /** The code that runs from here on is that of table {@code mode}; T0 is lost. */
  private void switchTo(int mode) {
    a.movLoad(8, T0, state(SystemWords.key(mode)));
    a.movStore(8, state(HostState.JUMP_KEY), T0);
  }

  /** Loads a flat segment from the word at {@code words}; T0 is lost. */
  private void loadFlat(int segment, int words) {
    a.movLoad(8, T0, state(words));
    storeFlat(segment);
  }

  /** Loads a flat segment with its selector and attributes in T0. */
  private void storeFlat(int segment) {
    int at = StateLayout.segment(segment);
    a.movStore(8, state(at), T0);
    a.movStoreImmediate(4, state(at + StateLayout.LIMIT), -1);
    a.movStoreImmediate(8, state(at + StateLayout.BASE), 0);
  }

  /** Writes parked flags to T0 as bits of RFLAGS; T1 is lost. */
  static void assembleFlags(HostAssembler a) {
    a.movzxLoad(4, T0, 2, state(HostState.FLAG_A));
    a.mov(4, T1, T0);
    a.shift(HostAssembler.SHR, 4, T0, 8);
    a.aluImmediate(HostAssembler.AND, 4, T0, Flags.STATUS & 0xff);
    a.aluImmediate(HostAssembler.AND, 4, T1, 1);
    a.shift(HostAssembler.SHL, 4, T1, 11);
    a.alu(HostAssembler.OR, 8, T0, T1);
    a.aluLoad(HostAssembler.OR, 8, T0, state(StateLayout.EFLAGS));
  }

  /** Loads all flags from the image in T0, which is lost as are T1 and {@code free}. */
  private void loadFlags(int free) {
    a.mov(4, T1, T0);
    a.aluImmediate(HostAssembler.AND, 4, T1, Flags.STATUS & 0xff);
    a.shift(HostAssembler.SHL, 4, T1, 8);
    a.mov(4, free, T0);
    a.shift(HostAssembler.SHR, 4, free, 11);
    a.aluImmediate(HostAssembler.AND, 4, free, 1);
    a.alu(HostAssembler.OR, 4, T1, free);
    a.movStore(2, state(HostState.FLAG_A), T1);
    a.movStoreImmediate(4, state(HostState.RECIPE), FlagRecipe.PARKED);
    a.aluImmediate(HostAssembler.AND, 8, T0, LOADED);
    a.aluImmediate(HostAssembler.OR, 8, T0, 2);
    a.movStore(8, state(StateLayout.EFLAGS), T0);
  }

  // ---- privilege --------------------------------------------------------------------------------

  /** SYSCALL; T0 is the next instruction's RIP. */
  private void writeSystemCall() {
    a.movStore(8, state(SystemWords.BACK), T0);
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(SystemWords.CALL), 0);
    a.jccTo(HostCondition.EQUAL, leave);
    int unparked = a.newLabel();
    int again = a.here();
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(HostState.RECIPE), FlagRecipe.PARKED);
    a.jcc(HostCondition.NOT_EQUAL, unparked);
    a.movLoad(8, T0, state(StateLayout.LSTAR));
    lookUp(Mmu.SUPERVISOR);
    a.jccTo(HostCondition.NOT_EQUAL, leave);
    keepTarget();
    assembleFlags(a);
    a.aluImmediate(HostAssembler.AND, 8, T0, (int) ~Cpu.RF);
    a.movStore(8, state(StateLayout.GPR + 8 * R11), T0);
    a.movLoad(8, RCX, state(SystemWords.BACK));
    a.movLoad(8, T0, state(StateLayout.EFLAGS));
    a.aluLoad(HostAssembler.AND, 8, T0, state(SystemWords.KEPT_FLAGS));
    a.aluImmediate(HostAssembler.OR, 8, T0, 2);
    a.movStore(8, state(StateLayout.EFLAGS), T0);
    a.movStoreImmediate(2, state(HostState.FLAG_A), 0);
    loadFlat(StateLayout.CS, SystemWords.CALL_CS);
    loadFlat(StateLayout.SS, SystemWords.CALL_SS);
    switchTo(Mmu.SUPERVISOR);
    a.jmpLoad(state(SystemWords.TARGET));
    a.bind(unparked);
    a.lea(8, T0, HostMemory.label(again));
    a.jmpTo(park);
  }

  /** SYSRET to 64-bit code, at privilege 0. */
  private void writeSystemReturn() {
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(SystemWords.RETURN), 0);
    a.jccTo(HostCondition.EQUAL, leave);
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(SystemWords.LINE), 0);
    a.jccTo(HostCondition.NOT_EQUAL, leave);
    a.testStoreImmediate(4, state(StateLayout.GPR + 8 * R11), UNUSUAL);
    a.jccTo(HostCondition.NOT_EQUAL, leave);
    canonical(RCX);
    a.jccTo(HostCondition.NOT_EQUAL, leave);
    a.mov(8, T0, RCX);
    lookUp(Mmu.USER);
    a.jccTo(HostCondition.NOT_EQUAL, leave);
    keepTarget();
    a.movStore(8, state(SystemWords.SPILL), RAX);
    a.movLoad(8, T0, state(StateLayout.GPR + 8 * R11));
    loadFlags(RAX);
    a.movLoad(8, RAX, state(SystemWords.SPILL));
    loadFlat(StateLayout.CS, SystemWords.RETURN_CS);
    loadFlat(StateLayout.SS, SystemWords.RETURN_SS);
    switchTo(Mmu.USER);
    a.jmpLoad(state(SystemWords.TARGET));
  }

  /** Compares the address in {@code register} with its canonical form; T0 is lost. */
  private void canonical(int register) {
    a.mov(8, T0, register);
    a.shift(HostAssembler.SHL, 8, T0, 16);
    a.shift(HostAssembler.SAR, 8, T0, 16);
    a.alu(HostAssembler.CMP, 8, T0, register);
  }

  /** Goes to the code for the RIP in T0 if the second table of jump targets has it. */
  private void writeLookAgain() {
    a.movzx(4, T1, 2, T0);
    a.shift(HostAssembler.SHL, 4, T1, 4);
    a.aluLoad(HostAssembler.XOR, 8, T0, state(HostState.JUMP_KEY));
    int second = HostState.secondJumpTable();
    a.aluLoad(HostAssembler.CMP, 8, T0, HostMemory.at(STATE, T1, 0, second));
    a.jccTo(HostCondition.NOT_EQUAL, leave);
    a.jmpLoad(HostMemory.at(STATE, T1, 0, second + 8));
  }

  /** STAC and CLAC at privilege 0; T0 is the next instruction's RIP. */
  private void writeAccess(boolean set) {
    int mode = set ? Mmu.SUPERVISOR_AC : Mmu.SUPERVISOR;
    lookUp(mode);
    a.jccTo(HostCondition.NOT_EQUAL, leave);
    if (set) {
      a.aluStoreImmediate(HostAssembler.OR, 4, state(StateLayout.EFLAGS), (int) Cpu.AC);
    } else {
      a.aluStoreImmediate(HostAssembler.AND, 4, state(StateLayout.EFLAGS), (int) ~Cpu.AC);
    }
    switchTo(mode);
    a.jmpLoad(found());
  }

  /** IRETQ to 64-bit code of privilege 0 or 3, at privilege 0. */
  private void writeInterruptReturn() {
    int fail = a.newLabel();
    int user = a.newLabel();
    a.movStore(8, state(SystemWords.SPILL), RAX);
    a.movStore(8, state(SystemWords.SECOND_SPILL), RDX);
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(SystemWords.INTERRUPT_RETURN), 0);
    a.jcc(HostCondition.EQUAL, fail);
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(SystemWords.LINE), 0);
    a.jcc(HostCondition.NOT_EQUAL, fail);
    a.testStoreImmediate(4, state(StateLayout.EFLAGS), (int) Cpu.NT);
    a.jcc(HostCondition.NOT_EQUAL, fail);
    // It serializes: what was stored before it is seen by all before it ends.
    a.lock();
    a.aluStoreImmediate(HostAssembler.OR, 4, state(SystemWords.SPILL), 0);
    a.mov(8, RDX, GUEST_RSP);
    translate(RDX, 5 * 8, fail);
    // Once: another processor may write there meanwhile.
    for (int word = RETURN_STACK_SEGMENT; word >= RETURN_RIP; word -= 8) {
      a.movLoad(8, RAX, HostMemory.at(RDX, word));
      a.movStore(8, frame(word), RAX);
    }
    canonical(RAX);
    a.jcc(HostCondition.NOT_EQUAL, fail);
    a.movzxLoad(4, RAX, 2, frame(RETURN_CODE_SEGMENT));
    a.testImmediate(4, RAX, 3);
    a.jcc(HostCondition.NOT_EQUAL, user);
    writeReturnTo(Mmu.SUPERVISOR, fail);
    a.bind(user);
    writeReturnTo(Mmu.USER, fail);
    a.bind(fail);
    a.movLoad(8, RAX, state(SystemWords.SPILL));
    a.movLoad(8, RDX, state(SystemWords.SECOND_SPILL));
    a.jmpTo(leave);
  }

  /** Turns the supervisor's linear address in {@code register} into the host's, for a load. */
  private void translate(int register, int bytes, int fail) {
    a.lea(8, T0, HostMemory.at(register, bytes - 1));
    a.aluImmediate(HostAssembler.AND, 8, T0, PAGE_MASK);
    a.mov(4, T1, register);
    a.shift(HostAssembler.SHR, 4, T1, 7);
    a.aluImmediate(HostAssembler.AND, 4, T1, (int) Mmu.INDEX_MASK);
    a.aluLoad(HostAssembler.CMP, 8, T0, HostMemory.at(STATE, T1, 0, table(Mmu.SUPERVISOR)));
    a.jcc(HostCondition.NOT_EQUAL, fail);
    a.aluLoad(
        HostAssembler.ADD, 8, register, HostMemory.at(STATE, T1, 0, table(Mmu.SUPERVISOR) + 16));
  }

  /**
   * Checks that the selector in RAX, of privilege {@code privilege}, names {@code descriptor} in
   * the global table. RAX and the temporaries are lost.
   */
  private void checkDescriptor(int privilege, long descriptor, int fail) {
    a.mov(4, T0, RAX);
    a.aluImmediate(HostAssembler.AND, 4, T0, 7);
    a.aluImmediate(HostAssembler.CMP, 4, T0, privilege);
    a.jcc(HostCondition.NOT_EQUAL, fail);
    a.aluImmediate(HostAssembler.AND, 4, RAX, 0xfff8);
    a.jcc(HostCondition.EQUAL, fail);
    a.lea(4, T0, HostMemory.at(RAX, 7));
    a.movzxLoad(4, T1, 2, state(StateLayout.GDTR_LIMIT));
    a.alu(HostAssembler.CMP, 4, T0, T1);
    a.jcc(HostCondition.ABOVE, fail);
    a.aluLoad(HostAssembler.ADD, 8, RAX, state(StateLayout.GDTR_BASE));
    translate(RAX, 8, fail);
    a.movLoad(8, T0, HostMemory.at(RAX, 0));
    a.movImmediate(8, RAX, descriptor);
    a.alu(HostAssembler.CMP, 8, T0, RAX);
    a.jcc(HostCondition.NOT_EQUAL, fail);
  }

  private static long frame(int word) {
    return state(SystemWords.FRAME + word);
  }

  /** The rest of IRETQ, from {@link SystemWords#FRAME}; RAX is its CS. */
  private void writeReturnTo(int mode, int fail) {
    int privilege = mode == Mmu.USER ? 3 : 0;
    int stackChecked = a.newLabel();
    checkDescriptor(privilege, privilege == 0 ? SYSTEM_CODE : USER_CODE, fail);
    a.movzxLoad(4, RAX, 2, frame(RETURN_STACK_SEGMENT));
    if (privilege == 0) {
      a.test(4, RAX, RAX);
      a.jcc(HostCondition.EQUAL, stackChecked);
    }
    checkDescriptor(privilege, privilege == 0 ? SYSTEM_DATA : USER_DATA, fail);
    a.bind(stackChecked);
    a.testStoreImmediate(4, frame(RETURN_FLAGS), UNUSUAL);
    a.jcc(HostCondition.NOT_EQUAL, fail);
    a.movLoad(8, T0, frame(RETURN_RIP));
    lookUp(mode);
    a.jcc(HostCondition.NOT_EQUAL, fail);
    keepTarget();
    a.movLoad(8, T0, frame(RETURN_FLAGS));
    loadFlags(RAX);
    a.movzxLoad(4, RAX, 2, frame(RETURN_CODE_SEGMENT));
    long code = privilege == 0 ? SYSTEM_CODE : USER_CODE;
    a.movImmediate(8, T0, (long) Segmentation.attributes(code) << 32);
    a.alu(HostAssembler.OR, 8, T0, RAX);
    storeFlat(StateLayout.CS);
    loadStack(privilege);
    a.movLoad(8, GUEST_RSP, frame(RETURN_STACK));
    switchTo(mode);
    a.movLoad(8, RAX, state(SystemWords.SPILL));
    a.movLoad(8, RDX, state(SystemWords.SECOND_SPILL));
    a.jmpLoad(state(SystemWords.TARGET));
  }

  private void loadStack(int privilege) {
    long data = privilege == 0 ? SYSTEM_DATA : USER_DATA;
    int loaded = a.newLabel();
    a.movzxLoad(4, RAX, 2, frame(RETURN_STACK_SEGMENT));
    if (privilege == 0) {
      int flat = a.newLabel();
      int at = StateLayout.segment(StateLayout.SS);
      a.test(4, RAX, RAX);
      a.jcc(HostCondition.NOT_EQUAL, flat);
      a.movImmediate(8, T0, (long) Segmentation.UNUSABLE << 32);
      a.movStore(8, state(at), T0);
      a.movStoreImmediate(4, state(at + StateLayout.LIMIT), 0);
      a.movStoreImmediate(8, state(at + StateLayout.BASE), 0);
      a.jmp(loaded);
      a.bind(flat);
    }
    a.movImmediate(8, T0, (long) Segmentation.attributes(data) << 32);
    a.alu(HostAssembler.OR, 8, T0, RAX);
    storeFlat(StateLayout.SS);
    a.bind(loaded);
  }
}
