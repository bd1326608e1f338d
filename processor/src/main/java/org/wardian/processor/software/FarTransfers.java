package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Far jumps, calls and returns through segments, call gates and tasks, and IRET. Source: Intel SDM
 * vol. 2 (CALL, JMP, RET, IRET) and vol. 3 chapter 5.8.
 */
final class FarTransfers {
  private final Cpu cpu;
  private final Segmentation segmentation;
  private final TaskSwitch tasks;

  FarTransfers(Cpu cpu, Segmentation segmentation, TaskSwitch tasks) {
    this.cpu = cpu;
    this.segmentation = segmentation;
    this.tasks = tasks;
  }

  private boolean plainReal() {
    return !cpu.protectedMode || cpu.vm86;
  }

  private void realCode(int selector, long offset) {
    if (offset > cpu.limit(StateLayout.CS)) {
      throw cpu.fault(Vector.GP, 0);
    }
    if (cpu.vm86) {
      segmentation.loadVm86(StateLayout.CS, selector);
    } else {
      segmentation.loadReal(StateLayout.CS, selector);
    }
    cpu.rip(offset);
    cpu.updateMode();
  }

  /** JMP far. */
  void jump(int selector, long offset, int size) {
    if (plainReal()) {
      realCode(selector, offset);
      return;
    }
    long d = target(selector);
    int a = Segmentation.attributes(d);
    if ((a & Segmentation.NOT_SYSTEM) != 0) {
      directCode(selector, d);
      enter(selector, d, cut(d, offset & Cpu.mask(size)), cpu.cpl);
      return;
    }
    int type = a & 15;
    if (cpu.longMode() ? type == 12 : type == 4 || type == 12) {
      Gate gate = gate(selector, d);
      long code = gateCode(gate);
      boolean conforming = (Segmentation.attributes(code) & 4) != 0;
      int dpl = Segmentation.dpl(code);
      if (conforming ? dpl > cpu.cpl : dpl != cpu.cpl) {
        throw cpu.fault(Vector.GP, segmentation.error(gate.selector));
      }
      present(code, gate.selector);
      enter(gate.selector, code, gate.offset, cpu.cpl);
    } else {
      task(selector, d, type, TaskSwitch.Reason.JUMP);
    }
  }

  /** CALL far. */
  void call(int selector, long offset, int size, long returnRip) {
    if (plainReal()) {
      if (offset > cpu.limit(StateLayout.CS)) {
        throw cpu.fault(Vector.GP, 0);
      }
      pushTwo(size, cpu.selector(StateLayout.CS), returnRip);
      realCode(selector, offset);
      return;
    }
    long d = target(selector);
    int a = Segmentation.attributes(d);
    if ((a & Segmentation.NOT_SYSTEM) != 0) {
      directCode(selector, d);
      long rip = cut(d, offset & Cpu.mask(size));
      // A stack that cannot be written faults before a bad target.
      cpu.probeStore(StateLayout.SS, cpu.gpr(Cpu.RSP) - size & cpu.stackMask, size);
      cpu.probeStore(StateLayout.SS, cpu.gpr(Cpu.RSP) - 2L * size & cpu.stackMask, size);
      checkTarget(d, rip);
      pushTwo(size, cpu.selector(StateLayout.CS), returnRip);
      enter(selector, d, rip, cpu.cpl);
      return;
    }
    int type = a & 15;
    if (cpu.longMode() ? type == 12 : type == 4 || type == 12) {
      callGate(gate(selector, d), returnRip);
    } else {
      cpu.rip(returnRip);
      task(selector, d, type, TaskSwitch.Reason.CALL);
    }
  }

  private void task(int selector, long d, int type, TaskSwitch.Reason reason) {
    int dpl = Segmentation.dpl(d);
    boolean taskGate = type == 5;
    boolean tss = type == 1 || type == 9;
    if (cpu.longMode() || (!taskGate && !tss) || dpl < cpu.cpl || dpl < (selector & 3)) {
      throw cpu.fault(Vector.GP, segmentation.error(selector));
    }
    present(d, selector);
    tasks.byGate(taskGate ? (int) (d >>> 16) & 0xffff : selector, reason);
  }

  private long target(int selector) {
    if ((selector & 0xfffc) == 0) {
      throw cpu.fault(Vector.GP, 0);
    }
    return segmentation.descriptor(selector, Vector.GP);
  }

  private void present(long d, int selector) {
    if (!Segmentation.present(d)) {
      throw cpu.fault(Vector.NP, segmentation.error(selector));
    }
  }

