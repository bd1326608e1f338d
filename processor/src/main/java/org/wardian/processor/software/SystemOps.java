package org.wardian.processor.software;

import java.util.concurrent.ThreadLocalRandom;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.Cpuid;
import org.wardian.x86.Feature;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * System instructions: descriptor tables, control and debug registers, MSRs, interrupt flag, system
 * calls. On entry RIP in the state block is the next instruction's.
 */
final class SystemOps {
  private static final Operation[] OPERATIONS = Operation.values();
  private static final int RAX = 0;
  private static final int RBX = 3;
  private static final int RCX = 1;
  private static final int RDX = 2;

  private static final long CR4_TSD = 1 << 2;
  private static final long CR4_PCE = 1 << 8;
  private static final long CR4_UMIP = 1 << 11;
  private static final long CR4_FSGSBASE = 1 << 16;
  private static final long CR4_OSXSAVE = 1 << 18;

  /** IA32_APIC_BASE bit 11, and the bit of CPUID leaf 1 that follows it. */
  private static final long APIC_ENABLED = 1 << 11;

  private static final int CPUID_APIC = 1 << 9;

  private final SoftwareVcpu cpu;
  private final long s;
  private final Segmentation segmentation;
  private final FarTransfers far;
  private final ControlRegisters controlRegisters;
  private final Msrs msrs;

  SystemOps(SoftwareVcpu cpu, Segmentation segmentation, FarTransfers far, Msrs msrs) {
    this.cpu = cpu;
    this.s = cpu.state;
    this.segmentation = segmentation;
    this.far = far;
    this.msrs = msrs;
    this.controlRegisters = new ControlRegisters(cpu);
  }

  private GuestFault undefined() {
    return cpu.fault(Vector.UD, 0);
  }

  private GuestFault protection() {
    return cpu.fault(Vector.GP, 0);
  }

  private void privileged() {
    if (cpu.cpl != 0) {
      throw protection();
    }
  }

  private void protectedOnly() {
    if (!cpu.protectedMode || cpu.vm86) {
      throw undefined();
    }
  }

  private void umip() {
    if (cpu.cpl != 0 && (cpu.cr(4) & CR4_UMIP) != 0) {
      throw protection();
    }
  }

  /** Whether earlier stores are seen by all before the next instruction: Intel SDM vol. 3 §9.3. */
  private static boolean serializes(Operation op) {
    return switch (op) {
      case CPUID,
          WRMSR,
          MOV_CR,
          MOV_DR,
          INVLPG,
          INVPCID,
          INVD,
          WBINVD,
          LGDT,
          LIDT,
          LLDT,
          LTR,
          CLTS,
          LMSW ->
          true;
      default -> false;
    };
  }

