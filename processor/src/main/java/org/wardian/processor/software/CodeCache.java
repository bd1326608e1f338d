package org.wardian.processor.software;

import java.util.Arrays;
import org.wardian.host.Mapping;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Decoded code by guest-physical page, and the way from a linear address to it. One a vCPU, and
 * used by its thread only; told of every write to a page that it holds code of.
 */
final class CodeCache {
  private static final int SLOTS = 1024;
  private static final int RUN = 64;
  private static final int MAXIMUM_LENGTH = 15;

  /** How far from RSP an instruction's implied stack accesses can be: ENTER with its frame. */
  private static final long STACK_REACH = 1 << 17;

  /** Words of dense code for one vCPU, and the least for each of many. */
  private static final int STORE_WORDS = 1 << 23;

  private static final int LEAST_STORE_WORDS = 1 << 20;

  /** Entries of the jump cache, 16 bytes each: RIP; context (32 bits) and index (32 bits). */
  private static final int JUMPS = 1 << 12;

  private static final long JUMP_MASK = (JUMPS - 1L) << 4;

  /** Frames whose pages lie in one array, which exists once one of them holds code. */
  private static final int CHUNK_BITS = 10;

  private static final int CHUNK = 1 << CHUNK_BITS;

  /** Contexts have so many mappings; 0 is the one that no code was ever found in. */
  private static final int MAPPINGS = 0xfffffff;

  private final Cpu cpu;
  private final GuestMemory memory;
  private final Decoder decoder;
  private final Lowering lowering = new Lowering();

  /** All dense code. */
  final CodeStore store;

  /** By kind, then frame: upper bits, lower bits. */
  private final CodePage[][][] pages = new CodePage[CodePage.KINDS][0][];

  private final long[] tags = new long[SLOTS];
  private final CodePage[] slots = new CodePage[SLOTS];
  private final Mapping jumpMapping = Mapping.anonymous(JUMPS * 16L);
  private final long jumps = jumpMapping.address();
  private final byte[] bytes = new byte[4096];
  private final byte[] singleBytes = new byte[16];
  private Instruction scratch = new Instruction();

  /** Counts changes of the mapping, and those that global pages see; part of the contexts. */
  int mappings = 1;

  int globalMappings = 1;

  /** The counts have come round: nothing may be found before everything was forgotten. */
  private boolean clearFirst;

  /**
   * Names what a link between pages depends on: the mapping, the privilege and the kind of code. A
   * link that carries another context is looked up again.
   */
  int context;

  /** The same for targets in global pages, which a write to CR3 leaves where they are. */
  int globalContext;

  /** The context that the target found last depends on. */
  int foundContext;

  private final boolean[] slotGlobal = new boolean[SLOTS];

  /** Whether a page that is not global was found since such pages were forgotten last. */
  private boolean local;

  private final WriteHistory history = new WriteHistory();

  /** Instructions decoded and operations gone stale, for measurement. */
  long decoded;

  long invalidations;

  /**
   * @param vcpus how many the machine has
   */
  CodeCache(Cpu cpu, Decoder decoder, int vcpus) {
    this.cpu = cpu;
    this.store = new CodeStore(Math.max(STORE_WORDS / vcpus, LEAST_STORE_WORDS));
    this.memory = cpu.memory;
    this.decoder = decoder;
    Arrays.fill(tags, -1);
  }

  void close() {
    store.close();
    jumpMapping.close();
  }

  /** Forgets where pages are. */
  void flush() {
    Arrays.fill(tags, -1);
    changed(true);
  }

  /** Forgets where pages are that are not global. */
  void flushLocal() {
    for (int slot = 0; local && slot < SLOTS; slot++) {
      if (!slotGlobal[slot]) {
        tags[slot] = -1;
      }
    }
    local = false;
    changed(false);
  }

  /** Forgets where the page at {@code linear} is. */
  void flushPage(long linear) {
    int slot = (int) (linear >>> 12) & SLOTS - 1;
    tags[slot] = -1;
    changed(slotGlobal[slot]);
  }

  private void changed(boolean globals) {
    if (!clearFirst) {
      mappings = mappings + 1 & MAPPINGS;
      if (globals) {
        globalMappings = globalMappings + 1 & MAPPINGS;
      }
      if (mappings == 0 || globalMappings == 0) {
        // Contexts come round again, and no old link may look current. The code itself must stay:
        // this may happen in the middle of one of its instructions.
        clearFirst = true;
        mappings = 0;
        globalMappings = 0;
      }
    }
    modeChanged();
  }

