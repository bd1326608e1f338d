package org.wardian.processor.software;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.x86.Decoder;
import org.wardian.x86.StateLayout;

/** The blocks of one vCPU: by address, by page, in the table of jump targets; made and ended. */
final class BlockStore {
  /** No page with a generation: an address that is not canonical. */
  private static final long NOWHERE = 1L << 62;

  /**
   * The most blocks: those that cannot be translated take no room of host code, and a guest has
   * them at as many addresses as it likes.
   */
  private static final int MOST = 1 << 19;

  /** The most bytes of host code of one block. */
  private static final int LARGEST = 64 * 1024;

  /** Bytes that an instruction can have. */
  private static final int LONGEST = 15;

  /** So many linear pages of code are known without a walk. */
  private static final int KNOWN = 1024;

  /** Blocks at addresses that could not be translated, to be interpreted. */
  private static final TranslatedBlock NONE = new TranslatedBlock(0, -1, -1, 0, 0);

  private final SoftwareVcpu cpu;
  private final GuestMemory memory;
  private final long state;
  private final HostCode code;
  private final Exits exits;
  private final Lockstep lockstep;
  private final BlockEmitter emitter;
  private final VerifiedTranslation verified;
  private final BlockDump dump = BlockDump.wanted();
  private final GuestBlock guest;

  /** The page of the block that is translated, and the start of the next one. */
  private final byte[] page = new byte[GuestMemory.PAGE + LONGEST];

  /** By guest-physical page: the blocks there. */
  private final Map<Long, TranslatedBlock> pages = new HashMap<>();

  /** All blocks by linear address and mode. */
  private final BlockTable table = new BlockTable();

  /** Linear pages with blocks by their low bits, with the generation: where they are. */
  private final long[] knownTags = new long[KNOWN];

  private final long[] knownPages = new long[KNOWN];

  /** Linear pages with blocks. */
  private final Set<Long> linearPages = new HashSet<>();

  /** Whether a block of the system's lies in a page that a write to CR3 can take away. */
  boolean systemLocal;

  /** Hears of each block, or null. */
  private BlockListener listener;

  /** How many there are, those counted that were ended by writes. */
  private int blocks;

  private long translated;
  private long invalidated;
  private long flushes;

  /**
   * @param lockstep compares with the interpreter, or null
   */
  BlockStore(SoftwareVcpu cpu, HostCode code, Exits exits, Decoder decoder, Lockstep lockstep) {
    this.cpu = cpu;
    this.memory = cpu.memory;
    this.state = cpu.state;
    this.code = code;
    this.exits = exits;
    this.lockstep = lockstep;
    this.emitter = new BlockEmitter(exits);
    this.verified = new VerifiedTranslation(exits, code);
    this.guest = new GuestBlock(decoder);
    forgetPages();
    clearJumps();
  }

  /** Forgets which linear pages are where. */
  void forgetPages() {
    Arrays.fill(knownTags, NOWHERE);
  }

  /** The guest-physical page of the code at {@code rip} as last noted with {@code tag}, or -1. */
  long knownPage(long rip, long tag) {
    int slot = (int) (rip >>> 12) & KNOWN - 1;
    return knownTags[slot] == tag ? knownPages[slot] : -1;
  }

  /** Notes where the page of {@code rip} is. */
  void know(long rip, long tag, long physical) {
    int slot = (int) (rip >>> 12) & KNOWN - 1;
    knownTags[slot] = tag;
    knownPages[slot] = physical;
  }

  /** Whether code of the linear page at {@code linear} is translated. */
  boolean holdsLinear(long linear) {
    return linearPages.contains(linear & Mmu.PAGE_MASK);
  }

  private long firstJump(long rip) {
    return state + HostState.jumpTable() + ((int) rip & HostState.JUMPS - 1) * 16;
  }

  private long secondJump(long rip) {
    return state + HostState.secondJumpTable() + ((int) rip & HostState.JUMPS - 1) * 16;
  }

  /**
   * Empties the tables of jump targets. An entry's key is RIP exclusive-or the mode's, and the
   * table's index are RIP's low 16 bits, with which the key of another mode or generation cannot
   * become this one's, whatever RIP a guest makes up. A key in use has bit 2 set, so that nothing
   * matches the number of the slot itself.
   */
  void clearJumps() {
    for (int slot = 0; slot < HostState.JUMPS; slot++) {
      RawMemory.putLong(firstJump(slot), slot);
      RawMemory.putLong(secondJump(slot), slot);
    }
  }