  void execute(Instruction i) {
    Operation op = OPERATIONS[i.operation];
    if (serializes(op)) {
      RawMemory.fullFence();
    }
    switch (op) {
      case CLI -> interruptFlag(false);
      case STI -> interruptFlag(true);
      case HLT -> {
        privileged();
        cpu.halt();
      }
      case CPUID -> cpuid();
      case RDMSR -> {
        privileged();
        long v = msrs.read((int) cpu.gpr(RCX));
        cpu.gpr(RAX, v & 0xffffffffL);
        cpu.gpr(RDX, v >>> 32);
      }
      case WRMSR -> {
        privileged();
        msrs.write((int) cpu.gpr(RCX), cpu.gprLow(RAX, 4) | cpu.gpr(RDX) << 32);
        cpu.updateMode();
      }
      case RDTSC, RDTSCP -> {
        if (cpu.cpl != 0 && (cpu.cr(4) & CR4_TSD) != 0) {
          throw protection();
        }
        long t = cpu.timestamp();
        cpu.gpr(RAX, t & 0xffffffffL);
        cpu.gpr(RDX, t >>> 32);
        if (op == Operation.RDTSCP) {
          cpu.gpr(RCX, RawMemory.getLong(s + StateLayout.TSC_AUX) & 0xffffffffL);
        }
      }
      case RDPMC -> {
        if (cpu.cpl != 0 && (cpu.cr(4) & CR4_PCE) == 0) {
          throw protection();
        }
        // No performance counters are promised.
        throw protection();
      }
      case MOV_CR -> controlRegisters.execute(i);
      case MOV_DR -> debugRegister(i);
      case MOV_SEG -> moveSegment(i);
      case LDS, LES, LSS, LFS, LGS -> loadFarPointer(op, i);
      case CLTS -> {
        privileged();
        controlRegisters.cr0(cpu.cr(0) & ~Cpu.CR0_TS);
      }
      case LMSW -> {
        privileged();
        long low = cpu.read0(i) & 15;
        // PE can be set but not cleared this way.
        controlRegisters.cr0(cpu.cr(0) & ~14L | low);
      }
      case SMSW -> {
        umip();
        storeWord(i, cpu.cr(0));
      }
      case LGDT, LIDT -> loadTable(op, i);
      case SGDT, SIDT -> storeTable(op, i);
      case LLDT -> {
        protectedOnly();
        privileged();
        segmentation.loadLdt((int) cpu.read0(i) & 0xffff);
      }
      case LTR -> {
        protectedOnly();
        privileged();
        segmentation.loadTask((int) cpu.read0(i) & 0xffff);
      }
      case SLDT -> {
        protectedOnly();
        umip();
        storeWord(i, cpu.selector(StateLayout.LDTR));
      }
      case STR -> {
        protectedOnly();
        umip();
        storeWord(i, cpu.selector(StateLayout.TR));
      }
      case LAR, LSL -> loadAccess(op, i);
      case VERR, VERW -> verify(op, i);
      case ARPL -> adjustRpl(i);
      case INVLPG -> {
        privileged();
        long at = cpu.address(i);
        cpu.flushTranslation(
            cpu.code64 && i.segment >= StateLayout.NO_SEGMENT ? at : at + cpu.base(i.segment));
      }
      case INVPCID -> invalidatePcid(i);
      case INVD, WBINVD -> privileged();
      case SYSCALL -> {
        if ((RawMemory.getLong(s + StateLayout.EFER) & 1) == 0 || !cpu.longMode()) {
          throw undefined();
        }
        far.systemCall(cpu.rip());
      }
      case SYSRET -> {
        if ((RawMemory.getLong(s + StateLayout.EFER) & 1) == 0 || !cpu.longMode()) {
          throw undefined();
        }
        privileged();
        long rcx = cpu.gpr(RCX);
        if (i.operandSize == 8 && rcx << 16 >> 16 != rcx) {
          throw protection();
        }
        far.systemReturn(i.operandSize == 8);
      }
      case SYSENTER -> {
        if (!cpu.protectedMode || (RawMemory.getLong(s + StateLayout.SYSENTER_CS) & 0xfffc) == 0) {
          throw protection();
        }
        far.systemEnter();
      }
      case SYSEXIT -> {
        if (!cpu.protectedMode
            || cpu.cpl != 0
            || (RawMemory.getLong(s + StateLayout.SYSENTER_CS) & 0xfffc) == 0) {
          throw protection();
        }
        far.systemExit(i.operandSize == 8);
      }
      case SWAPGS -> {
        if (!cpu.code64) {
          throw undefined();
        }
        privileged();
        long at = s + StateLayout.segment(StateLayout.GS) + StateLayout.BASE;
        long base = RawMemory.getLong(at);
        RawMemory.putLong(at, RawMemory.getLong(s + StateLayout.KERNEL_GS_BASE));
        RawMemory.putLong(s + StateLayout.KERNEL_GS_BASE, base);
      }
      case RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE -> segmentBase(op, i);
      case STAC, CLAC -> {
        if (cpu.cpl != 0) {
          throw undefined();
        }
        long f = cpu.eflags();
        cpu.eflags(op == Operation.STAC ? f | Cpu.AC : f & ~Cpu.AC);
        cpu.updateMode();
      }
      case XGETBV -> {
        if ((cpu.cr(4) & CR4_OSXSAVE) == 0) {
          throw undefined();
        }
        if ((int) cpu.gpr(RCX) != 0) {
          throw protection();
        }
        long v = RawMemory.getLong(s + StateLayout.XCR0);
        cpu.gpr(RAX, v & 0xffffffffL);
        cpu.gpr(RDX, v >>> 32);
      }
      case XSETBV -> {
        if ((cpu.cr(4) & CR4_OSXSAVE) == 0) {
          throw undefined();
        }
        privileged();
        long v = cpu.gprLow(RAX, 4) | cpu.gpr(RDX) << 32;
        if ((int) cpu.gpr(RCX) != 0 || (v & ~3L) != 0 || (v & 1) == 0) {
          throw protection();
        }
        RawMemory.putLong(s + StateLayout.XCR0, v);
      }
      case RDRAND -> {
        cpu.gpr(i.reg0, i.size0, ThreadLocalRandom.current().nextLong());
        Flags.set(s, Flags.CF);
      }
      case VMCALL, VMMCALL -> hypercall();
      case UD0, UD1, UD2, RSM, MONITOR, MWAIT -> throw undefined();
      default -> throw undefined();
    }
  }