  /** Privilege checks of a direct far transfer to a code segment. */
  private void directCode(int selector, long d) {
    int a = Segmentation.attributes(d);
    int dpl = Segmentation.dpl(d);
    boolean conforming = (a & 4) != 0;
    boolean bad = (a & Segmentation.CODE) == 0;
    bad |= conforming ? dpl > cpu.cpl : dpl != cpu.cpl || (selector & 3) > cpu.cpl;
    bad |= cpu.longMode() && (a & 0x6000) == 0x6000;
    if (bad) {
      throw cpu.fault(Vector.GP, segmentation.error(selector));
    }
    present(d, selector);
  }

  /** An instruction pointer popped for a segment that is not 64-bit has 32 bits. */
  private long cut(long d, long rip) {
    boolean code64 = cpu.longMode() && (Segmentation.attributes(d) & 1 << 13) != 0;
    return code64 ? rip : rip & 0xffffffffL;
  }

  private void checkTarget(long d, long rip) {
    boolean code64 = cpu.longMode() && (Segmentation.attributes(d) & 1 << 13) != 0;
    boolean bad = code64 ? rip << 16 >> 16 != rip : rip > Segmentation.limit(d);
    if (bad) {
      throw cpu.fault(Vector.GP, 0);
    }
  }

  private void enter(int selector, long d, long rip, int cpl) {
    checkTarget(d, rip);
    segmentation.installCode(selector, d, cpl);
    cpu.rip(rip);
    cpu.updateMode();
  }

  private record Gate(int selector, long offset, int size, int parameters) {}

  private Gate gate(int selector, long d) {
    if (Segmentation.dpl(d) < cpu.cpl || Segmentation.dpl(d) < (selector & 3)) {
      throw cpu.fault(Vector.GP, segmentation.error(selector));
    }
    present(d, selector);
    int codeSelector = (int) (d >>> 16) & 0xffff;
    long offset = d & 0xffff | d >>> 32 & 0xffff0000L;
    if (cpu.longMode()) {
      long high = cpu.systemLoad(segmentation.descriptorAddress(selector, Vector.GP, 16) + 8, 8);
      if ((high >>> 32 & 0x1f00) != 0) {
        throw cpu.fault(Vector.GP, segmentation.error(selector));
      }
      return new Gate(codeSelector, offset | high << 32, 8, 0);
    }
    boolean wide = (d & 1L << 43) != 0;
    return new Gate(
        codeSelector, wide ? offset : offset & 0xffff, wide ? 4 : 2, (int) (d >>> 32) & 31);
  }

  private long gateCode(Gate gate) {
    long code = target(gate.selector);
    int a = Segmentation.attributes(code);
    boolean bad = (a & 0x18) != 0x18 || Segmentation.dpl(code) > cpu.cpl;
    bad |= cpu.longMode() && (a & 0x6000) != 0x2000;
    if (bad) {
      throw cpu.fault(Vector.GP, segmentation.error(gate.selector));
    }
    return code;
  }

  private void callGate(Gate gate, long returnRip) {
    long code = gateCode(gate);
    present(code, gate.selector);
    boolean conforming = (Segmentation.attributes(code) & 4) != 0;
    int dpl = Segmentation.dpl(code);
    if (conforming || dpl == cpu.cpl) {
      checkTarget(code, gate.offset);
      pushTwo(gate.size, cpu.selector(StateLayout.CS), returnRip);
      enter(gate.selector, code, gate.offset, cpu.cpl);
    } else if (cpu.longMode()) {
      callInner64(gate, code, dpl, returnRip);
    } else {
      callInner(gate, code, dpl, returnRip);
    }
  }

  private void callInner64(Gate gate, long code, int dpl, long returnRip) {
    long tssOffset = 4 + dpl * 8L;
    if (tssOffset + 7 > cpu.limit(StateLayout.TR)) {
      throw cpu.fault(Vector.TS, segmentation.error(cpu.selector(StateLayout.TR)));
    }
    long rsp = cpu.systemLoad(cpu.base(StateLayout.TR) + tssOffset, 8);
    if (rsp << 16 >> 16 != rsp) {
      throw cpu.fault(Vector.SS, 0);
    }
    checkTarget(code, gate.offset);
    int mode = dpl == 3 ? Mmu.USER : Mmu.SUPERVISOR;
    cpu.probe(rsp - 32, 32, Mmu.WRITE, mode);
    cpu.storeSlow(rsp - 8, 8, cpu.selector(StateLayout.SS), mode);
    cpu.storeSlow(rsp - 16, 8, cpu.gpr(Cpu.RSP), mode);
    cpu.storeSlow(rsp - 24, 8, cpu.selector(StateLayout.CS), mode);
    cpu.storeSlow(rsp - 32, 8, returnRip, mode);
    cpu.segment(StateLayout.SS, dpl, Segmentation.UNUSABLE | dpl << 5, 0, 0);
    cpu.gpr(Cpu.RSP, rsp - 32);
    enter(gate.selector, code, gate.offset, dpl);
  }

