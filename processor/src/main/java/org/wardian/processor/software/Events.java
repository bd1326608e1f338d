package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Delivery of exceptions and interrupts through the IVT or IDT in every mode. Source: Intel SDM
 * vol. 3 chapter 6, and vol. 2 "INT n".
 */
final class Events {
  /** What caused the event; decides privilege checks and EXT. */
  enum Source {
    /** An exception that an instruction raised. */
    EXCEPTION,
    /** An interrupt from outside, or NMI. */
    EXTERNAL,
    /** INT n, INT3, INTO: gate privilege is checked. */
    SOFTWARE,
    /** INT1: as software, but without the privilege check. */
    PRIVILEGED_SOFTWARE
  }

  private final Cpu cpu;
  private final Segmentation segmentation;
  private final TaskSwitch tasks;

  Events(Cpu cpu, Segmentation segmentation, TaskSwitch tasks) {
    this.cpu = cpu;
    this.segmentation = segmentation;
    this.tasks = tasks;
  }

  /**
   * Delivers one event; RIP in the state block is what the frame shall show.
   *
   * @throws GuestFault where the delivery itself faults; nothing but the stack's memory is changed
   */
  void deliver(int vector, int errorCode, Source source) {
    boolean withError = source == Source.EXCEPTION && Vector.hasErrorCode(vector);
    cpu.external = source == Source.SOFTWARE ? 0 : 1;
    if (!cpu.protectedMode) {
      cpu.external = 0;
      real(vector);
    } else if (cpu.longMode()) {
      longMode(vector, errorCode, withError, source);
    } else {
      protectedMode(vector, errorCode, withError, source);
    }
    cpu.external = 0;
    cpu.stepCancelled = true;
    RawMemory.putInt(cpu.state + StateLayout.INTERRUPT_SHADOW, 0);
    cpu.updateMode();
  }

  private void real(int vector) {
    long base = RawMemory.getLong(cpu.state + StateLayout.IDTR_BASE);
    long limit = RawMemory.getInt(cpu.state + StateLayout.IDTR_LIMIT) & 0xffff;
    if (vector * 4 + 3 > limit) {
      throw cpu.fault(Vector.GP, 0);
    }
    long entry = cpu.systemLoad(base + vector * 4L, 4);
    long rsp = cpu.gpr(Cpu.RSP);
    long mask = cpu.stackMask;
    cpu.store(StateLayout.SS, rsp - 6 & mask, 2, cpu.rip());
    cpu.store(StateLayout.SS, rsp - 4 & mask, 2, cpu.selector(StateLayout.CS));
    cpu.store(StateLayout.SS, rsp - 2 & mask, 2, cpu.rflags());
    cpu.gpr(Cpu.RSP, rsp & ~mask | rsp - 6 & mask);
    cpu.eflags(cpu.eflags() & ~(Cpu.IF | Cpu.TF | Cpu.AC | Cpu.RF));
    segmentation.loadReal(StateLayout.CS, (int) (entry >>> 16));
    cpu.rip(entry & 0xffff);
  }

  private int gateError(int vector) {
    return vector * 8 + 2 + cpu.external;
  }

  private long gate(int vector, int size, Source source) {
    long base = RawMemory.getLong(cpu.state + StateLayout.IDTR_BASE);
    long limit = RawMemory.getInt(cpu.state + StateLayout.IDTR_LIMIT) & 0xffff;
    if (vector * size + size - 1 > limit) {
      throw cpu.fault(Vector.GP, gateError(vector));
    }
    long low = cpu.systemLoad(base + (long) vector * size, 8);
    int type = (int) (low >>> 40) & 0x1f;
    boolean known =
        size == 16
            ? type == 14 || type == 15
            : type == 5 || type == 6 || type == 7 || type == 14 || type == 15;
    if (!known || (source == Source.SOFTWARE && Segmentation.dpl(low) < cpu.cpl)) {
      throw cpu.fault(Vector.GP, gateError(vector));
    }
    if (!Segmentation.present(low)) {
      throw cpu.fault(Vector.NP, gateError(vector));
    }
    return low;
  }

