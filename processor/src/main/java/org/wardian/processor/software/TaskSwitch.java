package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** Task-state segments and the hardware task switch. Source: Intel SDM vol. 3 chapter 7. */
final class TaskSwitch {
  enum Reason {
    JUMP,
    CALL,
    INTERRUPT,
    RETURN
  }

  /** DR6: the T flag of the new task's TSS is set. */
  private static final long DR6_TASK = 1 << 15;

  private final Cpu cpu;
  private final Segmentation segmentation;

  TaskSwitch(Cpu cpu, Segmentation segmentation) {
    this.cpu = cpu;
    this.segmentation = segmentation;
  }

  private boolean wide() {
    return (cpu.attributes(StateLayout.TR) & 8) != 0;
  }

  /** SS (bits 47:32) and ESP (bits 31:0) for {@code privilege} from the current TSS. */
  long innerStack(int privilege) {
    int tr = cpu.selector(StateLayout.TR);
    long base = cpu.base(StateLayout.TR);
    if (wide()) {
      int at = privilege * 8 + 4;
      if (at + 5 > cpu.limit(StateLayout.TR)) {
        throw cpu.fault(Vector.TS, segmentation.error(tr));
      }
      return cpu.systemLoad(base + at, 4) | cpu.systemLoad(base + at + 4, 2) << 32;
    }
    int at = privilege * 4 + 2;
    if (at + 3 > cpu.limit(StateLayout.TR)) {
      throw cpu.fault(Vector.TS, segmentation.error(tr));
    }
    return cpu.systemLoad(base + at, 2) | cpu.systemLoad(base + at + 2, 2) << 32;
  }

  /** #SS(selector) where {@code bytes} from {@code sp} do not fit a new stack segment. */
  void checkStackRoom(long descriptor, long sp, int bytes, int selector) {
    int a = Segmentation.attributes(descriptor);
    long limit = Segmentation.limit(descriptor);
    long end = sp + bytes - 1;
    boolean down = (a & 4) != 0;
    boolean fits =
        down ? sp > limit && end <= ((a & 1 << 14) != 0 ? 0xffffffffL : 0xffff) : end <= limit;
    if (!fits) {
      throw cpu.fault(Vector.SS, segmentation.error(selector));
    }
  }

  /** Through a task gate's selector, or a TSS selector. */
  void byGate(int selector, Reason reason) {
    if ((selector & 4) != 0) {
      throw cpu.fault(Vector.GP, segmentation.error(selector));
    }
    long d = segmentation.descriptor(selector, Vector.GP);
    int type = Segmentation.attributes(d) & 0x1f;
    if (type != 1 && type != 9) {
      throw cpu.fault(Vector.GP, segmentation.error(selector));
    }
    if (!Segmentation.present(d)) {
      throw cpu.fault(Vector.NP, segmentation.error(selector));
    }
    switchTo(selector, d, reason);
  }

  /** IRET with NT set: back to the task in the current TSS's link field. */
  void byLink() {
    int selector = (int) cpu.systemLoad(cpu.base(StateLayout.TR), 2);
    if ((selector & 4) != 0) {
      throw cpu.fault(Vector.TS, segmentation.error(selector));
    }
    long d = segmentation.descriptor(selector, Vector.TS);
    int type = Segmentation.attributes(d) & 0x1f;
    if (type != 3 && type != 11) {
      throw cpu.fault(Vector.TS, segmentation.error(selector));
    }
    if (!Segmentation.present(d)) {
      throw cpu.fault(Vector.NP, segmentation.error(selector));
    }
    switchTo(selector, d, Reason.RETURN);
  }

  private void switchTo(int selector, long descriptor, Reason reason) {
    boolean newWide = (Segmentation.attributes(descriptor) & 8) != 0;
    long limit = Segmentation.limit(descriptor);
    if (limit < (newWide ? 0x67 : 0x2b)) {
      throw cpu.fault(Vector.TS, segmentation.error(selector));
    }
    long newBase = Segmentation.base(descriptor);
    long oldBase = cpu.base(StateLayout.TR);
    int oldSelector = cpu.selector(StateLayout.TR);
    boolean oldWide = wide();
    // Everything that may page-fault is touched before anything changes.
    cpu.systemProbe(newBase, newWide ? 0x68 : 0x2c, Mmu.READ);
    cpu.systemProbe(oldBase, oldWide ? 0x68 : 0x2c, Mmu.WRITE);
    if (reason == Reason.JUMP || reason == Reason.RETURN) {
      busy(oldSelector, false);
    }
    long flags = cpu.rflags();
    if (reason == Reason.RETURN) {
      flags &= ~Cpu.NT;
    }
    save(oldBase, oldWide, flags);
    if (reason == Reason.CALL || reason == Reason.INTERRUPT) {
      cpu.systemStore(newBase, 2, oldSelector);
    }
    if (reason != Reason.RETURN) {
      busy(selector, true);
    }
    cpu.segment(StateLayout.TR, selector, Segmentation.attributes(descriptor) | 2, limit, newBase);
    long cr0 = StateLayout.CR0 + cpu.state;
    RawMemory.putLong(cr0, RawMemory.getLong(cr0) | Cpu.CR0_TS);
    try {
      restore(newBase, newWide, reason);
    } catch (GuestFault f) {
      cpu.taskSwitched = true;
      throw f;
    }
    // Local breakpoints end with their task.
    long dr7 = cpu.state + StateLayout.DR7;
    RawMemory.putLong(dr7, RawMemory.getLong(dr7) & ~0x155L);
    if (newWide && (cpu.systemLoad(newBase + 0x64, 2) & 1) != 0) {
      cpu.dueTraps |= DR6_TASK;
      cpu.updateMode();
    }
  }

