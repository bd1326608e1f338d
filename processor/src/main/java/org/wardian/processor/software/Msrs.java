package org.wardian.processor.software;

import org.wardian.bus.InvalidMsrException;
import org.wardian.memory.RawMemory;
import org.wardian.x86.Feature;
import org.wardian.x86.StateLayout;

/**
 * Model-specific registers. Source: Intel SDM vol. 4, chapter 2; KVM's documented paravirtual MSRs.
 */
final class Msrs {
  private static final int TSC_ADJUST = 0x3b;
  private static final long EFER_SCE = 1;
  private static final long EFER_LME = 1 << 8;
  private static final long EFER_LMA = 1 << 10;
  private static final long EFER_NXE = 1 << 11;

  private final SoftwareVcpu cpu;
  private final long s;
  private final ParavirtualClock clock;

  Msrs(SoftwareVcpu cpu) {
    this.cpu = cpu;
    this.s = cpu.state;
    this.clock = new ParavirtualClock(cpu);
  }

  private GuestFault protection() {
    return cpu.fault(Vector.GP, 0);
  }

  private long get(int offset) {
    return RawMemory.getLong(s + offset);
  }

  private void set(int offset, long value) {
    RawMemory.putLong(s + offset, value);
  }

  private void address(int offset, long value) {
    if (value << 16 >> 16 != value) {
      throw protection();
    }
    set(offset, value);
  }

  private static boolean ofLocalApic(int index) {
    return index == 0x1b || index == 0x6e0 || (index >= 0x800 && index <= 0x8ff);
  }

  /** Where an MTRR is kept, or -1; they have no effect on an emulated cache. */
  private static int mtrr(int index) {
    if (index >= 0x200 && index < 0x210) {
      return StateLayout.MTRR_VARIABLE + 8 * (index - 0x200);
    }
    int fixed =
        switch (index) {
          case 0x250 -> 0;
          case 0x258 -> 1;
          case 0x259 -> 2;
          default -> index >= 0x268 && index <= 0x26f ? 3 + index - 0x268 : -1;
        };
    return fixed < 0 ? -1 : StateLayout.MTRR_FIXED + 8 * fixed;
  }

  long read(int index) {
    if (ofLocalApic(index)) {
      try {
        return cpu.interrupts.readMsr(index);
      } catch (InvalidMsrException e) {
        throw protection();
      }
    }
    if (mtrr(index) >= 0) {
      return get(mtrr(index));
    }
    return switch (index) {
      case 0x10 -> cpu.timestamp();
      // IA32_PLATFORM_ID: UEFI reads it before it looks for microcode
      case 0x17 -> 0;
      // IA32_FEATURE_CONTROL: locked, nothing enabled
      case 0x3a -> 1;
      case TSC_ADJUST -> {
        if (!cpu.model.has(Feature.TSC_ADJUST)) {
          throw protection();
        }
        yield get(StateLayout.TSC_ADJUST);
      }
      // IA32_BIOS_SIGN_ID: a microcode revision without known errata to work around
      case 0x8b -> 0x1_0000_0000L;
      // MTRRcap: write-combining, fixed ranges, eight variable ones
      case 0xfe -> 0x508;
      case 0x174 -> get(StateLayout.SYSENTER_CS);
      case 0x175 -> get(StateLayout.SYSENTER_ESP);
      case 0x176 -> get(StateLayout.SYSENTER_EIP);
      // machine check: no banks, no status
      case 0x179, 0x17a -> 0;
      // IA32_PERF_STATUS, IA32_THERM_STATUS and the like stay unpromised
      case 0x1a0 -> get(StateLayout.MISC_ENABLE);
      // debug control and last branch records: none
      case 0x1d9, 0x1db, 0x1dc, 0x1dd, 0x1de -> 0;
      case 0x277 -> get(StateLayout.PAT);
      case 0x2ff -> get(StateLayout.MTRR_DEFAULT);
      case 0xc0000080 -> get(StateLayout.EFER);
      case 0xc0000081 -> get(StateLayout.STAR);
      case 0xc0000082 -> get(StateLayout.LSTAR);
      case 0xc0000083 -> get(StateLayout.CSTAR);
      case 0xc0000084 -> get(StateLayout.FMASK);
      case 0xc0000100 -> cpu.base(StateLayout.FS);
      case 0xc0000101 -> cpu.base(StateLayout.GS);
      case 0xc0000102 -> get(StateLayout.KERNEL_GS_BASE);
      case 0xc0000103 -> get(StateLayout.TSC_AUX);
      default -> {
        if (clock.owns(index)) {
          yield clock.read(index);
        }
        throw protection();
      }
    };
  }

