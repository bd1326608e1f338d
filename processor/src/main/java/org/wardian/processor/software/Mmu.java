package org.wardian.processor.software;

import org.wardian.bus.IoBus;
import org.wardian.bus.LocalInterruptController;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** Linear addresses to memory: the software TLB and everything that happens when it misses. */
abstract class Mmu extends Tlb {
  /** Bytes of the host's cache lines, within which its locked accesses are atomic for free. */
  private static final int LINE = 64;

  static final int READ = 0;
  static final int WRITE = 1;
  static final int EXECUTE = 2;

  final IoBus mmio;
  final LocalInterruptController interrupts;
  final PageWalker walker;

  /** The one exception object of this vCPU. */
  final GuestFault pendingFault = new GuestFault();

  /** Set when the last #GP came from a non-canonical address: #SS if the access was the stack's. */
  boolean nonCanonical;

  /** The address behind {@link #nonCanonical}. */
  long nonCanonicalAddress;

  /** Host address that {@link #loadForWrite} prepared, or 0 where the slow path must store. */
  private long preparedHost;

  private long preparedLinear;

  /** TLB misses that walked, for measurement. */
  long walks;

  Mmu(long state, GuestMemory memory, IoBus mmio, LocalInterruptController interrupts) {
    super(state, memory);
    this.mmio = mmio;
    this.interrupts = interrupts;
    this.walker = new PageWalker(this);
  }

  // ---- the fast path --------------------------------------------------------------------------

  final long load8(long va) {
    long e = tlb + ((va >>> 7) & INDEX_MASK);
    return RawMemory.getLong(e) == (va & PAGE_MASK)
        ? RawMemory.getByte(va + RawMemory.getLong(e + 16)) & 0xffL
        : loadSlow(va, 1, mmuMode);
  }

  final long load16(long va) {
    long e = tlb + ((va >>> 7) & INDEX_MASK);
    return RawMemory.getLong(e) == (va + 1 & PAGE_MASK)
        ? RawMemory.getShort(va + RawMemory.getLong(e + 16)) & 0xffffL
        : loadSlow(va, 2, mmuMode);
  }

  final long load32(long va) {
    long e = tlb + ((va >>> 7) & INDEX_MASK);
    return RawMemory.getLong(e) == (va + 3 & PAGE_MASK)
        ? RawMemory.getInt(va + RawMemory.getLong(e + 16)) & 0xffffffffL
        : loadSlow(va, 4, mmuMode);
  }

  final long load64(long va) {
    long e = tlb + ((va >>> 7) & INDEX_MASK);
    return RawMemory.getLong(e) == (va + 7 & PAGE_MASK)
        ? RawMemory.getLong(va + RawMemory.getLong(e + 16))
        : loadSlow(va, 8, mmuMode);
  }

  final void store8(long va, long value) {
    long e = tlb + ((va >>> 7) & INDEX_MASK);
    if (RawMemory.getLong(e + 8) == (va & PAGE_MASK)) {
      RawMemory.putByte(va + RawMemory.getLong(e + 16), (byte) value);
    } else {
      storeSlow(va, 1, value, mmuMode);
    }
  }

  final void store16(long va, long value) {
    long e = tlb + ((va >>> 7) & INDEX_MASK);
    if (RawMemory.getLong(e + 8) == (va + 1 & PAGE_MASK)) {
      RawMemory.putShort(va + RawMemory.getLong(e + 16), (short) value);
    } else {
      storeSlow(va, 2, value, mmuMode);
    }
  }

  final void store32(long va, long value) {
    long e = tlb + ((va >>> 7) & INDEX_MASK);
    if (RawMemory.getLong(e + 8) == (va + 3 & PAGE_MASK)) {
      RawMemory.putInt(va + RawMemory.getLong(e + 16), (int) value);
    } else {
      storeSlow(va, 4, value, mmuMode);
    }
  }

