package org.wardian.processor.software;

import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Page tables: none, 32-bit, PAE and 4-level, with accessed and dirty bits, large pages, NX, WP,
 * SMEP and SMAP. Source: Intel SDM vol. 3 chapter 4.
 */
final class PageWalker {
  private static final long PRESENT = 1;
  private static final long WRITABLE = 1 << 1;
  private static final long USER_PAGE = 1 << 2;
  private static final long ACCESSED = 1 << 5;
  private static final long DIRTY = 1 << 6;
  private static final long LARGE = 1 << 7;
  private static final long GLOBAL = 1 << 8;
  private static final long NO_EXECUTE = 1L << 63;

  /** Page-fault error code bits. */
  private static final int ERROR_PRESENT = 1;

  private static final int ERROR_WRITE = 2;
  private static final int ERROR_USER = 4;
  private static final int ERROR_RESERVED = 8;
  private static final int ERROR_FETCH = 16;

  /** Physical address bits that CPUID reports. */
  static final int PHYSICAL_BITS = 40;

  private static final long RESERVED_HIGH = (1L << 52) - (1L << PHYSICAL_BITS);
  private static final long ADDRESS = (1L << PHYSICAL_BITS) - 4096;

  private static final long CR0_WP = 1 << 16;
  private static final long CR0_PG = 1L << 31;
  static final long CR4_PSE = 1 << 4;
  static final long CR4_PAE = 1 << 5;
  static final long CR4_PGE = 1 << 7;
  static final long CR4_SMEP = 1 << 20;
  static final long CR4_SMAP = 1 << 21;
  static final long EFER_LMA = 1 << 10;
  static final long EFER_NXE = 1 << 11;

  private final Mmu mmu;
  private final long state;
  private final GuestMemory memory;

  /** The four page-directory pointers that PAE paging loads with CR3. */
  final long[] pdpte = new long[4];

  /** Another processor changed an entry between our look at it and our marks on it. */
  private boolean overtaken;

  // What the walk found.
  private long pagePhysical;
  private boolean pageWritable;
  private boolean pageUser;
  private boolean pageNoExecute;
  private boolean pageDirty;

  /** Whether the translation found last survives a write to CR3. */
  boolean pageGlobal;

  /** Whether the translation found last is a piece of a large page. */
  private boolean pageLarge;

  PageWalker(Mmu mmu) {
    this.mmu = mmu;
    this.state = mmu.state;
    this.memory = mmu.memory;
  }

  /**
   * Walks for {@code access} in {@code mode} and writes the TLB entry at host address {@code e}.
   *
   * @return false for a fault, which is {@link Mmu#pendingFault}
   */
  boolean fill(long va, int access, int mode, long e) {
    if (!walk(va, access, mode)) {
      return false;
    }
    long physical = pagePhysical;
    long page = va & Mmu.PAGE_MASK;
    // One look-up: another thread may change the map, and waits for this vCPU only afterwards.
    GuestMemory.Region region = memory.region(physical);
    boolean mayWrite =
        pageDirty && (pageWritable || (mode != Mmu.USER && (cr(StateLayout.CR0) & CR0_WP) == 0));
    if (mayWrite) {
      mmu.noteStores(physical);
    }
    long host = 0;
    long readTag = page;
    long writeTag = page;
    if (region == null) {
      readTag |= Mmu.IO;
      writeTag |= Mmu.IO;
    } else {
      host = host(region, physical);
      if (!region.writable()) {
        writeTag |= Mmu.IO;
      } else if (memory.isWatched(physical)) {
        writeTag |= Mmu.WATCHED;
      }
    }
    RawMemory.putLong(e, readTag);
    RawMemory.putLong(e + 8, mayWrite ? writeTag : -1);
    RawMemory.putLong(e + 16, host - page);
    RawMemory.putLong(e + 24, physical | (pageGlobal ? Mmu.GLOBAL : 0));
    mmu.largeBelow |= pageLarge && va >= 0;
    return true;
  }

  private static long host(GuestMemory.Region region, long address) {
    return region.host() + (address - region.base());
  }

  private long cr(int offset) {
    return RawMemory.getLong(state + offset);
  }

  /**
   * Guest-physical address of the page that holds linear {@code va}.
   *
   * @throws GuestFault #PF, with CR2 set
   */
  long translate(long va, int access, int mode) {
    if (!walk(va, access, mode)) {
      throw mmu.pendingFault;
    }
    return pagePhysical;
  }