  private void callInner(Gate gate, long code, int dpl, long returnRip) {
    long stack = tasks.innerStack(dpl);
    int ss = (int) (stack >>> 32) & 0xffff;
    long ssDescriptor = segmentation.stackDescriptor(ss, dpl, Vector.TS);
    int size = gate.size;
    int words = 4 + gate.parameters;
    boolean big = (Segmentation.attributes(ssDescriptor) & 1 << 14) != 0;
    long mask = big ? 0xffffffffL : 0xffff;
    long esp = stack & 0xffffffffL;
    long sp = esp - (long) words * size & mask;
    tasks.checkStackRoom(ssDescriptor, sp, words * size, ss);
    checkTarget(code, gate.offset);
    long[] frame = new long[words];
    frame[0] = returnRip;
    frame[1] = cpu.selector(StateLayout.CS);
    for (int i = 0; i < gate.parameters; i++) {
      frame[2 + i] = cpu.peek(i * size, size);
    }
    frame[words - 2] = cpu.gpr(Cpu.RSP);
    frame[words - 1] = cpu.selector(StateLayout.SS);
    long base = Segmentation.base(ssDescriptor);
    int mode = dpl == 3 ? Mmu.USER : Mmu.SUPERVISOR;
    cpu.probe(base + sp & 0xffffffffL, words * size, Mmu.WRITE, mode);
    for (int i = 0; i < words; i++) {
      cpu.storeSlow(base + (sp + (long) i * size & mask) & 0xffffffffL, size, frame[i], mode);
    }
    segmentation.install(StateLayout.SS, ss, ssDescriptor);
    cpu.gpr(Cpu.RSP, esp & ~mask | sp);
    enter(gate.selector, code, gate.offset, dpl);
  }

  private void pushTwo(int size, long first, long second) {
    long rsp = cpu.gpr(Cpu.RSP);
    long mask = cpu.stackMask;
    long sp = rsp - 2L * size & mask;
    // Both slots are checked before either is written.
    cpu.probeStore(StateLayout.SS, sp, size);
    cpu.store(StateLayout.SS, rsp - size & mask, size, first);
    cpu.store(StateLayout.SS, sp, size, second);
    cpu.gpr(Cpu.RSP, rsp & ~mask | sp);
  }

  /** RET far, releasing {@code release} more bytes. */
  void ret(int size, int release) {
    // The selector is read first, as on the processors that were asked.
    int selector = (int) cpu.peek(size, 2);
    long rip = cpu.peek(0, size);
    if (plainReal()) {
      long rsp = cpu.gpr(Cpu.RSP);
      realCode(selector, rip);
      cpu.gpr(Cpu.RSP, rsp);
      cpu.drop(2 * size + release);
      return;
    }
    long d = returnCode(selector);
    int rpl = selector & 3;
    rip = cut(d, rip);
    if (rpl == cpu.cpl) {
      checkTarget(d, rip);
      // The stack pointer moves by the width of the segment returned to.
      // What is released is counted in the width of the old stack.
      int bytes = 2 * size + release & (int) cpu.stackMask;
      enter(selector, d, rip, rpl);
      cpu.drop(bytes);
      return;
    }
    long rsp = cpu.peek(2 * size + release, size);
    int ss = (int) cpu.peek(3 * size + release, 2);
    outer(selector, d, rip, ss, rsp, size);
    cpu.drop(release);
  }

  private long returnCode(int selector) {
    long d = target(selector);
    int a = Segmentation.attributes(d);
    int rpl = selector & 3;
    int dpl = Segmentation.dpl(d);
    boolean conforming = (a & 4) != 0;
    boolean bad = (a & 0x18) != 0x18 || rpl < cpu.cpl;
    bad |= conforming ? dpl > rpl : dpl != rpl;
    bad |= cpu.longMode() && (a & 0x6000) == 0x6000;
    if (bad) {
      throw cpu.fault(Vector.GP, segmentation.error(selector));
    }
    present(d, selector);
    return d;
  }