  private void busy(int selector, boolean on) {
    long at = segmentation.descriptorAddress(selector, Vector.GP, 8) + 5;
    cpu.systemChange(at, on ? 0 : 2, on ? 2 : 0);
  }

  private void save(long base, boolean wide, long flags) {
    if (wide) {
      cpu.systemStore(base + 0x20, 4, cpu.rip());
      cpu.systemStore(base + 0x24, 4, flags);
      for (int r = 0; r < 8; r++) {
        cpu.systemStore(base + 0x28 + 4L * r, 4, cpu.gpr(r));
      }
      for (int s = 0; s < 6; s++) {
        cpu.systemStore(base + 0x48 + 4L * s, 2, cpu.selector(s));
      }
    } else {
      cpu.systemStore(base + 0x0e, 2, cpu.rip());
      cpu.systemStore(base + 0x10, 2, flags);
      for (int r = 0; r < 8; r++) {
        cpu.systemStore(base + 0x12 + 2L * r, 2, cpu.gpr(r));
      }
      for (int s = 0; s < 4; s++) {
        cpu.systemStore(base + 0x22 + 2L * s, 2, cpu.selector(s));
      }
    }
  }

  private void restore(long base, boolean wide, Reason reason) {
    int[] selectors = new int[6];
    int ldt;
    long flags;
    if (wide) {
      if ((cpu.cr(0) & Cpu.CR0_PG) != 0) {
        long cr3 = cpu.systemLoad(base + 0x1c, 4);
        if ((cpu.cr(4) & PageWalker.CR4_PAE) != 0) {
          cpu.walker.loadPdptes(cr3);
        }
        RawMemory.putLong(cpu.state + StateLayout.CR3, cr3);
        cpu.flushTranslations();
      }
      cpu.rip(cpu.systemLoad(base + 0x20, 4));
      flags = cpu.systemLoad(base + 0x24, 4);
      for (int r = 0; r < 8; r++) {
        cpu.gpr(r, cpu.systemLoad(base + 0x28 + 4L * r, 4));
      }
      for (int s = 0; s < 6; s++) {
        selectors[s] = (int) cpu.systemLoad(base + 0x48 + 4L * s, 2);
      }
      ldt = (int) cpu.systemLoad(base + 0x60, 2);
    } else {
      cpu.rip(cpu.systemLoad(base + 0x0e, 2));
      flags = cpu.systemLoad(base + 0x10, 2);
      for (int r = 0; r < 8; r++) {
        cpu.gpr(r, 0xffff0000L | cpu.systemLoad(base + 0x12 + 2L * r, 2));
      }
      for (int s = 0; s < 4; s++) {
        selectors[s] = (int) cpu.systemLoad(base + 0x22 + 2L * s, 2);
      }
      ldt = (int) cpu.systemLoad(base + 0x2a, 2);
    }
    if (reason == Reason.CALL || reason == Reason.INTERRUPT) {
      flags |= Cpu.NT;
    }
    cpu.external = reason == Reason.INTERRUPT ? cpu.external : 0;
    cpu.rflags(cpu.resumed(flags));
    segments(selectors, ldt);
  }

  /** Loads LDTR and the segment registers of the new task; faults are the new task's #TS. */
  private void segments(int[] selectors, int ldt) {
    for (int s = 0; s < 6; s++) {
      cpu.segment(s, selectors[s], Segmentation.UNUSABLE, 0, 0);
    }
    cpu.segment(StateLayout.LDTR, ldt, Segmentation.UNUSABLE, 0, 0);
    if (cpu.vm86) {
      for (int s = 0; s < 6; s++) {
        segmentation.loadVm86(s, selectors[s]);
      }
      cpu.updateMode();
      return;
    }
    if ((ldt & 0xfffc) != 0) {
      if ((ldt & 4) != 0) {
        throw cpu.fault(Vector.TS, segmentation.error(ldt));
      }
      long d = segmentation.descriptor(ldt, Vector.TS);
      if ((Segmentation.attributes(d) & 0x9f) != 0x82) {
        throw cpu.fault(Vector.TS, segmentation.error(ldt));
      }
      cpu.segment(
          StateLayout.LDTR,
          ldt,
          Segmentation.attributes(d),
          Segmentation.limit(d),
          Segmentation.base(d));
    }
    int cs = selectors[StateLayout.CS];
    int cpl = cs & 3;
    if ((cs & 0xfffc) == 0) {
      throw cpu.fault(Vector.TS, segmentation.error(cs));
    }
    long code = segmentation.descriptor(cs, Vector.TS);
    int a = Segmentation.attributes(code);
    boolean conforming = (a & 4) != 0;
    int dpl = Segmentation.dpl(code);
    if ((a & 0x18) != 0x18 || (conforming ? dpl > cpl : dpl != cpl)) {
      throw cpu.fault(Vector.TS, segmentation.error(cs));
    }
    if (!Segmentation.present(code)) {
      throw cpu.fault(Vector.NP, segmentation.error(cs));
    }
    long stack = segmentation.stackDescriptor(selectors[StateLayout.SS], cpl, Vector.TS);
    segmentation.install(StateLayout.SS, selectors[StateLayout.SS], stack);
    segmentation.installCode(cs, code, cpl);
    cpu.updateMode();
    for (int s : new int[] {StateLayout.ES, StateLayout.DS, StateLayout.FS, StateLayout.GS}) {
      try {
        segmentation.load(s, selectors[s]);
      } catch (GuestFault f) {
        throw f.vector == Vector.GP ? cpu.fault(Vector.TS, f.errorCode) : f;
      }
    }
    if (cpu.rip() > cpu.limit(StateLayout.CS)) {
      throw cpu.fault(Vector.GP, cpu.external);
    }
  }
}