  private void cpuid() {
    int leaf = (int) cpu.gpr(RAX);
    Cpuid answers = cpu.cpuid;
    answers.leaf(
        leaf,
        (int) cpu.gpr(RCX),
        (cpu.cr(4) & CR4_OSXSAVE) != 0,
        RawMemory.getLong(s + StateLayout.XCR0));
    cpu.gpr(RAX, answers.eax & 0xffffffffL);
    cpu.gpr(RBX, answers.ebx & 0xffffffffL);
    cpu.gpr(RCX, answers.ecx & 0xffffffffL);
    boolean apicOff = leaf == 1 && (cpu.interrupts.base() & APIC_ENABLED) == 0;
    cpu.gpr(RDX, answers.edx & (apicOff ? ~CPUID_APIC : -1) & 0xffffffffL);
  }

  /** KVM's hypercalls: none is promised, so each returns -ENOSYS. */
  private void hypercall() {
    if (cpu.cpl != 0) {
      throw undefined();
    }
    cpu.gpr(RAX, cpu.code64 ? -1000L : -1000L & 0xffffffffL);
  }

  private void interruptFlag(boolean set) {
    int iopl = (int) (cpu.eflags() >>> 12) & 3;
    if (cpu.protectedMode && cpu.cpl > iopl) {
      throw protection();
    }
    long f = cpu.eflags();
    if (set && (f & Cpu.IF) == 0 && !cpu.shadowLazily()) {
      RawMemory.putInt(s + StateLayout.INTERRUPT_SHADOW, InterruptShadow.STI);
      cpu.raise(Cpu.PENDING_STEP);
    }
    cpu.eflags(set ? f | Cpu.IF : f & ~Cpu.IF);
  }

  private void debugRegister(Instruction i) {
    boolean store = i.kind1 == Instruction.DEBUG;
    int n = store ? i.reg1 : i.reg0;
    if ((cpu.cr(4) & 1 << 3) != 0 && (n == 4 || n == 5)) {
      throw undefined();
    }
    privileged();
    if ((RawMemory.getLong(s + StateLayout.DR7) & 1 << 13) != 0) {
      long dr6 = s + StateLayout.DR6;
      RawMemory.putLong(dr6, RawMemory.getLong(dr6) | 1 << 13);
      // A fault that is no breakpoint's.
      cpu.eflags(cpu.eflags() | Cpu.RF);
      throw cpu.fault(Vector.DB, 0);
    }
    if (n == 4 || n == 5) {
      n += 2;
    }
    long at = s + (n < 4 ? StateLayout.DR + 8L * n : n == 6 ? StateLayout.DR6 : StateLayout.DR7);
    if (store) {
      cpu.gpr(i.reg0, cpu.code64 ? 8 : 4, RawMemory.getLong(at));
      return;
    }
    long v = cpu.gpr(i.reg1) & (cpu.code64 ? -1L : 0xffffffffL);
    if (n >= 6 && v >>> 32 != 0) {
      throw protection();
    }
    if (n == 6) {
      v = v & 0xe00fL | 0xffff0ff0L;
    } else if (n == 7) {
      v = v & 0xffff2bffL | 0x400;
    }
    RawMemory.putLong(at, v);
    cpu.updateMode();
  }

