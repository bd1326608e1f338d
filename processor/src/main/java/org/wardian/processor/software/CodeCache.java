package org.wardian.processor.software;

import java.util.Arrays;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;

/**
 * Decoded code by guest-physical page, and the way from a linear address to it. One a vCPU; told of
 * every write to a page that it holds code of.
 */
final class CodeCache implements GuestMemory.CodeListener {
  private static final int SLOTS = 1024;
  private static final int RUN = 64;
  private static final int MAXIMUM_LENGTH = 15;

  private final Cpu cpu;
  private final GuestMemory memory;
  private final Decoder decoder;
  private final Lowering lowering = new Lowering();

  /** By kind, then frame. */
  private final CodePage[][] pages = new CodePage[CodePage.KINDS][];

  private final long[] tags = new long[SLOTS];
  private final CodePage[] slots = new CodePage[SLOTS];
  private final byte[] bytes = new byte[4096];
  private Instruction scratch = new Instruction();

  /** Receives the one instruction of a step, and instructions that cross a page. */
  final CodePage single = new CodePage(-1, 0);

  private final byte[] singleBytes = new byte[16];

  /** Instructions decoded and pages thrown away, for measurement. */
  long decoded;

  long invalidations;

  CodeCache(Cpu cpu, Decoder decoder) {
    this.cpu = cpu;
    this.memory = cpu.memory;
    this.decoder = decoder;
    Arrays.fill(tags, -1);
    memory.addCodeListener(this);
  }

  void flush() {
    Arrays.fill(tags, -1);
    Arrays.fill(slots, null);
  }

  void flushPage(long linear) {
    int slot = slot(linear);
    tags[slot] = -1;
    slots[slot] = null;
  }

  private static int slot(long linear) {
    return (int) (linear >>> 12) & SLOTS - 1;
  }

  /** The page of linear address {@code linear}; faults as an instruction fetch. */
  CodePage page(long linear) {
    long tag = linear & Mmu.PAGE_MASK | cpu.codeKind | (cpu.cpl == 3 ? 4 : 0);
    int slot = slot(linear);
    if (tags[slot] == tag) {
      CodePage page = slots[slot];
      if (!page.dead) {
        return page;
      }
    }
    return fill(linear, tag, slot);
  }

  private CodePage fill(long linear, long tag, int slot) {
    long physical =
        cpu.walker.translate(linear, Mmu.EXECUTE, cpu.cpl == 3 ? Mmu.USER : Mmu.SUPERVISOR);
    int frame = memory.frame(physical);
    if (frame < 0) {
      return null;
    }
    int kind = cpu.codeKind;
    if (pages[kind] == null) {
      pages[kind] = new CodePage[memory.frames()];
    }
    CodePage page = pages[kind][frame];
    if (page == null) {
      page = new CodePage(physical & Mmu.PAGE_MASK, kind);
      pages[kind][frame] = page;
    }
    tags[slot] = tag;
    slots[slot] = page;
    return page;
  }

  /** Index of the operation at {@code offset} of {@code page}, decoding if need be. */
  int entry(CodePage page, int offset) {
    int at = page.entry[offset];
    return at != 0 ? at : decode(page, offset);
  }

  private int decode(CodePage page, int offset) {
    if (page.full()) {
      invalidate(page);
      return 0;
    }
    if (page.chunks == 0) {
      memory.markCode(page.physical);
      cpu.flushWrites(page.physical);
    }
    long host = memory.hostAddress(page.physical);
    RawMemory.copy(host, bytes, 0, 4096);
    int codeSize = codeSize(page.kind);
    int start = page.size;
    int at = offset;
    for (int n = 0; ; n++) {
      if (n > 0 && page.entry[at] != 0) {
        page.emit((long) at << Ops.OFFSET | Ops.GOTO, page.entry[at]);
        break;
      }
      if (n == RUN) {
        page.emit((long) at << Ops.OFFSET | Ops.STALE, 0);
        break;
      }
      int status = decoder.decode(bytes, at, 4096 - at, codeSize, scratch);
      long place = (long) at << Ops.OFFSET;
      page.entry[at] = (short) page.size;
      if (status == Decoder.TRUNCATED) {
        page.covers(at, 4096);
        page.emit(place | Ops.STRADDLE, 0);
        break;
      }
      if (status != Decoder.OK) {
        page.covers(at, Math.min(4096, at + MAXIMUM_LENGTH));
        page.emit(place | (status == Decoder.INVALID ? Ops.UNDEFINED : Ops.TOO_LONG), 0);
        break;
      }
      decoded++;
      page.covers(at, at + scratch.length);
      boolean kept = lowering.lower(scratch, page, at);
      boolean last = lowering.endsRun;
      at += scratch.length;
      if (kept) {
        scratch = new Instruction();
      }
      if (last) {
        break;
      }
      if (at == 4096) {
        page.emit(Ops.NEXT_PAGE, 0);
        break;
      }
    }
    return start;
  }