  /** The handler's code descriptor, checked. */
  private long handler(int selector) {
    if ((selector & 0xfffc) == 0) {
      throw cpu.fault(Vector.GP, cpu.external);
    }
    long d = segmentation.descriptor(selector, Vector.GP);
    int a = Segmentation.attributes(d);
    if ((a & (Segmentation.NOT_SYSTEM | Segmentation.CODE)) != 0x18
        || Segmentation.dpl(d) > cpu.cpl) {
      throw cpu.fault(Vector.GP, segmentation.error(selector));
    }
    if (!Segmentation.present(d)) {
      throw cpu.fault(Vector.NP, segmentation.error(selector));
    }
    return d;
  }

  private void longMode(int vector, int errorCode, boolean withError, Source source) {
    long low = gate(vector, 16, source);
    long idt = RawMemory.getLong(cpu.state + StateLayout.IDTR_BASE);
    long high = cpu.systemLoad(idt + vector * 16L + 8, 8);
    int selector = (int) (low >>> 16) & 0xffff;
    long target = low & 0xffff | low >>> 32 & 0xffff0000L | high << 32;
    long d = handler(selector);
    int a = Segmentation.attributes(d);
    if ((a & 0x6000) != 0x2000) {
      throw cpu.fault(Vector.GP, segmentation.error(selector));
    }
    boolean conforming = (a & 4) != 0;
    int newCpl = conforming ? cpu.cpl : Segmentation.dpl(d);
    int ist = (int) (low >>> 32) & 7;
    boolean inner = newCpl < cpu.cpl;
    long rsp;
    if (ist != 0) {
      rsp = taskStack64(0x24 + (ist - 1) * 8);
    } else if (inner) {
      rsp = taskStack64(4 + newCpl * 8);
    } else {
      rsp = cpu.gpr(Cpu.RSP) & cpu.ripMask;
    }
    int mode = newCpl == 3 ? Mmu.USER : Mmu.SUPERVISOR;
    long sp = (rsp & -16) - (withError ? 48 : 40);
    if (rsp << 16 >> 16 != rsp) {
      throw cpu.fault(Vector.SS, cpu.external);
    }
    cpu.probe(sp, (int) ((rsp & -16) - sp), Mmu.WRITE, mode);
    long at = sp;
    if (withError) {
      cpu.storeSlow(at, 8, errorCode & 0xffffffffL, mode);
      at += 8;
    }
    cpu.storeSlow(at, 8, cpu.rip(), mode);
    cpu.storeSlow(at + 8, 8, cpu.selector(StateLayout.CS), mode);
    cpu.storeSlow(at + 16, 8, cpu.rflags(), mode);
    cpu.storeSlow(at + 24, 8, cpu.gpr(Cpu.RSP) & cpu.ripMask, mode);
    cpu.storeSlow(at + 32, 8, cpu.selector(StateLayout.SS), mode);
    if (target << 16 >> 16 != target) {
      throw cpu.fault(Vector.GP, cpu.external);
    }
    segmentation.installCode(selector, d, newCpl);
    if (inner || ist != 0) {
      cpu.segment(StateLayout.SS, newCpl, Segmentation.UNUSABLE | newCpl << 5, 0, 0);
    }
    cpu.gpr(Cpu.RSP, sp);
    cpu.rip(target);
    clearFlags((low >>> 40 & 1) == 0);
  }

  private void clearFlags(boolean interruptGate) {
    long cleared = Cpu.TF | Cpu.NT | Cpu.RF | Cpu.VM | (interruptGate ? Cpu.IF : 0);
    cpu.eflags(cpu.eflags() & ~cleared);
  }

  private long taskStack64(int offset) {
    if (offset + 7 > cpu.limit(StateLayout.TR)) {
      throw cpu.fault(Vector.TS, segmentation.error(cpu.selector(StateLayout.TR)));
    }
    return cpu.systemLoad(cpu.base(StateLayout.TR) + offset, 8);
  }