  private void moveSegment(Instruction i) {
    if (i.kind1 == Instruction.SEGMENT) {
      if (i.kind0 == Instruction.MEMORY) {
        cpu.store(i.segment, cpu.address(i), 2, cpu.selector(i.reg1));
      } else {
        cpu.gpr(i.reg0, i.operandSize, cpu.selector(i.reg1));
      }
      return;
    }
    if (i.reg0 == StateLayout.CS) {
      throw undefined();
    }
    int selector =
        i.kind1 == Instruction.MEMORY
            ? (int) cpu.load(i.segment, cpu.address(i), 2)
            : (int) cpu.gpr(i.reg1) & 0xffff;
    segmentation.load(i.reg0, selector);
    if (i.reg0 == StateLayout.SS) {
      cpu.stackShadow();
    }
  }

  private void loadFarPointer(Operation op, Instruction i) {
    int size = i.operandSize;
    long at = cpu.address(i);
    long offset = cpu.load(i.segment, at, size);
    int selector = (int) cpu.load(i.segment, at + size & Cpu.mask(i.addressSize), 2);
    int segment =
        switch (op) {
          case LDS -> StateLayout.DS;
          case LES -> StateLayout.ES;
          case LSS -> StateLayout.SS;
          case LFS -> StateLayout.FS;
          default -> StateLayout.GS;
        };
    segmentation.load(segment, selector);
    cpu.gpr(i.reg0, size, offset);
  }

  private void storeWord(Instruction i, long value) {
    if (i.kind0 == Instruction.MEMORY) {
      cpu.store(i.segment, cpu.address(i), 2, value);
    } else {
      cpu.gpr(i.reg0, i.operandSize, value & (i.operandSize == 2 ? 0xffff : -1L));
    }
  }

  private void loadTable(Operation op, Instruction i) {
    privileged();
    int baseSize = cpu.code64 ? 8 : 4;
    long at = cpu.address(i);
    long limit = cpu.load(i.segment, at, 2);
    long base = cpu.load(i.segment, at + 2 & Cpu.mask(i.addressSize), baseSize);
    if (!cpu.code64 && i.operandSize == 2) {
      base &= 0xffffff;
    }
    if (cpu.code64 && base << 16 >> 16 != base) {
      throw protection();
    }
    boolean gdt = op == Operation.LGDT;
    RawMemory.putLong(s + (gdt ? StateLayout.GDTR_BASE : StateLayout.IDTR_BASE), base);
    RawMemory.putInt(s + (gdt ? StateLayout.GDTR_LIMIT : StateLayout.IDTR_LIMIT), (int) limit);
  }

  private void storeTable(Operation op, Instruction i) {
    umip();
    boolean gdt = op == Operation.SGDT;
    int baseSize = cpu.code64 ? 8 : 4;
    long at = cpu.address(i);
    cpu.probeStore(i.segment, at, 2 + baseSize);
    int limit = RawMemory.getInt(s + (gdt ? StateLayout.GDTR_LIMIT : StateLayout.IDTR_LIMIT));
    long base = RawMemory.getLong(s + (gdt ? StateLayout.GDTR_BASE : StateLayout.IDTR_BASE));
    cpu.store(i.segment, at, 2, limit);
    cpu.store(i.segment, at + 2 & Cpu.mask(i.addressSize), baseSize, base);
  }

  /** The descriptor that LAR, LSL, VERR and VERW may see, or 0. */
  private long visible(int selector) {
    if ((selector & 0xfffc) == 0) {
      return 0;
    }
    boolean local = (selector & 4) != 0;
    if (local && (cpu.attributes(StateLayout.LDTR) & Segmentation.UNUSABLE) != 0) {
      return 0;
    }
    long base = local ? cpu.base(StateLayout.LDTR) : RawMemory.getLong(s + StateLayout.GDTR_BASE);
    long limit =
        local ? cpu.limit(StateLayout.LDTR) : RawMemory.getInt(s + StateLayout.GDTR_LIMIT) & 0xffff;
    if ((selector & 0xfff8) + 7 > limit) {
      return 0;
    }
    long d = cpu.systemLoad(base + (selector & 0xfff8), 8);
    int a = Segmentation.attributes(d);
    boolean conforming = (a & 0x1c) == 0x1c;
    int dpl = Segmentation.dpl(d);
    return conforming || (dpl >= cpu.cpl && dpl >= (selector & 3)) ? d : 0;
  }

