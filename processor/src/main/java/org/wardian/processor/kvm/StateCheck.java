package org.wardian.processor.kvm;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * What a state block must meet before the kernel is asked: otherwise a processor would refuse to
 * enter the guest, long after the mistake. Source: Intel SDM vol. 3 §27.3.1, checks on the guest
 * state area.
 */
final class StateCheck {
  private static final long CR0_PE = 1;
  private static final long CR0_NW = 1 << 29;
  private static final long CR0_CD = 1 << 30;
  private static final long CR0_PG = 1L << 31;
  private static final long CR4_PAE = 1 << 5;
  private static final long CR4_PCIDE = 1 << 17;
  private static final long EFER_LME = 1 << 8;

  /** SCE, LME, LMA, NXE. */
  private static final long EFER_DEFINED = 1 | EFER_LME | 1 << 10 | 1 << 11;

  private static final long VIRTUAL_8086 = 1 << 17;

  /** All bits of RFLAGS that can be set. */
  private static final long RFLAGS_DEFINED = 0x3f_7fd7;

  /** Bits of attributes that exist. */
  private static final int ATTRIBUTES_DEFINED = 0x1_f0ff;

  private static final int PRESENT = 1 << 7;
  private static final int DEFAULT_BIG = 1 << 14;
  private static final int GRANULARITY = 1 << 15;

  /** Vectors of exceptions that push an error code: 8, 10 to 14, 17, 21. */
  private static final int WITH_ERROR_CODE = 1 << 8 | 0x1f << 10 | 1 << 17 | 1 << 21;

  private static final int MXCSR_DEFINED = 0xffff;

  private static final String[] SEGMENTS = {"ES", "CS", "SS", "DS", "FS", "GS", "", "LDTR", "TR"};

  private StateCheck() {}

  /**
   * @throws IllegalArgumentException saying which field of the block holds what it cannot
   */
  static void check(long block) {
    long cr0 = get(block, StateLayout.CR0);
    long cr4 = get(block, StateLayout.CR4);
    long efer = get(block, StateLayout.EFER);
    long rflags = get(block, StateLayout.EFLAGS);
    boolean longMode = (efer & ControlState.LONG_MODE_ACTIVE) != 0;
    require(cr0 >>> 32 == 0, "CR0", cr0, "has reserved bits");
    require(has(cr0, CR0_PE) || !has(cr0, CR0_PG), "CR0", cr0, "has PG without PE");
    require(has(cr0, CR0_CD) || !has(cr0, CR0_NW), "CR0", cr0, "has NW without CD");
    require((efer & ~EFER_DEFINED) == 0, "EFER", efer, "has reserved bits");
    require(
        longMode == (has(efer, EFER_LME) && has(cr0, CR0_PG)),
        "EFER",
        efer,
        "has an LMA that is not LME and CR0.PG");
    require(!longMode || has(cr4, CR4_PAE), "CR4", cr4, "lacks PAE in long mode");
    require(longMode || !has(cr4, CR4_PCIDE), "CR4", cr4, "has PCIDE outside long mode");
    require(cr4 >>> 32 == 0, "CR4", cr4, "has reserved bits");
    long cr3 = get(block, StateLayout.CR3);
    require(cr3 >>> 52 == 0, "CR3", cr3, "has reserved bits");
    require((rflags & ~RFLAGS_DEFINED) == 0, "RFLAGS", rflags, "has reserved bits");
    require(
        !has(rflags, VIRTUAL_8086) || (!longMode && has(cr0, CR0_PE)),
        "RFLAGS",
        rflags,
        "has VM outside 32-bit protected mode");
    segments(block, longMode);
    instructionPointer(block, longMode);
    canonical(block, StateLayout.GDTR_BASE, "GDTR");
    canonical(block, StateLayout.IDTR_BASE, "IDTR");
    upperClear(block, StateLayout.DR6, "DR6");
    upperClear(block, StateLayout.DR7, "DR7");
    int mxcsr = RawMemory.getInt(block + StateLayout.MXCSR);
    require((mxcsr & ~MXCSR_DEFINED) == 0, "MXCSR", mxcsr, "has reserved bits");
    canonical(block, StateLayout.LSTAR, "IA32_LSTAR");
    canonical(block, StateLayout.CSTAR, "IA32_CSTAR");
    canonical(block, StateLayout.KERNEL_GS_BASE, "IA32_KERNEL_GS_BASE");
    canonical(block, StateLayout.SYSENTER_ESP, "IA32_SYSENTER_ESP");
    canonical(block, StateLayout.SYSENTER_EIP, "IA32_SYSENTER_EIP");
    memoryTypes(get(block, StateLayout.PAT));
    long xcr0 = get(block, StateLayout.XCR0);
    require((xcr0 & 1) != 0, "XCR0", xcr0, "lacks the x87 state");
    events(block, has(cr0, CR0_PE));
  }

