package org.wardian.processor.software;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * The translations of linear addresses that a vCPU keeps, and how they are dropped.
 *
 * <p>The TLB follows the state block in the same allocation: {@link #REGIONS} tables of {@link
 * #ENTRIES} entries of 32 bytes: +0 read tag, +8 write tag, +16 addend (host minus linear address),
 * +24 guest-physical page, with {@link #GLOBAL}. A tag is the linear page, with {@link #IO} or
 * {@link #WATCHED} where the slow path must act; an invalid tag has {@link #INVALID} set. The fast
 * path compares the tag with the page of the access's <em>last</em> byte, so an access that crosses
 * a page never hits.
 */
abstract class Tlb extends VcpuContext {
  static final int TLB_BITS = 13;
  static final int ENTRIES = 1 << TLB_BITS;
  static final long TABLE_SIZE = 32L << TLB_BITS;
  static final long INDEX_MASK = (ENTRIES - 1L) << 5;
  static final long PAGE_MASK = ~0xfffL;

  /** Tag bit: not plain memory (MMIO, or a store to ROM). */
  static final long IO = 1;

  /**
   * Tag bit of a write tag: stores must be reported. The page holds decoded code, or is clean in
   * the dirty log. The slow path reports, and clears the bit where the next store need not be.
   */
  static final long WATCHED = 2;

  static final long INVALID = 0x800;

  /** Bit of the entry's fourth word: a global page, which a write to CR3 keeps. */
  static final long GLOBAL = 1;

  /** Privilege modes, one table each. */
  static final int SUPERVISOR = 0;

  static final int USER = 1;

  /** Supervisor while EFLAGS.AC lifts SMAP. */
  static final int SUPERVISOR_AC = 2;

  /** A table that is never filled: every access takes the slow path (#AC and data breakpoints). */
  static final int ALWAYS_MISS = 3;

  static final int REGIONS = 4;

  /** So many entries to drop at a write to CR3 are listed. */
  private static final int LOCALS = 1024;

  /** Words of {@link #writable}: a bit for each frame below 4 GiB. */
  private static final int FRAMES = 1 << 14;

  /** Above this frames share bits. */
  private static final long EXACT = (long) FRAMES * Long.SIZE * GuestMemory.PAGE;

  private static final VarHandle WRITABLE = MethodHandles.arrayElementVarHandle(long[].class);

  final GuestMemory memory;

  /** Host address of the table in use. */
  long tlb;

  /** {@link #SUPERVISOR}, {@link #USER} or {@link #SUPERVISOR_AC}. */
  int mmuMode;

  private final boolean[] used = new boolean[REGIONS];

  /** Offsets of the entries that hold pages that are not global, or once did. */
  private final int[] local = new int[LOCALS];

  final AddressSpaces spaces = new AddressSpaces();

  /**
   * By the low bits of a frame's number a bit: an entry for stores to it may have been made. Other
   * vCPUs read it, after they have marked the frame as holding code: {@link #mayStore}.
   */
  private final long[] writable = new long[FRAMES];

  /**
   * How many of {@link #local} there are; more than {@link #LOCALS} where they are not all known.
   */
  private int locals;

  /**
   * Whether a piece of a large page in the lower half of the address space was cached since the
   * last complete flush: then INVLPG there cannot tell what else it must drop.
   */
  boolean largeBelow;

  Tlb(long state, GuestMemory memory) {
    super(state);
    this.memory = memory;
    Arrays.fill(used, true);
    tlb = table(SUPERVISOR);
    flushTlb();
  }

  final long table(int mode) {
    return state + StateLayout.ARCHITECTURAL_SIZE + mode * TABLE_SIZE;
  }

  /** Offset of the first byte behind the TLBs. */
  static long tlbEnd() {
    return StateLayout.ARCHITECTURAL_SIZE + REGIONS * TABLE_SIZE;
  }

  /** Bytes of a state block with its TLBs. */
  static long blockSize() {
    return SystemWords.END;
  }

  /** Empties every data table. */
  final void flushTlb() {
    for (int mode = 0; mode < REGIONS; mode++) {
      if (used[mode]) {
        RawMemory.fill(table(mode), TABLE_SIZE, (byte) 0xff);
        used[mode] = false;
      }
    }
    locals = 0;
    largeBelow = false;
    spaces.clear();
    Arrays.fill(writable, 0);
  }

  /** Empties the data tables but for global pages: a write to CR3. */
  final void flushLocal() {
    if (locals <= LOCALS) {
      for (int n = 0; n < locals; n++) {
        dropLocal(state + local[n]);
      }
    } else {
      dropLocals();
    }
    locals = 0;
    largeBelow = false;
  }

  /**
   * Notes what {@link #flushLocal} drops next, for {@link #enterSpace}.
   *
   * @param root CR3, with process-context identifiers
   * @param generation to be had back from {@link AddressSpaces#generation}
   */
  final void leaveSpace(long root, int generation) {
    if (locals > AddressSpaces.ENTRIES) {
      spaces.forget(root);
      return;
    }
    int space = spaces.begin(root, largeBelow, generation);
    for (int n = 0; n < locals; n++) {
      long e = state + local[n];
      boolean valid = RawMemory.getLong(e) != -1 || RawMemory.getLong(e + 8) != -1;
      if (valid && (RawMemory.getLong(e + 24) & GLOBAL) == 0) {
        spaces.add(space, state, local[n]);
      }
    }
  }

  /** Brings back what {@link #leaveSpace} noted; the number of the space, or -1 if it is gone. */
  final int enterSpace(long root) {
    int space = spaces.find(root);
    if (space < 0) {
      return -1;
    }
    for (int k = 0; k < spaces.count(space); k++) {
      int offset = spaces.offset(space, k);
      long e = state + offset;
      if (RawMemory.getLong(e) == -1 && RawMemory.getLong(e + 8) == -1) {
        boolean listed = (RawMemory.getLong(e + 24) & GLOBAL) == 0;
        spaces.restore(space, k, state);
        if (!listed) {
          local[locals++] = offset;
        }
      }
    }
    largeBelow |= spaces.pieces(space);
    return space;
  }

  private void dropLocals() {
    for (int mode = 0; mode < REGIONS - 1; mode++) {
      if (used[mode]) {
        long end = table(mode) + TABLE_SIZE;
        for (long e = table(mode); e < end; e += 32) {
          dropLocal(e);
        }
      }
    }
  }

  private static void dropLocal(long e) {
    if ((RawMemory.getLong(e + 24) & GLOBAL) == 0) {
      RawMemory.putLong(e, -1);
      RawMemory.putLong(e + 8, -1);
      RawMemory.putLong(e + 24, -1);
    }
  }

  /** Drops the translations of one linear page. */
  final void flushPage(long linear) {
    for (int mode = 0; mode < REGIONS - 1; mode++) {
      long e = table(mode) + ((linear >>> 7) & INDEX_MASK);
      RawMemory.putLong(e, -1);
      RawMemory.putLong(e + 8, -1);
    }
  }

  /** Notes that an entry for stores to a frame is about to be made. */
  final void noteStores(long physical) {
    long frame = physical >>> 12;
    int word = (int) (frame >>> 6) & FRAMES - 1;
    if ((writable[word] & 1L << frame) == 0) {
      // Before the page's marks are read: whoever sets one looks here afterwards.
      WRITABLE.setVolatile(writable, word, writable[word] | 1L << frame);
    }
  }

  /** Whether there may be an entry for stores to a frame; any thread. */
  final boolean mayStore(long physical) {
    long frame = physical >>> 12;
    long word = (long) WRITABLE.getVolatile(writable, (int) (frame >>> 6) & FRAMES - 1);
    return (word & 1L << frame) != 0;
  }

  /** Makes stores to a guest-physical page take the slow path: it now holds code. */
  final void flushWrites(long physicalPage) {
    if (!mayStore(physicalPage)) {
      return;
    }
    spaces.flushWrites(physicalPage);
    for (int mode = 0; mode < REGIONS - 1; mode++) {
      if (used[mode]) {
        long end = table(mode) + TABLE_SIZE;
        for (long e = table(mode); e < end; e += 32) {
          if ((RawMemory.getLong(e + 24) & PAGE_MASK) == physicalPage) {
            RawMemory.putLong(e + 8, -1);
          }
        }
      }
    }
    if (physicalPage < EXACT && memory.region(EXACT) == null) {
      long frame = physicalPage >>> 12;
      writable[(int) (frame >>> 6) & FRAMES - 1] &= ~(1L << frame);
    }
  }

  /** Makes the first store to every page take the slow path, which asks memory again. */
  final void watchStores() {
    spaces.clear();
    for (int mode = 0; mode < REGIONS - 1; mode++) {
      if (used[mode]) {
        long end = table(mode) + TABLE_SIZE;
        for (long e = table(mode); e < end; e += 32) {
          long tag = RawMemory.getLong(e + 8);
          if ((tag & (INVALID | IO)) == 0) {
            RawMemory.putLong(e + 8, tag | WATCHED);
          }
        }
      }
    }
  }

  /** Notes that {@link #flushLocal} drops the entry at host address {@code e}. */
  final void noteLocal(long e) {
    if (locals < LOCALS) {
      local[locals] = (int) (e - state);
    }
    locals++;
  }

  /** Notes that a table is about to get an entry. */
  final void noteUse(int mode) {
    used[mode] = true;
  }
}