  final void store64(long va, long value) {
    long e = tlb + ((va >>> 7) & INDEX_MASK);
    if (RawMemory.getLong(e + 8) == (va + 7 & PAGE_MASK)) {
      RawMemory.putLong(va + RawMemory.getLong(e + 16), value);
    } else {
      storeSlow(va, 8, value, mmuMode);
    }
  }

  /** A load by width in bytes. */
  final long loadLinear(long va, int size) {
    switch (size) {
      case 1:
        return load8(va);
      case 2:
        return load16(va);
      case 4:
        return load32(va);
      default:
        return load64(va);
    }
  }

  /** A store by width in bytes. */
  final void storeLinear(long va, int size, long value) {
    switch (size) {
      case 1 -> store8(va, value);
      case 2 -> store16(va, value);
      case 4 -> store32(va, value);
      default -> store64(va, value);
    }
  }

  // ---- read, modify, write ----------------------------------------------------------------------

  /** Loads for a store that follows by {@link #storePrepared}: faults as a write. */
  final long loadForWrite(long va, int size) {
    long e = tlb + ((va >>> 7) & INDEX_MASK);
    preparedLinear = va;
    if (RawMemory.getLong(e + 8) == (va + size - 1 & PAGE_MASK)
        && RawMemory.getLong(e) == (va & PAGE_MASK)) {
      long host = va + RawMemory.getLong(e + 16);
      preparedHost = host;
      switch (size) {
        case 1:
          return RawMemory.getByte(host) & 0xffL;
        case 2:
          return RawMemory.getShort(host) & 0xffffL;
        case 4:
          return RawMemory.getInt(host) & 0xffffffffL;
        default:
          return RawMemory.getLong(host);
      }
    }
    preparedHost = 0;
    probe(va, size, WRITE, mmuMode);
    return loadSlow(va, size, mmuMode);
  }

  /**
   * Stores to where the last {@link #loadForWrite} loaded from; faults only where that load, from a
   * device, took away the memory of page tables.
   */
  final void storePrepared(int size, long value) {
    long host = preparedHost;
    if (host == 0) {
      storeSlow(preparedLinear, size, value, mmuMode);
      return;
    }
    switch (size) {
      case 1 -> RawMemory.putByte(host, (byte) value);
      case 2 -> RawMemory.putShort(host, (short) value);
      case 4 -> RawMemory.putInt(host, (int) value);
      default -> RawMemory.putLong(host, value);
    }
  }

  // ---- locked -----------------------------------------------------------------------------------

  /**
   * Begins a locked read-modify-write: loads, faulting as a write; {@link #storeLocked} ends it.
   *
   * @param size 1, 2, 4 or 8 bytes
   */
  final long loadLocked(long va, int size) {
    preparedLinear = va;
    probe(va, size, WRITE, mmuMode);
    long at = wrap(va);
    long e = table(mmuMode) + ((at >>> 7) & INDEX_MASK);
    boolean plain = (RawMemory.getLong(e + 8) & IO) == 0;
    preparedHost = plain && (at & LINE - 1) + size <= LINE ? at + RawMemory.getLong(e + 16) : 0;
    return preparedHost == 0 ? loadSlow(va, size, mmuMode) : loadHost(preparedHost, size);
  }

  /** Whether the access that {@link #loadLocked} began must have the other vCPUs stand still. */
  final boolean splits(long va, int size) {
    return (wrap(va) & LINE - 1) + size > LINE;
  }

  /** Loads anew what {@link #loadLocked} loaded, after {@link #storeLocked} did not store. */
  final long reloadLocked(int size) {
    return loadHost(preparedHost, size);
  }