  /**
   * Host address of the code for {@code rip} where a table of jump targets has it, or 0. What is in
   * the second comes into the first: returns look there only.
   */
  long jumpTarget(long rip, long key) {
    long first = firstJump(rip);
    if (RawMemory.getLong(first) == (rip ^ key)) {
      return RawMemory.getLong(first + 8);
    }
    long second = secondJump(rip);
    if (RawMemory.getLong(second) != (rip ^ key)) {
      return 0;
    }
    long host = RawMemory.getLong(second + 8);
    enterJump(rip, key, host);
    return host;
  }

  /** Enters {@code block} into the table of jump targets. */
  void enterJump(long rip, long key, TranslatedBlock block) {
    enterJump(rip, key, block.host);
  }

  /**
   * Enters code into the table of jump targets. What was there at the same place goes to the second
   * table: kernels have functions at the same distance from multiples of 64 KiB often enough.
   */
  private void enterJump(long rip, long key, long host) {
    long at = firstJump(rip);
    long before = RawMemory.getLong(at);
    if (before != (rip ^ key)) {
      long second = secondJump(rip);
      RawMemory.putLong(second, before);
      RawMemory.putLong(second + 8, RawMemory.getLong(at + 8));
    }
    RawMemory.putLong(at, rip ^ key);
    RawMemory.putLong(at + 8, host);
  }

  /**
   * The block at {@code rip}, made if need be; its {@code host} is 0 where it must be interpreted.
   *
   * @param physical guest-physical page of the code
   * @throws GuestFault of the instruction fetch in the next page
   */
  TranslatedBlock block(long rip, long physical, int mode) {
    TranslatedBlock block = table.find(rip, mode, physical);
    if (block != null && block.tail != null && secondPage(rip) != block.tail.physical) {
      kill(block);
      block = null;
    }
    return block == null ? translate(rip, physical, mode) : block;
  }

  private TranslatedBlock translate(long rip, long physical, int mode) {
    long host = memory.hostAddress(physical);
    if (host == 0) {
      return NONE;
    }
    if (code.room() < LARGEST || blocks == MOST) {
      clear();
    }
    blocks++;
    watch(physical);
    RawMemory.copy(host, page, 0, GuestMemory.PAGE);
    int offset = (int) rip & 0xfff;
    guest.supervisor = (mode & Translations.TABLE) != Mmu.USER;
    boolean sse = (mode & Translations.SSE) != 0;
    boolean x87 = (mode & Translations.X87) != 0;
    guest.find(page, offset, GuestMemory.PAGE, GuestBlock.LIMIT, sse, x87);
    long second = 0;
    if (guest.count == 0 && guest.truncated && inNextPage(rip)) {
      second = secondPage(rip);
      host = memory.hostAddress(second);
      if (host == 0) {
        return NONE;
      }
      watch(second);
      RawMemory.copy(host, page, GuestMemory.PAGE, LONGEST);
      guest.find(page, offset, page.length, 1, sse, x87);
    }
    int end =
        guest.count == 0
            ? Math.min(GuestMemory.PAGE, offset + LONGEST)
            : guest.offsets[guest.count];
    TranslatedBlock block =
        new TranslatedBlock(rip, physical, mode, offset, Math.min(end, GuestMemory.PAGE));
    if (end > GuestMemory.PAGE) {
      block.tail = new TranslatedBlock(rip, second, mode, 0, end - GuestMemory.PAGE);
      block.tail.head = block;
      block.tail.nextOfPage = pages.put(second, block.tail);
      linearPages.add((rip & Mmu.PAGE_MASK) + GuestMemory.PAGE);
    }
    if (guest.count > 0) {
      block.countsOn(guest);
      if (guest.settles > 0) {
        block.settling = Arrays.copyOfRange(page, offset, offset + guest.settles);
      }
      long at = code.next();
      int first = exits.next();
      int length = emitter.emit(guest, block, rip & Mmu.PAGE_MASK, mode & 3, at, LARGEST, at, code);
      boolean accepted = verified.accepts(block, at, length, emitter.body(), first);
      if (dump != null && dump.wants(rip, guest.offsets[guest.count] - offset)) {
        String note = accepted ? "in use" : "refused";
        dump.append(BlockDump.text(block, guest, page, emitter, at, length, note, state));
      }
      if (accepted) {
        code.take(length);
        block.entry = at;
        block.host = at + emitter.body();
        block.enter = block.host;
        if (lockstep != null) {
          block.host = leaveAt(block);
          block.entry = block.host;
        }
        if (listener != null) {
          listener.translated(rip, at, length, RawMemory.getLong(state + StateLayout.LSTAR));
        }
      }
      translated++;
    }
    block.nextOfPage = pages.put(physical, block);
    table.add(block);
    linearPages.add(rip & Mmu.PAGE_MASK);
    return block;
  }