  /** Derives the contexts; called when privilege or kind of code change. */
  void modeChanged() {
    int mode = (cpu.cpl == 3 ? 4 : 0) | cpu.codeKind;
    context = mappings << 3 | mode;
    globalContext = 1 << 31 | globalMappings << 3 | mode;
  }

  private void clear() {
    for (int kind = 0; kind < pages.length; kind++) {
      for (CodePage[] chunk : pages[kind]) {
        for (int i = 0; chunk != null && i < CHUNK; i++) {
          if (chunk[i] != null) {
            chunk[i].dead = true;
            if (!translated(chunk[i].physical)) {
              cpu.unwatchCode(chunk[i].physical);
            }
          }
        }
      }
      pages[kind] = new CodePage[0][];
    }
    if (clearFirst) {
      clearFirst = false;
      mappings = 1;
      globalMappings = 1;
      modeChanged();
    }
    Arrays.fill(tags, -1);
    Arrays.fill(slots, null);
    RawMemory.fill(jumps, JUMPS * 16L, (byte) 0);
    store.clear();
  }

  /** Index of the operation at {@code rip}, if the jump cache knows it, else 0. */
  int jump(long rip) {
    long at = jumps + (rip << 3 & JUMP_MASK);
    long value = RawMemory.getLong(at + 8);
    if (RawMemory.getLong(at) != rip) {
      return 0;
    }
    int wanted = (int) (value >>> 32);
    if (wanted != context && wanted != globalContext) {
      return 0;
    }
    foundContext = wanted;
    return (int) value;
  }

  private void remember(long rip, int index) {
    long at = jumps + (rip << 3 & JUMP_MASK);
    RawMemory.putLong(at, rip);
    RawMemory.putLong(at + 8, (long) foundContext << 32 | index);
  }

  /**
   * Index of the operation for {@code rip} at linear address {@code linear}, decoding if need be; 0
   * where the code lies in no memory.
   *
   * @throws GuestFault of the instruction fetch
   */
  int find(long rip, long linear) {
    if (clearFirst) {
      clear();
    }
    CodePage page = page(linear);
    if (page == null) {
      return 0;
    }
    int offset = (int) linear & 0xfff;
    int at = page.entry(offset);
    if (at == 0) {
      if (store.full()) {
        clear();
        page = page(linear);
      }
      at = decode(page, offset);
    }
    if (at != 0 && cpu.codeKind <= CodePage.FLAT_32) {
      remember(rip, at);
    }
    return at;
  }

  /**
   * Turns the stale operation at index {@code stale}, of code at {@code rip} in the guest-physical
   * page {@code physical}, into a jump to what is there now.
   *
   * @throws GuestFault of the instruction fetch
   */
  void replace(int stale, long rip, long physical) {
    long at = jumps + (rip << 3 & JUMP_MASK);
    if (RawMemory.getLong(at) == rip) {
      RawMemory.putLong(at + 8, 0);
    }
    if (cpu.codeKind > CodePage.FLAT_32) {
      return;
    }
    int generation = store.generation;
    int now = find(rip, rip);
    CodePage page = now == 0 ? null : page(rip);
    if (page != null && page.physical == physical && generation == store.generation) {
      long offset = store.word(stale) >>> Ops.OFFSET;
      store.put(stale, offset << Ops.OFFSET | Ops.GOTO, now);
    }
  }