  /** Each byte of the page attribute table is a memory type: 0, 1, 4, 5, 6 or 7. */
  private static void memoryTypes(long table) {
    for (int i = 0; i < 64; i += 8) {
      long type = table >>> i & 0xff;
      require(type < 8 && type != 2 && type != 3, "IA32_PAT", table, "has an unknown memory type");
    }
  }

  private static void segments(long block, boolean longMode) {
    for (int i = 0; i < SEGMENTS.length; i++) {
      if (i == StateLayout.NO_SEGMENT) {
        continue;
      }
      long at = block + StateLayout.segment(i);
      int attributes = RawMemory.getInt(at + StateLayout.ATTRIBUTES);
      long base = RawMemory.getLong(at + StateLayout.BASE);
      String name = SEGMENTS[i];
      require(
          (attributes & ~ATTRIBUTES_DEFINED) == 0,
          name + " attributes",
          attributes,
          "are undefined");
      boolean full = i >= StateLayout.FS;
      boolean usable = (attributes & ControlState.UNUSABLE) == 0 && (attributes & PRESENT) != 0;
      if (full) {
        canonical(at, StateLayout.BASE, name);
      } else {
        require(base >>> 32 == 0, name + " base", base, "is wider than 32 bits");
      }
      require(
          usable || (i != StateLayout.CS && i != StateLayout.TR),
          name + " attributes",
          attributes,
          "are those of an absent segment");
      if (usable) {
        limit(name, RawMemory.getInt(at + StateLayout.LIMIT), attributes);
      }
      if (i == StateLayout.CS && longMode) {
        require(
            (attributes & (ControlState.LONG_CODE | DEFAULT_BIG))
                != (ControlState.LONG_CODE | DEFAULT_BIG),
            name + " attributes",
            attributes,
            "have both L and D");
      }
    }
  }

  /** A limit in pages ends in ones, a limit in bytes has 20 bits. */
  private static void limit(String name, int limit, int attributes) {
    boolean pages = (attributes & GRANULARITY) != 0;
    require(
        pages ? (limit & 0xfff) == 0xfff : limit >>> 20 == 0,
        name + " limit",
        limit & 0xffffffffL,
        pages ? "is not in pages" : "is wider than 20 bits");
  }

  private static void instructionPointer(long block, boolean longMode) {
    int attributes =
        RawMemory.getInt(block + StateLayout.segment(StateLayout.CS) + StateLayout.ATTRIBUTES);
    if (longMode && (attributes & ControlState.LONG_CODE) != 0) {
      canonical(block, StateLayout.RIP, "RIP");
    } else {
      upperClear(block, StateLayout.RIP, "RIP");
    }
  }

  private static void events(long block, boolean protectedMode) {
    long event = get(block, StateLayout.EVENT);
    int activity = RawMemory.getInt(block + StateLayout.ACTIVITY);
    require(
        activity >= StateLayout.RUNNING && activity <= StateLayout.WAITING,
        "activity",
        activity,
        "is unknown");
    long traps = get(block, StateLayout.DUE_TRAPS);
    // B0 to B3, BD, BS, BT
    require((traps & ~0xe00fL) == 0, "debug traps that are due", traps, "are no bits of DR6");
    if (event == 0) {
      return;
    }
    require(traps == 0, "debug traps that are due", traps, "wait beside an event under way");
    int vector = (int) event & 0xff;
    boolean error = (event & 1 << 11) != 0;
    boolean sane =
        (event & 1L << 31) != 0
            && (event & 0x7fff_f000L) == 0
            && (error || event >>> 32 == 0)
            && switch ((int) event >>> 8 & 7) {
              case StateLayout.EVENT_EXTERNAL,
                  StateLayout.EVENT_SOFTWARE_INTERRUPT,
                  StateLayout.EVENT_SOFTWARE_EXCEPTION ->
                  !error;
              case StateLayout.EVENT_NMI -> vector == 2 && !error;
              case StateLayout.EVENT_EXCEPTION ->
                  vector < 32
                      && vector != 2
                      && (!protectedMode || error == ((WITH_ERROR_CODE >>> vector & 1) != 0));
              default -> false;
            };
    require(sane, "the event under way", event, "is none that can be");
  }

  private static long get(long block, int offset) {
    return RawMemory.getLong(block + offset);
  }

  private static boolean has(long value, long bits) {
    return (value & bits) != 0;
  }

  private static void canonical(long at, int offset, String name) {
    long value = RawMemory.getLong(at + offset);
    require(value << 16 >> 16 == value, name, value, "is not a canonical address");
  }

  private static void upperClear(long at, int offset, String name) {
    long value = RawMemory.getLong(at + offset);
    require(value >>> 32 == 0, name, value, "is wider than 32 bits");
  }

  private static void require(boolean holds, String field, long value, String complaint) {
    if (!holds) {
      throw new IllegalArgumentException("%s 0x%x %s".formatted(field, value, complaint));
    }
  }
}