  static int codeSize(int kind) {
    return switch (kind) {
      case CodePage.LONG -> 8;
      case CodePage.SEGMENTED_16 -> 2;
      default -> 4;
    };
  }

  /**
   * Decodes the one instruction at {@code rip} (linear address {@code linear}) into {@link #single}
   * and returns its index there. The instruction may cross into the next page, or lie in no memory
   * at all (its bytes then come from the bus).
   */
  int single(long rip, long linear) {
    CodePage page = single;
    page.size = 2;
    page.instructionCount = 0;
    boolean segmented = cpu.codeKind >= CodePage.SEGMENTED_32;
    long limit = segmented ? cpu.limit(org.wardian.x86.StateLayout.CS) : 0;
    int mode = cpu.cpl == 3 ? Mmu.USER : Mmu.SUPERVISOR;
    int have = 0;
    int status = Decoder.TRUNCATED;
    long pagePhysical = 0;
    while (have < MAXIMUM_LENGTH && status == Decoder.TRUNCATED) {
      if (segmented && rip + have > limit) {
        throw cpu.fault(Vector.GP, 0);
      }
      long at = cpu.code64 ? linear + have : linear + have & 0xffffffffL;
      if (cpu.code64 && at << 16 >> 16 != at) {
        throw cpu.fault(Vector.GP, 0);
      }
      if (have == 0 || (at & 0xfff) == 0) {
        pagePhysical = cpu.walker.translate(at, Mmu.EXECUTE, mode);
      }
      // Byte by byte, so that no byte beyond the instruction is fetched.
      singleBytes[have++] = fetch(pagePhysical & Mmu.PAGE_MASK | at & 0xfff);
      status =
          decoder.decode(singleBytes, 0, have, codeSize(cpu.codeKind), scratch);
    }
    long place = (linear & 0xfff) << Ops.OFFSET;
    if (status != Decoder.OK) {
      page.emit(place | (status == Decoder.INVALID ? Ops.UNDEFINED : Ops.TOO_LONG), 0);
    } else {
      decoded++;
      lowering.lowerGeneral(scratch, page, (int) linear & 0xfff, segmented);
      scratch = new Instruction();
    }
    page.emit(Ops.LEAVE, 0);
    return 2;
  }

  /** Whether the instruction at {@code rip} of 64-bit code accesses memory through the stack. */
  boolean stackReferenced(long rip) {
    Instruction i = new Instruction();
    try {
      for (int n = 0; n < MAXIMUM_LENGTH; n++) {
        long at = rip + n;
        long physical =
            cpu.walker.translate(at, Mmu.EXECUTE, cpu.cpl == 3 ? Mmu.USER : Mmu.SUPERVISOR);
        singleBytes[n] = fetch(physical & Mmu.PAGE_MASK | at & 0xfff);
        if (decoder.decode(singleBytes, 0, n + 1, 8, i) == Decoder.OK) {
          boolean implied =
              switch (i.form.operation()) {
                case PUSH, POP, CALL, RET, PUSHF, POPF, ENTER, LEAVE, IRET, RETF, CALLF, PUSH_SEG,
                    POP_SEG ->
                    true;
                default -> false;
              };
          boolean based = i.base == 4 || i.base == 5;
          return implied || i.hasMemory() && based && !i.segmentOverride;
        }
      }
    } catch (GuestFault e) {
      // The code itself is gone: another vCPU changed the page tables.
      return false;
    }
    return false;
  }

  private byte fetch(long physical) {
    long host = memory.hostAddress(physical);
    return host != 0 ? RawMemory.getByte(host) : (byte) cpu.mmio.read(physical, 1);
  }

  private void invalidate(CodePage page) {
    invalidations++;
    page.kill();
    int frame = memory.frame(page.physical);
    pages[page.kind][frame] = null;
    boolean other = false;
    for (CodePage[] kind : pages) {
      other |= kind != null && kind[frame] != null;
    }
    if (!other) {
      memory.unmarkCode(page.physical);
    }
  }

  @Override
  public void codeWritten(long address, int length) {
    int frame = memory.frame(address);
    int from = (int) address & 0xfff;
    long touched = 0;
    for (int chunk = from >> 6; chunk <= (from + length - 1) >> 6 && chunk < 64; chunk++) {
      touched |= 1L << chunk;
    }
    for (CodePage[] kind : pages) {
      CodePage page = kind == null ? null : kind[frame];
      if (page != null && (page.chunks & touched) != 0) {
        invalidate(page);
      }
    }
  }
}