  /** Writes code that leaves to Java for {@code block}, to be jumped to in its place. */
  private long leaveAt(TranslatedBlock block) {
    long at = code.next();
    HostAssembler a = new HostAssembler();
    a.start(at, LARGEST, at);
    int id = exits.add(block, Exits.LOOKUP, block.rip, 0);
    a.movStoreImmediate(4, HostMemory.at(HostState.STATE, HostState.EXIT), id);
    a.jmpTo(code.leave());
    code.take(a.offset());
    return at;
  }

  /** Has writes to a guest-physical page told from now on. */
  private void watch(long physical) {
    if (!pages.containsKey(physical)) {
      cpu.watchCode(physical);
    }
  }

  /** Whether code may go on behind the page of {@code rip}: not at the end of canonical space. */
  private static boolean inNextPage(long rip) {
    long next = (rip & Mmu.PAGE_MASK) + GuestMemory.PAGE;
    return next << 16 >> 16 == next;
  }

  /**
   * The guest-physical page behind that of {@code rip}.
   *
   * @throws GuestFault of the instruction fetch there
   */
  private long secondPage(long rip) {
    long next = (rip & Mmu.PAGE_MASK) + GuestMemory.PAGE;
    long physical =
        cpu.walker.translate(next, Mmu.EXECUTE, cpu.cpl == 3 ? Mmu.USER : Mmu.SUPERVISOR)
            & Mmu.PAGE_MASK;
    systemLocal |= cpu.cpl != 3 && !cpu.walker.pageGlobal;
    return physical;
  }

  /** Whether a guest-physical page holds code that was translated. */
  boolean holds(long physical) {
    return pages.containsKey(physical & Mmu.PAGE_MASK);
  }

  /** Forgets the code that overlaps {@code length} bytes at guest-physical {@code address}. */
  void written(long address, int length) {
    long physical = address & Mmu.PAGE_MASK;
    TranslatedBlock block = pages.get(physical);
    if (block == null) {
      return;
    }
    int from = (int) address & 0xfff;
    TranslatedBlock left = null;
    while (block != null) {
      TranslatedBlock next = block.nextOfPage;
      if (block.counts(from, from + length)
          || block.dead
          || block.head != null && block.head.dead) {
        kill(block.head != null ? block.head : block);
      } else {
        block.nextOfPage = left;
        left = block;
      }
      block = next;
    }
    if (left == null) {
      pages.remove(physical);
    } else {
      pages.put(physical, left);
    }
  }

  /** Forgets the code of {@code size} bytes of whole guest-physical pages, whose memory is gone. */
  void forget(long base, long size) {
    Iterator<Map.Entry<Long, TranslatedBlock>> each = pages.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<Long, TranslatedBlock> page = each.next();
      if (page.getKey() >= base && page.getKey() - base < size) {
        for (TranslatedBlock b = page.getValue(); b != null; b = b.nextOfPage) {
          kill(b.head != null ? b.head : b);
        }
        each.remove();
      }
    }
  }

  private void kill(TranslatedBlock block) {
    if (block.dead) {
      return;
    }
    invalidated++;
    table.remove(block);
    if (block.host == 0) {
      block.dead = true;
      return;
    }
    block.die();
    forgetJump(firstJump(block.rip), block);
    forgetJump(secondJump(block.rip), block);
  }

  private static void forgetJump(long at, TranslatedBlock block) {
    if (RawMemory.getLong(at + 8) == block.host) {
      RawMemory.putLong(at, block.rip & HostState.JUMPS - 1);
    }
  }

  /** Forgets all code. */
  void clear() {
    flushes++;
    for (Map.Entry<Long, TranslatedBlock> entry : pages.entrySet()) {
      for (TranslatedBlock b = entry.getValue(); b != null; b = b.nextOfPage) {
        b.dead = true;
      }
      cpu.cache.unmark(entry.getKey());
    }
    blocks = 0;
    pages.clear();
    table.clear();
    linearPages.clear();
    exits.clear();
    code.clear();
    clearJumps();
    forgetPages();
  }

  /** Begins to observe; before anything is translated. */
  void observe(Observation observation) {
    emitter.counted = observation.counted();
    listener = observation.blocks().orElse(null);
  }

  /** Whether blocks count their instructions. */
  boolean counted() {
    return emitter.counted;
  }

  /** Adds the figures by name. */
  void count(Map<String, Long> counters) {
    counters.put("blocks-translated", translated);
    counters.put("blocks-invalidated", invalidated);
    counters.put("blocks-refused", verified.refused);
    counters.put("code-cache-flushes", flushes);
    counters.put("code-cache-bytes", code.used());
  }
}