  /** As {@link #translate}, to {@link #pagePhysical}; false for a fault. */
  private boolean walk(long va, int access, int mode) {
    long cr0 = cr(StateLayout.CR0);
    if ((cr0 & CR0_PG) == 0) {
      pageWritable = true;
      pageDirty = true;
      pageGlobal = false;
      pageLarge = true;
      pagePhysical = va & 0xfffff000L;
      return true;
    }
    long cr4 = cr(StateLayout.CR4);
    long efer = cr(StateLayout.EFER);
    boolean globals = (cr4 & CR4_PGE) != 0;
    boolean found;
    do {
      overtaken = false;
      pageWritable = true;
      pageUser = true;
      pageNoExecute = false;
      if ((efer & EFER_LMA) != 0) {
        found = walkLong(va, access, mode, cr(StateLayout.CR3) & ADDRESS, 4, efer);
      } else if ((cr4 & CR4_PAE) != 0) {
        long entry = pdpte[(int) (va >>> 30) & 3];
        if ((entry & PRESENT) == 0) {
          return pageFault(va, access, mode, 0);
        }
        found = walkLong(va, access, mode, entry & ADDRESS, 2, efer);
      } else {
        found = walk32(va, access, mode, cr4);
      }
    } while (overtaken);
    pageGlobal &= globals;
    return found;
  }

  private boolean walkLong(long va, int access, int mode, long root, int levels, long efer) {
    long table = root;
    long reserved = RESERVED_HIGH | ((efer & EFER_NXE) == 0 ? NO_EXECUTE : 0);
    if (levels == 2) {
      reserved |= 0x7ffL << 52;
    }
    for (int level = levels; ; level--) {
      int shift = 12 + 9 * (level - 1);
      long at = table + ((va >>> shift) & 0x1ff) * 8;
      GuestMemory.Region region = memory.region(at);
      if (region == null) {
        // No memory there: the bus floats high, so every reserved bit is set.
        return pageFault(va, access, mode, ERROR_PRESENT | ERROR_RESERVED);
      }
      long entry = RawMemory.getLong(host(region, at));
      if ((entry & PRESENT) == 0) {
        return pageFault(va, access, mode, 0);
      }
      boolean leaf = level == 1 || ((entry & LARGE) != 0 && level <= 3);
      long offsetMask = (1L << shift) - 1;
      long bad = reserved;
      if (level == 4) {
        bad |= LARGE;
      } else if (leaf && level > 1) {
        // address bits below the page size, apart from PAT at bit 12
        bad |= offsetMask & ~0x1fffL;
      }
      if ((entry & bad) != 0) {
        return pageFault(va, access, mode, ERROR_PRESENT | ERROR_RESERVED);
      }
      pageWritable &= (entry & WRITABLE) != 0;
      pageUser &= (entry & USER_PAGE) != 0;
      pageNoExecute |= (entry & NO_EXECUTE) != 0;
      if (leaf) {
        if (!permit(va, access, mode)) {
          return false;
        }
        long marked = entry | ACCESSED | (access == Mmu.WRITE ? DIRTY : 0);
        if (!mark(region, at, entry, marked, 8)) {
          return false;
        }
        pageDirty = (marked & DIRTY) != 0;
        pageGlobal = (entry & GLOBAL) != 0;
        pageLarge = level > 1;
        pagePhysical = ((entry & ADDRESS & ~offsetMask) | (va & offsetMask)) & Mmu.PAGE_MASK;
        return true;
      }
      if (!mark(region, at, entry, entry | ACCESSED, 8)) {
        return false;
      }
      table = entry & ADDRESS;
    }
  }