  /**
   * Ends {@link #loadLocked}: stores where memory holds {@code expected} still.
   *
   * @return whether it did
   */
  final boolean storeLocked(int size, long expected, long value) {
    long host = preparedHost;
    if (host == 0) {
      storeSlow(preparedLinear, size, value, mmuMode);
      return true;
    }
    if (!exchange(host, size, expected, value)) {
      return false;
    }
    long at = wrap(preparedLinear);
    long e = table(mmuMode) + ((at >>> 7) & INDEX_MASK);
    long tag = RawMemory.getLong(e + 8);
    if ((tag & WATCHED) != 0) {
      report(e, tag, RawMemory.getLong(e + 24) & PAGE_MASK | (at & 0xfff), size);
    }
    return true;
  }

  private static long loadHost(long host, int size) {
    switch (size) {
      case 1:
        return RawMemory.getByte(host) & 0xffL;
      case 2:
        return RawMemory.getShort(host) & 0xffffL;
      case 4:
        return RawMemory.getInt(host) & 0xffffffffL;
      default:
        return RawMemory.getLong(host);
    }
  }

  /** Compares and sets {@code size} bytes within a cache line, atomically on the host. */
  static boolean exchange(long host, int size, long expected, long value) {
    if (size == 8) {
      return RawMemory.compareAndSetLong(host, expected, value);
    }
    if (size == 4) {
      return RawMemory.compareAndSetInt(host, (int) expected, (int) value);
    }
    // As part of four bytes of the same line.
    long at = Math.min(host, (host | LINE - 1) - 3);
    int shift = (int) (host - at) * 8;
    int mask = (size == 1 ? 0xff : 0xffff) << shift;
    while (true) {
      int before = RawMemory.getIntVolatile(at);
      if (((before ^ (int) expected << shift) & mask) != 0) {
        return false;
      }
      int after = before & ~mask | (int) value << shift & mask;
      if (RawMemory.compareAndSetInt(at, before, after)) {
        return true;
      }
    }
  }

  // ---- the slow path ----------------------------------------------------------------------------

  /** Translates and fills; faults without side effects other than accessed and dirty bits. */
  private long entry(long va, int access, int mode) {
    long e = table(mode) + ((va >>> 7) & INDEX_MASK);
    long tag = RawMemory.getLong(e + (access == WRITE ? 8 : 0));
    if ((tag & (PAGE_MASK | INVALID)) != (va & PAGE_MASK) && !refill(va, access, mode, e)) {
      throw pendingFault;
    }
    return e;
  }

  /** Walks and fills; false for a fault. */
  private boolean refill(long va, int access, int mode, long e) {
    walks++;
    noteUse(mode);
    boolean listed = (RawMemory.getLong(e + 24) & GLOBAL) == 0;
    if (!walker.fill(va, access, mode, e)) {
      return false;
    }
    if (!walker.pageGlobal && !listed) {
      noteLocal(e);
    }
    return true;
  }

  /** {@link #present}: the translation was there already. */
  static final int HIT = 0;

  /** {@link #present}: it is now. */
  static final int FILLED = 1;

  /** {@link #present}: the access crosses a page or is not to plain memory. */
  static final int SPECIAL = 2;

  /** {@link #present}: there is none; {@link #pendingFault} says why. */
  static final int FAULTED = 3;

  /**
   * Makes the translation for an access of {@code size} bytes present: {@link #HIT}, {@link
   * #FILLED}, {@link #SPECIAL} or {@link #FAULTED}.
   */
  final int present(long va, int size, int access) {
    if (crosses(va, size) || va << 16 >> 16 != va) {
      return SPECIAL;
    }
    long e = table(mmuMode) + ((va >>> 7) & INDEX_MASK);
    long at = e + (access == WRITE ? 8 : 0);
    if (RawMemory.getLong(at) == (va & PAGE_MASK)) {
      return HIT;
    }
    long tag = RawMemory.getLong(at);
    if ((tag & (PAGE_MASK | INVALID)) != (va & PAGE_MASK) && !refill(va, access, mmuMode, e)) {
      return FAULTED;
    }
    return RawMemory.getLong(at) == (va & PAGE_MASK) ? FILLED : SPECIAL;
  }