  void write(int index, long value) {
    if (ofLocalApic(index)) {
      try {
        cpu.interrupts.writeMsr(index, value);
        cpu.interruptsChanged();
        if (index == 0x1b) {
          cpu.flushTranslations();
        }
      } catch (InvalidMsrException e) {
        throw protection();
      }
      return;
    }
    if (mtrr(index) >= 0) {
      set(mtrr(index), value);
      return;
    }
    switch (index) {
      case 0x10 -> cpu.adjustTimestamp(value - cpu.timestamp());
      case TSC_ADJUST -> {
        if (!cpu.model.has(Feature.TSC_ADJUST)) {
          throw protection();
        }
        cpu.adjustTimestamp(value - get(StateLayout.TSC_ADJUST));
      }
      // microcode update trigger: accepted, nothing to update
      case 0x79 -> {}
      case 0x8b -> {}
      case 0x174 -> set(StateLayout.SYSENTER_CS, value & 0xffffffffL);
      case 0x175 -> address(StateLayout.SYSENTER_ESP, value);
      case 0x176 -> address(StateLayout.SYSENTER_EIP, value);
      case 0x17a -> {}
      case 0x1a0 -> set(StateLayout.MISC_ENABLE, value);
      case 0x1d9 -> {
        if ((value & ~3L) != 0) {
          throw protection();
        }
      }
      case 0x277 -> pat(value);
      case 0x2ff -> set(StateLayout.MTRR_DEFAULT, value & 0xcff);
      case 0xc0000080 -> efer(value);
      case 0xc0000081 -> set(StateLayout.STAR, value);
      case 0xc0000082 -> address(StateLayout.LSTAR, value);
      case 0xc0000083 -> address(StateLayout.CSTAR, value);
      case 0xc0000084 -> set(StateLayout.FMASK, value & 0xffffffffL);
      case 0xc0000100 -> address(StateLayout.segment(StateLayout.FS) + StateLayout.BASE, value);
      case 0xc0000101 -> address(StateLayout.segment(StateLayout.GS) + StateLayout.BASE, value);
      case 0xc0000102 -> address(StateLayout.KERNEL_GS_BASE, value);
      case 0xc0000103 -> {
        if (value >>> 32 != 0) {
          throw protection();
        }
        set(StateLayout.TSC_AUX, value);
      }
      default -> {
        if (!clock.owns(index)) {
          throw protection();
        }
        clock.write(index, value);
      }
    }
  }

  private void pat(long value) {
    for (int i = 0; i < 64; i += 8) {
      long type = value >>> i & 0xff;
      if (type > 7 || type == 2 || type == 3) {
        throw protection();
      }
    }
    set(StateLayout.PAT, value);
  }

  private void efer(long value) {
    long allowed = EFER_SCE | EFER_LME | EFER_LMA | (cpu.model.has(Feature.NX) ? EFER_NXE : 0);
    long old = get(StateLayout.EFER);
    boolean paging = (cpu.cr(0) & Cpu.CR0_PG) != 0;
    if ((value & ~allowed) != 0 || (paging && ((old ^ value) & EFER_LME) != 0)) {
      throw protection();
    }
    set(StateLayout.EFER, value & ~EFER_LMA | old & EFER_LMA);
    if (((old ^ value) & EFER_NXE) != 0) {
      cpu.flushTranslations();
    }
  }

  /** The time-stamp counter goes on from elsewhere: who reckons by it must know. */
  void timestampMoved() {
    clock.refresh();
  }
}