  private static final int LAR_LEGACY = 0b0001_1010_0011_1110;
  private static final int LAR_LONG = 0b0001_1010_0000_0100;
  private static final int LSL_LEGACY = 0b0000_1010_0000_1110;
  private static final int LSL_LONG = 0b0000_1010_0000_0100;

  private void zero(boolean set) {
    int flags = Flags.get(s) & ~Flags.ZF;
    Flags.set(s, set ? flags | Flags.ZF : flags);
  }

  private void loadAccess(Operation op, Instruction i) {
    protectedOnly();
    int selector = (int) cpu.read1(i) & 0xffff;
    long d = visible(selector);
    boolean lar = op == Operation.LAR;
    if (d != 0 && (Segmentation.attributes(d) & Segmentation.NOT_SYSTEM) == 0) {
      int types =
          lar ? cpu.longMode() ? LAR_LONG : LAR_LEGACY : cpu.longMode() ? LSL_LONG : LSL_LEGACY;
      if ((types >> (Segmentation.attributes(d) & 15) & 1) == 0) {
        d = 0;
      }
    }
    if (d != 0) {
      cpu.gpr(i.reg0, i.operandSize, lar ? d >>> 32 & 0xf0ff00 : Segmentation.limit(d));
    }
    zero(d != 0);
  }

  private void verify(Operation op, Instruction i) {
    protectedOnly();
    long d = visible((int) cpu.read0(i) & 0xffff);
    int a = Segmentation.attributes(d);
    boolean ok = d != 0 && (a & Segmentation.NOT_SYSTEM) != 0;
    boolean code = (a & Segmentation.CODE) != 0;
    if (op == Operation.VERR) {
      ok &= !code || (a & 2) != 0;
    } else {
      ok &= !code && (a & 2) != 0;
    }
    zero(ok);
  }

  private void adjustRpl(Instruction i) {
    protectedOnly();
    long a = cpu.read0(i);
    long b = cpu.read1(i);
    boolean less = (a & 3) < (b & 3);
    if (less) {
      cpu.write0(i, a & ~3L | b & 3);
    }
    zero(less);
  }

  private void invalidatePcid(Instruction i) {
    privileged();
    long type = cpu.gpr(i.reg0) & (cpu.code64 ? -1L : 0xffffffffL);
    cpu.load128(i.segment, cpu.address(i));
    long descriptor = cpu.low;
    long linear = cpu.high;
    boolean bad = Long.compareUnsigned(type, 3) > 0;
    bad |= type <= 1 && type >= 0 && descriptor >>> 12 != 0;
    bad |= type == 0 && linear << 16 >> 16 != linear;
    bad |= type <= 1 && (cpu.cr(4) & 1 << 17) == 0 && (descriptor & 0xfff) != 0;
    if (bad) {
      throw protection();
    }
    cpu.flushTranslations();
  }

  private void segmentBase(Operation op, Instruction i) {
    if (!cpu.code64 || (cpu.cr(4) & CR4_FSGSBASE) == 0 || !cpu.model.has(Feature.FSGSBASE)) {
      throw undefined();
    }
    boolean fs = op == Operation.RDFSBASE || op == Operation.WRFSBASE;
    long at = s + StateLayout.segment(fs ? StateLayout.FS : StateLayout.GS) + StateLayout.BASE;
    if (op == Operation.RDFSBASE || op == Operation.RDGSBASE) {
      cpu.gpr(i.reg0, i.size0, RawMemory.getLong(at));
      return;
    }
    long v = cpu.gprLow(i.reg0, i.size0);
    if (v << 16 >> 16 != v) {
      throw protection();
    }
    RawMemory.putLong(at, v);
  }
}