  private boolean walk32(long va, int access, int mode, long cr4) {
    long at = (cr(StateLayout.CR3) & 0xfffff000L) + (va >>> 22 & 0x3ff) * 4;
    GuestMemory.Region region = memory.region(at);
    if (region == null) {
      return pageFault(va, access, mode, 0);
    }
    long entry = RawMemory.getInt(host(region, at)) & 0xffffffffL;
    if ((entry & PRESENT) == 0) {
      return pageFault(va, access, mode, 0);
    }
    pageWritable = (entry & WRITABLE) != 0;
    pageUser = (entry & USER_PAGE) != 0;
    if ((entry & LARGE) != 0 && (cr4 & CR4_PSE) != 0) {
      // PSE-36: bits 20:13 are address bits 39:32; bit 21 is reserved.
      if ((entry & 1 << 21) != 0) {
        return pageFault(va, access, mode, ERROR_PRESENT | ERROR_RESERVED);
      }
      if (!permit(va, access, mode)) {
        return false;
      }
      long marked = entry | ACCESSED | (access == Mmu.WRITE ? DIRTY : 0);
      if (!mark(region, at, entry, marked, 4)) {
        return false;
      }
      pageDirty = (marked & DIRTY) != 0;
      pageGlobal = (entry & GLOBAL) != 0;
      pageLarge = true;
      pagePhysical = (entry & 0xffc00000L) | (entry & 0x1fe000) << 19 | (va & 0x3ff000);
      return true;
    }
    if (!mark(region, at, entry, entry | ACCESSED, 4)) {
      return false;
    }
    at = (entry & 0xfffff000L) + (va >>> 12 & 0x3ff) * 4;
    region = memory.region(at);
    if (region == null) {
      return pageFault(va, access, mode, 0);
    }
    entry = RawMemory.getInt(host(region, at)) & 0xffffffffL;
    if ((entry & PRESENT) == 0) {
      return pageFault(va, access, mode, 0);
    }
    pageWritable &= (entry & WRITABLE) != 0;
    pageUser &= (entry & USER_PAGE) != 0;
    if (!permit(va, access, mode)) {
      return false;
    }
    long marked = entry | ACCESSED | (access == Mmu.WRITE ? DIRTY : 0);
    if (!mark(region, at, entry, marked, 4)) {
      return false;
    }
    pageDirty = (marked & DIRTY) != 0;
    pageGlobal = (entry & GLOBAL) != 0;
    pageLarge = false;
    pagePhysical = entry & 0xfffff000L;
    return true;
  }

  /**
   * Sets accessed and dirty bits, in one with a check that the entry is still what it was: else the
   * walk is begun anew, as by a processor. In ROM they stay as they are.
   *
   * @return false where it was not
   */
  private boolean mark(GuestMemory.Region region, long at, long entry, long marked, int size) {
    if (marked == entry || !region.writable()) {
      return true;
    }
    long host = host(region, at);
    boolean done =
        size == 8
            ? RawMemory.compareAndSetLong(host, entry, marked)
            : RawMemory.compareAndSetInt(host, (int) entry, (int) marked);
    if (done) {
      memory.written(at, size);
    } else {
      overtaken = true;
    }
    return done;
  }

  private boolean permit(long va, int access, int mode) {
    boolean allowed;
    if (mode == Mmu.USER) {
      allowed = pageUser && (access != Mmu.WRITE || pageWritable);
      allowed &= access != Mmu.EXECUTE || !pageNoExecute;
    } else {
      long cr4 = cr(StateLayout.CR4);
      if (access == Mmu.EXECUTE) {
        allowed = !pageNoExecute && !(pageUser && (cr4 & CR4_SMEP) != 0);
      } else {
        allowed = access != Mmu.WRITE || pageWritable || (cr(StateLayout.CR0) & CR0_WP) == 0;
        allowed &= !pageUser || (cr4 & CR4_SMAP) == 0 || mode == Mmu.SUPERVISOR_AC;
      }
    }
    return allowed || pageFault(va, access, mode, ERROR_PRESENT);
  }

  /** Leaves #PF in {@link Mmu#pendingFault}; always false. */
  private boolean pageFault(long va, int access, int mode, int error) {
    int code = error;
    if (access == Mmu.WRITE) {
      code |= ERROR_WRITE;
    }
    if (mode == Mmu.USER) {
      code |= ERROR_USER;
    }
    if (access == Mmu.EXECUTE
        && ((cr(StateLayout.CR4) & CR4_SMEP) != 0
            || ((cr(StateLayout.CR4) & CR4_PAE) != 0 && (cr(StateLayout.EFER) & EFER_NXE) != 0))) {
      code |= ERROR_FETCH;
    }
    RawMemory.putLong(state + StateLayout.CR2, va);
    mmu.fault(Vector.PF, code);
    return false;
  }

  /**
   * Loads the four PDPTEs for PAE paging from {@code cr3}.
   *
   * @throws GuestFault #GP(0) for reserved bits, before anything changes
   */
  void loadPdptes(long cr3) {
    long base = cr3 & 0xffffffe0L;
    long[] loaded = new long[4];
    for (int i = 0; i < 4; i++) {
      long host = memory.hostAddress(base + i * 8L);
      loaded[i] = host == 0 ? 0 : RawMemory.getLong(host);
      if ((loaded[i] & PRESENT) != 0
          && (loaded[i] & (RESERVED_HIGH | 0x1e6L | 0xfffL << 52)) != 0) {
        throw mmu.fault(Vector.GP, 0);
      }
    }
    System.arraycopy(loaded, 0, pdpte, 0, 4);
  }
}