  /** Loads CS:RIP and SS:RSP of a less privileged level (or, in 64-bit IRET, of the same). */
  private void outer(int selector, long d, long rip, int ss, long rsp, int size) {
    int rpl = selector & 3;
    boolean to64 = cpu.longMode() && (Segmentation.attributes(d) & 1 << 13) != 0;
    if ((ss & 0xfffc) == 0) {
      if (!to64 || rpl == 3 || (ss & 3) != rpl) {
        throw cpu.fault(Vector.GP, 0);
      }
      checkTarget(d, rip);
      segmentation.installCode(selector, d, rpl);
      cpu.segment(StateLayout.SS, ss, Segmentation.UNUSABLE | rpl << 5, 0, 0);
    } else {
      long stack = segmentation.stackDescriptor(ss, rpl, Vector.GP);
      checkTarget(d, rip);
      segmentation.installCode(selector, d, rpl);
      segmentation.install(StateLayout.SS, ss, stack);
    }
    int before = cpu.cpl;
    cpu.rip(rip);
    cpu.updateMode();
    long mask = cpu.stackMask;
    cpu.gpr(Cpu.RSP, mask == 0xffff ? cpu.gpr(Cpu.RSP) & ~mask | rsp & mask : rsp & mask);
    if (rpl > before) {
      segmentation.dropPrivilegedData(rpl);
      cpu.updateMode();
    }
  }

  /** IRET in every mode. */
  void interruptReturn(int size) {
    cpu.nmiUnblocked();
    if (!cpu.protectedMode) {
      realReturn(size);
    } else if (cpu.vm86) {
      if ((cpu.eflags() & Cpu.IOPL) != Cpu.IOPL) {
        throw cpu.fault(Vector.GP, 0);
      }
      realReturn(size);
    } else if ((cpu.eflags() & Cpu.NT) != 0) {
      if (cpu.longMode()) {
        throw cpu.fault(Vector.GP, 0);
      }
      tasks.byLink();
    } else {
      protectedReturn(size);
    }
  }

  private void realReturn(int size) {
    long rip = cpu.peek(0, size);
    int selector = (int) cpu.peek(size, 2);
    long flags = cpu.peek(2 * size, size);
    if (rip > cpu.limit(StateLayout.CS)) {
      throw cpu.fault(Vector.GP, 0);
    }
    cpu.drop(3 * size);
    long fixed = Cpu.VM | Cpu.VIF | Cpu.VIP | (cpu.vm86 ? Cpu.IOPL : 0);
    setFlags(flags, size, fixed);
    realCode(selector, rip);
  }

  /** Writes RFLAGS from a popped image; {@code kept} bits do not change. */
  private void setFlags(long flags, int size, long kept) {
    long keep = kept | (size == 2 ? ~0xffffL : 0);
    cpu.rflags(cpu.resumed(cpu.rflags() & keep | flags & ~keep));
  }

  private void protectedReturn(int size) {
    long rip = cpu.peek(0, size);
    int selector = (int) cpu.peek(size, 2);
    long flags = cpu.peek(2 * size, size);
    if (size == 4 && (flags & Cpu.VM) != 0 && cpu.cpl == 0 && !cpu.longMode()) {
      toVm86(rip, selector, flags);
      return;
    }
    long d = returnCode(selector);
    int rpl = selector & 3;
    rip = cut(d, rip);
    long kept = Cpu.VM;
    if (cpu.cpl != 0) {
      kept |= Cpu.IOPL | Cpu.VIF | Cpu.VIP;
      if (cpu.cpl > (cpu.eflags() >>> 12 & 3)) {
        kept |= Cpu.IF;
      }
    }
    if (rpl != cpu.cpl || cpu.code64) {
      long rsp = cpu.peek(3 * size, size);
      int ss = (int) cpu.peek(4 * size, 2);
      outer(selector, d, rip, ss, rsp, size);
    } else {
      enter(selector, d, rip, rpl);
      cpu.drop(3 * size);
    }
    setFlags(flags, size, kept);
  }

  private void toVm86(long rip, int selector, long flags) {
    if (rip > 0xffff) {
      throw cpu.fault(Vector.GP, 0);
    }
    long[] frame = new long[9];
    for (int i = 0; i < 9; i++) {
      frame[i] = cpu.peek(i * 4, 4);
    }
    cpu.rflags(cpu.resumed(flags));
    segmentation.loadVm86(StateLayout.CS, selector);
    segmentation.loadVm86(StateLayout.SS, (int) frame[4] & 0xffff);
    segmentation.loadVm86(StateLayout.ES, (int) frame[5] & 0xffff);
    segmentation.loadVm86(StateLayout.DS, (int) frame[6] & 0xffff);
    segmentation.loadVm86(StateLayout.FS, (int) frame[7] & 0xffff);
    segmentation.loadVm86(StateLayout.GS, (int) frame[8] & 0xffff);
    cpu.gpr(Cpu.RSP, frame[3]);
    cpu.rip(rip);
    cpu.updateMode();
  }