  private CodePage page(long linear) {
    long tag = linear & Mmu.PAGE_MASK | cpu.codeKind | (cpu.cpl == 3 ? 4 : 0);
    int slot = (int) (linear >>> 12) & SLOTS - 1;
    if (tags[slot] == tag) {
      CodePage page = slots[slot];
      if (!page.dead) {
        foundContext = slotGlobal[slot] ? globalContext : context;
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
    CodePage page = pageOf(kind, frame);
    if (page == null) {
      page = new CodePage(physical & Mmu.PAGE_MASK, kind);
      put(kind, frame, page);
    }
    tags[slot] = tag;
    slots[slot] = page;
    slotGlobal[slot] = cpu.walker.pageGlobal;
    local |= !cpu.walker.pageGlobal;
    foundContext = slotGlobal[slot] ? globalContext : context;
    return page;
  }

  private CodePage pageOf(int kind, int frame) {
    CodePage[][] chunks = pages[kind];
    int n = frame >> CHUNK_BITS;
    return n < chunks.length && chunks[n] != null ? chunks[n][frame & CHUNK - 1] : null;
  }

  private void put(int kind, int frame, CodePage page) {
    int n = frame >> CHUNK_BITS;
    if (n >= pages[kind].length) {
      pages[kind] = Arrays.copyOf(pages[kind], Math.max(n + 1, pages[kind].length * 2));
    }
    if (pages[kind][n] == null) {
      pages[kind][n] = new CodePage[CHUNK];
    }
    pages[kind][n][frame & CHUNK - 1] = page;
  }

  /** Decodes a run; 0 where the page is memory no more. */
  private int decode(CodePage page, int offset) {
    if (page.chunks == 0) {
      cpu.watchCode(page.physical);
    }
    long host = memory.hostAddress(page.physical);
    if (host == 0) {
      return 0;
    }
    RawMemory.copy(host, bytes, 0, 4096);
    int codeSize = codeSize(page.kind);
    int start = store.next();
    int at = offset;
    for (int n = 0; ; n++) {
      long place = (long) at << Ops.OFFSET;
      if (n > 0 && page.entry(at) != 0) {
        store.emit(place | Ops.GOTO, page.entry(at));
        break;
      }
      if (n == RUN) {
        store.emit(place | Ops.STALE, page.physical);
        break;
      }
      int status = decoder.decode(bytes, at, 4096 - at, codeSize, scratch);
      page.entry(at, store.next());
      page.live++;
      if (status == Decoder.TRUNCATED) {
        page.covers(at, 4096);
        store.emit(place | Ops.STRADDLE, 0);
        break;
      }
      if (status != Decoder.OK) {
        page.covers(at, Math.min(4096, at + MAXIMUM_LENGTH));
        store.emit(place | (status == Decoder.INVALID ? Ops.UNDEFINED : Ops.TOO_LONG), 0);
        break;
      }
      decoded++;
      page.covers(at, at + scratch.length);
      boolean kept = lowering.lower(scratch, page.kind, store, at);
      at += scratch.length;
      if (kept) {
        scratch = new Instruction();
      }
      if (lowering.endsRun) {
        break;
      }
      if (at == 4096) {
        store.emit(Ops.NEXT_PAGE, 4096);
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
   * Decodes the one instruction at {@code rip} (linear address {@code linear}) into {@link
   * CodeStore#SINGLE} and returns that index. The instruction may cross into the next page, or lie
   * in no memory at all (its bytes then come from the bus).
   */
  int single(long rip, long linear) {
    boolean segmented = cpu.codeKind >= CodePage.SEGMENTED_32;
    long limit = segmented ? cpu.limit(StateLayout.CS) : 0;
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
      status = decoder.decode(singleBytes, 0, have, codeSize(cpu.codeKind), scratch);
    }
    store.beginSingle();
    long place = (linear & 0xfff) << Ops.OFFSET;
    if (status != Decoder.OK) {
      store.emit(place | (status == Decoder.INVALID ? Ops.UNDEFINED : Ops.TOO_LONG), 0);
    } else {
      decoded++;
      lowering.lowerGeneral(scratch, store, (int) linear & 0xfff, segmented);
      scratch = new Instruction();
    }
    store.emit(Ops.LEAVE, 0);
    store.endSingle();
    return CodeStore.SINGLE;
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
                case PUSH,
                    POP,
                    CALL,
                    RET,
                    PUSHF,
                    POPF,
                    ENTER,
                    LEAVE,
                    IRET,
                    RETF,
                    CALLF,
                    PUSH_SEG,
                    POP_SEG ->
                    true;
                default -> false;
              };
          // An instruction with both knows its stack access by the address.
          long distance = Math.abs(cpu.nonCanonicalAddress - cpu.gpr(Cpu.RSP));
          boolean based = i.base == 4 || i.base == 5;
          return implied && distance < STACK_REACH || i.hasMemory() && based && !i.segmentOverride;
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

  /** Ends {@link GuestMemory#markCode} where no decoded code holds it. */
  void unmark(long physical) {
    int frame = memory.frame(physical);
    for (int kind = 0; frame >= 0 && kind < CodePage.KINDS; kind++) {
      if (pageOf(kind, frame) != null) {
        return;
      }
    }
    cpu.unwatchCode(physical);
  }

  /** Bytes within one page were written, so many times. */
  void codeWritten(long address, int length, int times) {
    Translations translations = cpu.translations();
    if (translations != null) {
      translations.store().written(address, length);
    }
    int frame = memory.frame(address);
    if (frame < 0) {
      return;
    }
    int from = (int) address & 0xfff;
    long touched = 0;
    for (int chunk = from >> 6; chunk <= (from + length - 1) >> 6 && chunk < 64; chunk++) {
      touched |= 1L << chunk;
    }
    for (int kind = 0; kind < CodePage.KINDS; kind++) {
      CodePage page = pageOf(kind, frame);
      if (page != null && (page.chunks & touched) != 0) {
        stale(page, from, from + length);
        if (page.live == 0) {
          forget(page, frame);
        }
      }
    }
    if (memory.isCode(address) && history.exhausted(address >>> 12, times)) {
      forgetPage(address & Mmu.PAGE_MASK, frame);
    }
  }

  /** Forgets all code of one page, which is written like any other until it is executed again. */
  private void forgetPage(long physical, int frame) {
    Translations translations = cpu.translations();
    if (translations != null) {
      translations.store().written(physical, GuestMemory.PAGE);
    }
    for (int kind = 0; kind < CodePage.KINDS; kind++) {
      CodePage page = pageOf(kind, frame);
      if (page != null) {
        stale(page, 0, GuestMemory.PAGE);
        forget(page, frame);
      }
    }
    unmark(physical);
  }

  /** Makes the operations whose bytes overlap the range look up their place again. */
  private void stale(CodePage page, int from, int to) {
    for (int offset = Math.max(0, from - MAXIMUM_LENGTH + 1); offset < to; offset++) {
      int at = page.entry(offset);
      if (at != 0) {
        int length = (int) (store.word(at) >>> Ops.LENGTH) & 15;
        // What could not be decoded has no length of its own, and may reach as far as it can.
        if (offset + (length == 0 ? MAXIMUM_LENGTH : length) > from) {
          store.stale(at, page.physical);
          page.entry(offset, 0);
          page.live--;
          invalidations++;
        }
      }
    }
  }

  private void forget(CodePage page, int frame) {
    page.dead = true;
    put(page.kind, frame, null);
    for (int kind = 0; kind < CodePage.KINDS; kind++) {
      if (pageOf(kind, frame) != null) {
        return;
      }
    }
    if (!translated(page.physical)) {
      cpu.unwatchCode(page.physical);
    }
  }

  /** Whether a page holds translated code, which must hear of writes too. */
  private boolean translated(long physical) {
    Translations translations = cpu.translations();
    return translations != null && translations.store().holds(physical);
  }

  /** Forgets all code: memory was written in ways that nobody followed. */
  void forgetAll() {
    Translations translations = cpu.translations();
    if (translations != null) {
      translations.store().clear();
    }
    forgetFrames(0, Integer.MAX_VALUE);
  }

  /** Forgets all code of a region whose memory is gone. */
  void forgetRegion(GuestMemory.Region region) {
    Translations translations = cpu.translations();
    if (translations != null) {
      translations.store().forget(region.base(), region.size());
    }
    forgetFrames(region.firstFrame(), (int) (region.size() / GuestMemory.PAGE));
  }

  /**
   * Forgets the operations of {@code count} frames from {@code first}. One of theirs that executes
   * now runs to its end.
   */
  private void forgetFrames(int first, int count) {
    int last = first + count - 1;
    for (CodePage[][] chunks : pages) {
      for (int n = first >> CHUNK_BITS; n <= last >> CHUNK_BITS && n < chunks.length; n++) {
        if (chunks[n] == null) {
          continue;
        }
        boolean empty = true;
        for (int i = 0; i < CHUNK; i++) {
          CodePage page = chunks[n][i];
          int frame = (n << CHUNK_BITS) + i;
          if (page != null && frame >= first && frame <= last) {
            stale(page, 0, 4096);
            forget(page, frame);
          }
          empty &= chunks[n][i] == null;
        }
        if (empty) {
          chunks[n] = null;
        }
      }
    }
  }
}