  private static boolean crosses(long va, int size) {
    return ((va ^ (va + size - 1)) & PAGE_MASK) != 0;
  }

  /** First byte of the second page of an access that crosses: what CR2 shows if it faults. */
  private long secondPage(long va, int size) {
    return wrap(va + size - 1) & PAGE_MASK;
  }

  /** Checks that all bytes may be accessed, and translates them. */
  final void probe(long va, int size, int access, int mode) {
    check(va, size, access, mode);
    entry(va, access, mode);
    if (crosses(va, size)) {
      entry(secondPage(va, size), access, mode);
    }
  }

  /** Canonical form, alignment check and data breakpoints. */
  private void check(long va, int size, int access, int mode) {
    checkCanonical(va);
    if (crosses(va, size)) {
      checkCanonical(wrap(va + size - 1));
    }
    if (tlb == table(ALWAYS_MISS) && mode == mmuMode) {
      watched(va, size, access);
    }
  }

  private void checkCanonical(long va) {
    if (longMode() && va << 16 >> 16 != va) {
      nonCanonical = true;
      nonCanonicalAddress = va;
      throw fault(Vector.GP, 0);
    }
  }

  /** Linear addresses have 32 bits outside long mode. */
  private long wrap(long va) {
    return longMode() ? va : va & 0xffffffffL;
  }

  final boolean longMode() {
    return (RawMemory.getInt(state + StateLayout.EFER) & 1 << 10) != 0;
  }

  /** Number of this vCPU among the memory's code listeners. */
  abstract int codeNumber();

  /** Called for each access while {@link #ALWAYS_MISS} is in use: #AC and data breakpoints. */
  abstract void watched(long va, int size, int access);

  final long loadSlow(long linear, int size, int mode) {
    long va = wrap(linear);
    check(va, size, READ, mode);
    if (crosses(va, size)) {
      entry(va, READ, mode);
      entry(secondPage(va, size), READ, mode);
      long value = 0;
      for (int i = 0; i < size; i++) {
        long at = wrap(va + i);
        value |= loadWithin(entry(at, READ, mode), at, 1) << (8 * i);
      }
      return value;
    }
    return loadWithin(entry(va, READ, mode), va, size);
  }

  private long loadWithin(long e, long va, int size) {
    if ((RawMemory.getLong(e) & IO) != 0) {
      return loadPhysical(RawMemory.getLong(e + 24) & PAGE_MASK | (va & 0xfff), size);
    }
    long host = va + RawMemory.getLong(e + 16);
    switch (size) {
      case 1:
        return RawMemory.getByte(host) & 0xffL;
      case 2:
        return RawMemory.getShort(host) & 0xffffL;
      case 4:
        return RawMemory.getInt(host) & 0xffffffffL;
      default:
        return RawMemory.getLong(host);
    }
  }

  final void storeSlow(long linear, int size, long value, int mode) {
    long va = wrap(linear);
    check(va, size, WRITE, mode);
    if (crosses(va, size)) {
      entry(va, WRITE, mode);
      entry(secondPage(va, size), WRITE, mode);
      for (int i = 0; i < size; i++) {
        long at = wrap(va + i);
        storeWithin(entry(at, WRITE, mode), at, 1, value >>> (8 * i));
      }
      return;
    }
    storeWithin(entry(va, WRITE, mode), va, size, value);
  }

  private void storeWithin(long e, long va, int size, long value) {
    long tag = RawMemory.getLong(e + 8);
    long physical = RawMemory.getLong(e + 24) & PAGE_MASK | (va & 0xfff);
    if ((tag & IO) != 0) {
      storePhysical(physical, size, value);
      return;
    }
    long host = va + RawMemory.getLong(e + 16);
    switch (size) {
      case 1 -> RawMemory.putByte(host, (byte) value);
      case 2 -> RawMemory.putShort(host, (short) value);
      case 4 -> RawMemory.putInt(host, (int) value);
      default -> RawMemory.putLong(host, value);
    }
    if ((tag & WATCHED) != 0) {
      report(e, tag, physical, size);
    }
  }