  /** SYSCALL. Source: Intel SDM vol. 2; AMD APM vol. 3 for legacy mode, which Intel lacks. */
  void systemCall(long returnRip) {
    long star = RawMemory.getLong(cpu.state + StateLayout.STAR);
    long flags = cpu.rflags();
    cpu.gpr(1, returnRip);
    cpu.gpr(11, flags & ~Cpu.RF);
    cpu.rip(RawMemory.getLong(cpu.state + (cpu.code64 ? StateLayout.LSTAR : StateLayout.CSTAR)));
    int cs = (int) (star >>> 32) & 0xfffc;
    cpu.segment(StateLayout.CS, cs, 0xa09b, 0xffffffffL, 0);
    cpu.segment(StateLayout.SS, cs + 8, 0xc093, 0xffffffffL, 0);
    long kept = ~RawMemory.getLong(cpu.state + StateLayout.FMASK);
    cpu.rflags(flags & kept & ~Cpu.RF);
    stepAfter();
  }

  /**
   * SYSCALL and SYSRET are stepped by the TF that they leave, so that a kernel is not stepped on
   * the user's stack. Source: AMD APM vol. 2 §13.1.4.
   */
  private void stepAfter() {
    cpu.stepCancelled = true;
    if ((cpu.eflags() & Cpu.TF) != 0) {
      cpu.dueTraps |= SingleStep.DR6_STEP;
    }
  }

  /** SYSRET; RCX is checked by the caller. */
  void systemReturn(boolean to64) {
    long star = RawMemory.getLong(cpu.state + StateLayout.STAR);
    int cs = (int) (star >>> 48) & 0xffff;
    if (to64) {
      cpu.rip(cpu.gpr(1));
      cpu.segment(StateLayout.CS, cs + 16 | 3, 0xa0fb, 0xffffffffL, 0);
    } else {
      cpu.rip(cpu.gpr(1) & 0xffffffffL);
      cpu.segment(StateLayout.CS, cs | 3, 0xc0fb, 0xffffffffL, 0);
    }
    cpu.segment(StateLayout.SS, cs + 8 | 3, 0xc0f3, 0xffffffffL, 0);
    cpu.rflags(cpu.gpr(11) & 0x3c7fd7 | 2);
    stepAfter();
  }

  /** SYSENTER; the MSRs are checked by the caller. */
  void systemEnter() {
    int cs = (int) RawMemory.getLong(cpu.state + StateLayout.SYSENTER_CS) & 0xfffc;
    boolean lma = cpu.longMode();
    cpu.eflags(cpu.eflags() & ~(Cpu.VM | Cpu.IF | Cpu.RF));
    cpu.gpr(Cpu.RSP, RawMemory.getLong(cpu.state + StateLayout.SYSENTER_ESP));
    cpu.rip(RawMemory.getLong(cpu.state + StateLayout.SYSENTER_EIP));
    cpu.segment(StateLayout.CS, cs, lma ? 0xa09b : 0xc09b, 0xffffffffL, 0);
    cpu.segment(StateLayout.SS, cs + 8, 0xc093, 0xffffffffL, 0);
    cpu.updateMode();
  }

  /** SYSEXIT; privilege is checked by the caller. */
  void systemExit(boolean to64) {
    int cs = (int) RawMemory.getLong(cpu.state + StateLayout.SYSENTER_CS) & 0xfffc;
    long rip = cpu.gpr(2);
    long rsp = cpu.gpr(1);
    if (to64) {
      if (rip << 16 >> 16 != rip || rsp << 16 >> 16 != rsp) {
        throw cpu.fault(Vector.GP, 0);
      }
      cpu.segment(StateLayout.CS, cs + 32 | 3, 0xa0fb, 0xffffffffL, 0);
      cpu.segment(StateLayout.SS, cs + 40 | 3, 0xc0f3, 0xffffffffL, 0);
    } else {
      rip &= 0xffffffffL;
      rsp &= 0xffffffffL;
      cpu.segment(StateLayout.CS, cs + 16 | 3, 0xc0fb, 0xffffffffL, 0);
      cpu.segment(StateLayout.SS, cs + 24 | 3, 0xc0f3, 0xffffffffL, 0);
    }
    cpu.rip(rip);
    cpu.gpr(Cpu.RSP, rsp);
    cpu.updateMode();
  }
}