  private void protectedMode(int vector, int errorCode, boolean withError, Source source) {
    long low = gate(vector, 8, source);
    int type = (int) (low >>> 40) & 15;
    int selector = (int) (low >>> 16) & 0xffff;
    if (type == 5) {
      tasks.byGate(selector, TaskSwitch.Reason.INTERRUPT);
      if (withError) {
        boolean wide = (cpu.attributes(StateLayout.TR) & 8) != 0;
        cpu.push(wide ? 4 : 2, errorCode);
      }
      return;
    }
    int size = (type & 8) != 0 ? 4 : 2;
    long target = size == 4 ? low & 0xffff | low >>> 32 & 0xffff0000L : low & 0xffff;
    long d = handler(selector);
    int a = Segmentation.attributes(d);
    boolean conforming = (a & 4) != 0;
    int dpl = Segmentation.dpl(d);
    boolean fromVm86 = cpu.vm86;
    if (fromVm86 && (conforming || dpl != 0)) {
      throw cpu.fault(Vector.GP, segmentation.error(selector));
    }
    if (!conforming && dpl < cpu.cpl) {
      inner(d, dpl, selector, target, size, errorCode, withError, fromVm86);
    } else {
      long rsp = cpu.gpr(Cpu.RSP);
      long mask = cpu.stackMask;
      int bytes = size * (withError ? 4 : 3);
      long sp = rsp - bytes & mask;
      long at = sp;
      try {
        cpu.probeStack(StateLayout.SS, sp, bytes);
      } catch (GuestFault f) {
        throw f.vector == Vector.SS ? cpu.fault(Vector.SS, cpu.external) : f;
      }
      if (withError) {
        cpu.store(StateLayout.SS, at, size, errorCode);
        at = at + size & mask;
      }
      cpu.store(StateLayout.SS, at, size, cpu.rip());
      cpu.store(StateLayout.SS, at + size & mask, size, cpu.selector(StateLayout.CS));
      cpu.store(StateLayout.SS, at + 2L * size & mask, size, cpu.rflags());
      if (target > Segmentation.limit(d)) {
        throw cpu.fault(Vector.GP, cpu.external);
      }
      cpu.gpr(Cpu.RSP, rsp & ~mask | sp);
      segmentation.installCode(selector, d, cpu.cpl);
      cpu.rip(target);
    }
    clearFlags((type & 1) == 0);
  }

  private void inner(
      long code,
      int dpl,
      int selector,
      long target,
      int size,
      int errorCode,
      boolean withError,
      boolean fromVm86) {
    long stack = tasks.innerStack(dpl);
    int ss = (int) (stack >>> 32) & 0xffff;
    long ssDescriptor = segmentation.stackDescriptor(ss, dpl, Vector.TS);
    long base = Segmentation.base(ssDescriptor);
    boolean big = (Segmentation.attributes(ssDescriptor) & 1 << 14) != 0;
    long mask = big ? 0xffffffffL : 0xffff;
    long esp = stack & 0xffffffffL;
    int words = 5 + (withError ? 1 : 0) + (fromVm86 ? 4 : 0);
    long sp = esp - (long) words * size & mask;
    tasks.checkStackRoom(ssDescriptor, sp, words * size, ss);
    if (target > Segmentation.limit(code)) {
      throw cpu.fault(Vector.GP, cpu.external);
    }
    int mode = dpl == 3 ? Mmu.USER : Mmu.SUPERVISOR;
    cpu.probe(base + sp & 0xffffffffL, words * size, Mmu.WRITE, mode);
    long[] frame = new long[words];
    int n = 0;
    if (withError) {
      frame[n++] = errorCode;
    }
    frame[n++] = cpu.rip();
    frame[n++] = cpu.selector(StateLayout.CS);
    frame[n++] = cpu.rflags();
    frame[n++] = cpu.gpr(Cpu.RSP);
    frame[n++] = cpu.selector(StateLayout.SS);
    if (fromVm86) {
      frame[n++] = cpu.selector(StateLayout.ES);
      frame[n++] = cpu.selector(StateLayout.DS);
      frame[n++] = cpu.selector(StateLayout.FS);
      frame[n++] = cpu.selector(StateLayout.GS);
    }
    for (int i = 0; i < words; i++) {
      cpu.storeSlow(base + (sp + (long) i * size & mask) & 0xffffffffL, size, frame[i], mode);
    }
    if (fromVm86) {
      cpu.eflags(cpu.eflags() & ~Cpu.VM);
      for (int s : new int[] {StateLayout.ES, StateLayout.DS, StateLayout.FS, StateLayout.GS}) {
        cpu.segment(s, 0, Segmentation.UNUSABLE, 0, 0);
      }
    }
    segmentation.install(StateLayout.SS, ss, ssDescriptor);
    segmentation.installCode(selector, code, dpl);
    long rsp = cpu.gpr(Cpu.RSP);
    cpu.gpr(Cpu.RSP, rsp & ~mask & 0xffffffffL | sp);
    cpu.rip(target);
  }
}