  /** Reports a store, which is done before the next look at what is pending. */
  private void report(long e, long tag, long physical, int length) {
    memory.written(physical, length);
    if (!memory.isWatched(physical)) {
      RawMemory.putLong(e + 8, tag & ~WATCHED);
    }
  }

  private boolean atLocalApic(long physical) {
    long base = interrupts.base();
    return (physical & PAGE_MASK) == (base & 0xfffff000L) && (base & 0xc00) == 0x800;
  }

  private long loadPhysical(long physical, int size) {
    if (atLocalApic(physical)) {
      return interrupts.readRegister((int) physical & 0xfff, size);
    }
    return mmio.read(physical, size);
  }

  private void storePhysical(long physical, int size, long value) {
    if (atLocalApic(physical)) {
      interrupts.writeRegister((int) physical & 0xfff, size, value);
    } else {
      // ROM too: there may be a flash device behind it.
      mmio.write(physical, size, value);
    }
  }

  /**
   * Host address of linear {@code va} for bulk access to {@code length} bytes, all in its page, or
   * 0 where it is not plain memory. A write must follow at once: it is reported already. The
   * address is good until the next access to a bus.
   */
  final long bulk(long va, int access, int length) {
    checkCanonical(va);
    long e = entry(va, access, mmuMode);
    long tag = RawMemory.getLong(e + (access == WRITE ? 8 : 0));
    if ((tag & IO) != 0 || tlb == table(ALWAYS_MISS)) {
      return 0;
    }
    if ((tag & WATCHED) != 0 && access == WRITE) {
      long physical = RawMemory.getLong(e + 24) & PAGE_MASK | (va & 0xfff);
      if (memory.isCodeOfOthers(physical, codeNumber())) {
        // They would look before the bytes are there.
        return 0;
      }
      report(e, tag, physical, length);
    }
    return va + RawMemory.getLong(e + 16);
  }

  // ---- accesses of the processor itself (descriptor tables, TSS): always supervisor -------------

  final long systemLoad(long va, int size) {
    long at = wrap(va);
    long e = table(SUPERVISOR) + ((at >>> 7) & INDEX_MASK);
    if (RawMemory.getLong(e) == (at + size - 1 & PAGE_MASK)) {
      return loadWithin(e, at, size);
    }
    return loadSlow(at, size, SUPERVISOR);
  }

  final void systemStore(long va, int size, long value) {
    storeSlow(wrap(va), size, value, SUPERVISOR);
  }

  /** Changes bits of a byte in one, as the processor marks descriptors: with a lock. */
  final void systemChange(long va, int clear, int set) {
    long at = wrap(va);
    probe(at, 1, WRITE, SUPERVISOR);
    long e = table(SUPERVISOR) + ((at >>> 7) & INDEX_MASK);
    long tag = RawMemory.getLong(e + 8);
    if ((tag & IO) != 0) {
      storeSlow(at, 1, loadSlow(at, 1, SUPERVISOR) & ~clear | set, SUPERVISOR);
      return;
    }
    long host = at + RawMemory.getLong(e + 16);
    long before;
    do {
      before = RawMemory.getByte(host) & 0xffL;
    } while (!exchange(host, 1, before, before & ~clear | set));
    if ((tag & WATCHED) != 0) {
      report(e, tag, RawMemory.getLong(e + 24) & PAGE_MASK | (at & 0xfff), 1);
    }
  }

  final void systemProbe(long va, int size, int access) {
    probe(wrap(va), size, access, SUPERVISOR);
  }

  @Override
  public final GuestFault fault(int vector, int errorCode) {
    pendingFault.vector = vector;
    pendingFault.errorCode = errorCode;
    return pendingFault;
  }
}
