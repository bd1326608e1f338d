package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.x86.Feature;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/** CR0, CR2, CR3, CR4 and CR8, with the checks of the Intel SDM vol. 3 sections 2.5 and 4.1. */
final class ControlRegisters {
  private static final long CR4_VME = 1;
  private static final long CR4_PVI = 1 << 1;
  private static final long CR4_TSD = 1 << 2;
  private static final long CR4_DE = 1 << 3;
  private static final long CR4_MCE = 1 << 6;
  private static final long CR4_PGE = 1 << 7;
  private static final long CR4_PCE = 1 << 8;
  private static final long CR4_OSFXSR = 1 << 9;
  private static final long CR4_OSXMMEXCPT = 1 << 10;
  private static final long CR4_UMIP = 1 << 11;
  private static final long CR4_FSGSBASE = 1 << 16;
  private static final long CR4_PCIDE = 1 << 17;
  private static final long CR4_OSXSAVE = 1 << 18;

  private static final long EFER_LME = 1 << 8;
  private static final long EFER_LMA = 1 << 10;

  private final SoftwareVcpu cpu;
  private final long s;
  private final long allowedCr4;

  ControlRegisters(SoftwareVcpu cpu) {
    this.cpu = cpu;
    this.s = cpu.state;
    long allowed =
        CR4_TSD
            | CR4_DE
            | PageWalker.CR4_PSE
            | PageWalker.CR4_PAE
            | CR4_MCE
            | CR4_PGE
            | CR4_PCE
            | CR4_OSFXSR
            | CR4_OSXMMEXCPT;
    allowed |= bit(Feature.UMIP, CR4_UMIP);
    allowed |= bit(Feature.FSGSBASE, CR4_FSGSBASE);
    allowed |= bit(Feature.PCID, CR4_PCIDE);
    allowed |= bit(Feature.XSAVE, CR4_OSXSAVE);
    allowed |= bit(Feature.SMEP, PageWalker.CR4_SMEP);
    allowed |= bit(Feature.SMAP, PageWalker.CR4_SMAP);
    // VME and PVI are not promised, so they are not among them.
    allowedCr4 = allowed & ~(CR4_VME | CR4_PVI);
  }

  private long bit(Feature feature, long bit) {
    return cpu.model.has(feature) ? bit : 0;
  }

  private GuestFault protection() {
    return cpu.fault(Vector.GP, 0);
  }

  void execute(Instruction i) {
    boolean store = i.kind1 == Instruction.CONTROL;
    int n = store ? i.reg1 : i.reg0;
    if (n == 1 || n > 4 && n != 8) {
      throw cpu.fault(Vector.UD, 0);
    }
    if (cpu.cpl != 0) {
      throw protection();
    }
    if (store) {
      long v = n == 8 ? cpu.interrupts.taskPriority() : cpu.cr(n);
      cpu.gpr(i.reg0, cpu.code64 ? 8 : 4, v);
      return;
    }
    long v = cpu.gpr(i.reg1) & (cpu.code64 ? -1L : 0xffffffffL);
    switch (n) {
      case 0 -> cr0(v);
      case 2 -> RawMemory.putLong(s + StateLayout.CR2, v);
      case 3 -> cr3(v);
      case 4 -> cr4(v);
      default -> {
        if ((v & ~15L) != 0) {
          throw protection();
        }
        cpu.interrupts.taskPriority((int) v);
        cpu.interruptsChanged();
      }
    }
  }

  void cr0(long value) {
    if (value >>> 32 != 0
        || (value & (Cpu.CR0_PG | Cpu.CR0_PE)) == Cpu.CR0_PG
        || (value & (Cpu.CR0_NW | Cpu.CR0_CD)) == Cpu.CR0_NW) {
      throw protection();
    }
    long defined = 0xe005003fL;
    long v = value & defined | 1 << 4;
    long old = cpu.cr(0);
    long changed = v ^ old;
    long efer = RawMemory.getLong(s + StateLayout.EFER);
    if ((changed & Cpu.CR0_PG) != 0) {
      long cr4 = cpu.cr(4);
      if ((v & Cpu.CR0_PG) != 0) {
        if ((efer & EFER_LME) != 0) {
          if ((cr4 & PageWalker.CR4_PAE) == 0 || (cpu.attributes(StateLayout.CS) & 1 << 13) != 0) {
            throw protection();
          }
          efer |= EFER_LMA;
        } else if ((cr4 & PageWalker.CR4_PAE) != 0) {
          cpu.walker.loadPdptes(cpu.cr(3));
        }
      } else {
        if (cpu.code64 || (cr4 & CR4_PCIDE) != 0) {
          throw protection();
        }
        efer &= ~EFER_LMA;
      }
      RawMemory.putLong(s + StateLayout.EFER, efer);
    }
    RawMemory.putLong(s + StateLayout.CR0, v);
    if ((changed & (Cpu.CR0_PG | Cpu.CR0_PE | Cpu.CR0_WP)) != 0) {
      cpu.flushTranslations();
    }
    cpu.updateMode();
  }

  void cr3(long value) {
    long v = value;
    long old = cpu.cr(3);
    boolean pcid = (cpu.cr(4) & CR4_PCIDE) != 0;
    if (pcid) {
      // Bit 63 allows to keep translations.
      v &= Long.MAX_VALUE;
    }
    if (cpu.longMode()) {
      if (v >>> PageWalker.PHYSICAL_BITS != 0) {
        throw protection();
      }
    } else {
      v &= 0xffffffffL;
      if ((cpu.cr(0) & Cpu.CR0_PG) != 0 && (cpu.cr(4) & PageWalker.CR4_PAE) != 0) {
        cpu.walker.loadPdptes(v);
      }
    }
    RawMemory.putLong(s + StateLayout.CR3, v);
    cpu.switchAddressSpace(old, pcid, value < 0);
  }

  void cr4(long v) {
    long old = cpu.cr(4);
    if ((v & ~allowedCr4) != 0
        || (cpu.longMode() && (v & PageWalker.CR4_PAE) == 0)
        || ((v & CR4_PCIDE) != 0
            && (old & CR4_PCIDE) == 0
            && (!cpu.longMode() || (cpu.cr(3) & 0xfff) != 0))) {
      throw protection();
    }
    long paging = PageWalker.CR4_PSE | PageWalker.CR4_PAE | CR4_PGE | PageWalker.CR4_SMEP;
    long changed = old ^ v;
    if ((changed & paging) != 0
        && (cpu.cr(0) & Cpu.CR0_PG) != 0
        && (v & PageWalker.CR4_PAE) != 0
        && !cpu.longMode()) {
      cpu.walker.loadPdptes(cpu.cr(3));
    }
    RawMemory.putLong(s + StateLayout.CR4, v);
    if ((changed & (paging | PageWalker.CR4_SMAP | CR4_PCIDE)) != 0) {
      cpu.flushTranslations();
    }
    cpu.updateMode();
  }
}
