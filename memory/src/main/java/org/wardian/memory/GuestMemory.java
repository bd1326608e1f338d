package org.wardian.memory;

import java.util.Arrays;
import java.util.List;
import org.wardian.host.Mapping;

/**
 * Guest-physical memory: the regions of RAM and ROM that a guest sees, each backed by a host
 * mapping of the {@linkplain HostMemory kind} that was asked for. What lies in no region belongs to
 * the MMIO bus.
 *
 * <p>Pages have a <em>frame</em> number, dense across all regions, which indexes side tables such
 * as translation caches. The numbers of a removed region are given out again.
 *
 * <p>Regions come and go while the machine lives: by any thread while no vCPU runs, or by a vCPU's
 * own thread inside a bus access, which finds the change made when the call returns. A vCPU that
 * runs on another thread meanwhile takes part at its next branch; the call waits for it, but not
 * for ever, since it may be waiting for the caller in turn. The host memory stays mapped until the
 * last user is done with it.
 *
 * <p>{@link #read}, {@link #write} and the look-ups may be called by any thread at any time. Host
 * addresses are good until the map changes, unless the region is {@linkplain #retain held}.
 */
public final class GuestMemory implements AutoCloseable {
  /** Bytes in a page. */
  public static final int PAGE = 4096;

  /** RAM below 4 GiB ends here; the PCI window, ECAM, IOAPIC and local APICs lie above. */
  public static final long LOW_RAM_LIMIT = 0xb000_0000L;

  /** RAM that does not fit below {@link #LOW_RAM_LIMIT} continues here. */
  public static final long HIGH_RAM_BASE = 0x1_0000_0000L;

  /** The largest region, in bytes: 512 GiB. */
  public static final long LARGEST_REGION = 1L << 39;

  /** End of the guest-physical addresses of the architecture (Intel SDM vol. 3 §4.1.4). */
  private static final long ADDRESS_END = 1L << 52;

  /**
   * A run of guest-physical bytes in host memory.
   *
   * @param base guest-physical address of the first byte
   * @param size bytes
   * @param host host address of the first byte
   * @param firstFrame frame number of the first page
   * @param writable whether the guest may write; else it is ROM, and writes go to the MMIO bus
   * @param name for people
   * @param fd descriptor of the file behind it, for another process to map; -1 for memory that is
   *     not {@link HostMemory#SHARED}, or where the host has no such files
   */
  public record Region(
      long base, long size, long host, int firstFrame, boolean writable, String name, int fd) {}

  /** Told of writes to pages that hold decoded or translated code. */
  public interface CodeListener {
    /**
     * {@code length} bytes at guest-physical {@code address} were written, within one page; on the
     * thread that wrote.
     */
    void codeWritten(long address, int length);
  }

  /** Told of changes of the map, one at a time, on the thread that makes them. */
  public interface MapListener {
    /** A region is there. An exception takes it away again. */
    void regionAdded(Region region);

    /**
     * A region is gone from the map. Who still has its host address when this returns must have
     * {@linkplain #retain held} it.
     */
    void regionRemoved(Region region);
  }

  /** An accelerator that knows itself which pages its guest wrote. */
  public interface DirtySource {
    /** Starts logging; what was written before does not matter. */
    void start(Region region);

    /** Ends logging. */
    void stop(Region region);

    /**
     * Adds the pages written since {@link #start} or the last collection to {@code into}, bit i of
     * word i/64 for page i, and forgets them.
     */
    void collect(Region region, long[] into);
  }

  /** Takes what a collection of the dirty log found. */
  public interface DirtyConsumer {
    /**
     * The pages of {@code region} that were written: bit i of word i/64 is page i. The array and
     * the region's host memory are the consumer's until it returns.
     */
    void pages(Region region, long[] bitmap);
  }

  /**
   * A processor that remembers translations, and so stores to pages without {@link #written}. A
   * page whose first store need not be reported is dirty in the log: {@link #isWatched}.
   */
  public interface TranslationCache {
    /** Asks that stores be checked by {@link #isWatched} anew. */
    void watchStores();

    /**
     * Waits until what was asked so far, of this and of other listeners of the same processor, has
     * been done.
     *
     * @param deadline when to give up, as {@link System#nanoTime}
     * @return false where it has not been done by then; it still will be
     */
    boolean settled(long deadline);
  }

  /** The most {@link CodeListener}s whose marks are told apart. */
  private static final int LISTENERS = Long.SIZE;

  private final RegionMap map = new RegionMap();

  private final HostMemory kind;

  /** By number; gaps are null. */
  private volatile CodeListener[] codeListeners = {};

  /** An address space without memory, for memory that is this process's only. */
  public GuestMemory() {
    this(HostMemory.PRIVATE);
  }

  /** An address space without memory. */
  public GuestMemory(HostMemory kind) {
    this.kind = kind;
  }

  /** An address space with RAM that is this process's only: as the other. */
  public static GuestMemory withRam(long bytes) {
    return withRam(bytes, HostMemory.PRIVATE);
  }

  /**
   * An address space with {@code bytes} of RAM from 0, continued at {@link #HIGH_RAM_BASE} where it
   * would reach {@link #LOW_RAM_LIMIT}.
   *
   * @param bytes a positive multiple of {@link #PAGE}
   * @throws IllegalArgumentException for another size
   * @throws org.wardian.host.HostException where the host grants no such mapping
   */
  public static GuestMemory withRam(long bytes, HostMemory kind) {
    if (bytes <= 0 || bytes % PAGE != 0) {
      throw new IllegalArgumentException("memory size " + bytes + " is no multiple of 4096");
    }
    GuestMemory memory = new GuestMemory(kind);
    memory.addRegion(0, Math.min(bytes, LOW_RAM_LIMIT), true, "ram");
    if (bytes > LOW_RAM_LIMIT) {
      memory.addRegion(HIGH_RAM_BASE, bytes - LOW_RAM_LIMIT, true, "ram above 4 GiB");
    }
    return memory;
  }

  // ---- the map
  // -------------------------------------------------------------------------------------

  /**
   * Adds zeroed memory; {@code writable} false makes it ROM for the guest.
   *
   * @throws IllegalArgumentException for a range that is not made of whole pages, too large, beyond
   *     the architecture's addresses, or overlaps another region
   * @throws org.wardian.host.HostException where the host grants no such mapping, or a listener
   *     cannot follow
   */
  public Region addRegion(long base, long size, boolean writable, String name) {
    check(base, size, name);
    return map.add(base, size, writable, name, () -> kind.zeroed(size, name));
  }

  /** Where the host keeps the memory. */
  public HostMemory kind() {
    return kind;
  }

  /**
   * Adds memory that the caller has filled.
   *
   * @param content {@code size} bytes or more of this memory's {@link #kind}, taken over; closed
   *     where this fails
   * @throws IllegalArgumentException as the other
   */
  public Region addRegion(long base, long size, boolean writable, String name, Mapping content) {
    try {
      check(base, size, name);
      if (content.size() < size) {
        throw new IllegalArgumentException(name + " has more than " + content.size() + " bytes");
      }
      return map.add(base, size, writable, name, () -> content);
    } catch (RuntimeException e) {
      content.close();
      throw e;
    }
  }

  private static void check(long base, long size, String name) {
    if (base % PAGE != 0 || size % PAGE != 0 || size <= 0) {
      throw new IllegalArgumentException(name + " is not made of whole pages");
    }
    if (size > LARGEST_REGION || base < 0 || base > ADDRESS_END - size) {
      throw new IllegalArgumentException(
          "%s: 0x%x bytes at 0x%x are beyond what a guest can have".formatted(name, size, base));
    }
  }

  /**
   * Takes a region away. Its addresses belong to the MMIO bus from now on, its contents are lost.
   *
   * @throws IllegalArgumentException where it is not, or no longer, in this memory
   */
  public void removeRegion(Region region) {
    map.remove(region);
  }

  /** The regions in order of their creation. */
  public List<Region> regions() {
    return map.backings().stream().map(b -> b.region).toList();
  }

  /** One more than the highest frame number in use. */
  public int frames() {
    return map.frames();
  }

  /** The region that holds guest-physical {@code address}, or null: MMIO or nothing. */
  public Region region(long address) {
    Backing b = map.find(address);
    return b == null ? null : b.region;
  }

  /** Host address of the byte at guest-physical {@code address}, or 0 where there is none. */
  public long hostAddress(long address) {
    Backing b = map.find(address);
    return b == null ? 0 : b.host(address);
  }

  /** Dense number of the page at {@code address}, or -1 outside all regions. */
  public int frame(long address) {
    Backing b = map.find(address);
    return b == null ? -1 : b.region.firstFrame() + b.page(address);
  }

  /**
   * Keeps the host memory of a region mapped until {@link #release}, also when the region is
   * removed meanwhile.
   *
   * @throws IllegalArgumentException where the host memory is gone
   */
  public void retain(Region region) {
    map.retain(region);
  }

  /** Ends one {@link #retain}. */
  public void release(Region region) {
    map.release(region);
  }

  // ---- listeners
  // -----------------------------------------------------------------------------------

  /** Registers who follows the map; it is not told of the regions that are there already. */
  public void addMapListener(MapListener listener) {
    map.addListener(listener);
  }

  /** Ends {@link #addMapListener}. */
  public void removeMapListener(MapListener listener) {
    map.removeListener(listener);
  }

  /** Registers a processor that stores by translations of its own. */
  public void addTranslationCache(TranslationCache processor) {
    map.addTranslationCache(processor);
  }

  /** Ends {@link #addTranslationCache}. */
  public void removeTranslationCache(TranslationCache processor) {
    map.removeTranslationCache(processor);
  }

  /**
   * Registers who must know of writes to code.
   *
   * @return its number, 0 to 63, for {@link #markCode}
   * @throws IllegalStateException where there are 64 already
   */
  public synchronized int addCodeListener(CodeListener listener) {
    CodeListener[] grown = codeListeners;
    int number = 0;
    while (number < grown.length && grown[number] != null) {
      number++;
    }
    if (number == LISTENERS) {
      throw new IllegalStateException("there are 64 code listeners already");
    }
    grown = Arrays.copyOf(grown, Math.max(grown.length, number + 1));
    grown[number] = listener;
    codeListeners = grown;
    return number;
  }

  /** Ends {@link #addCodeListener}; its marks go with it. */
  public synchronized void removeCodeListener(CodeListener listener) {
    CodeListener[] fewer = codeListeners.clone();
    for (int number = 0; number < fewer.length; number++) {
      if (listener.equals(fewer[number])) {
        fewer[number] = null;
        codeListeners = fewer;
        for (Backing b : map.backings()) {
          b.unmarkAll(1L << number);
        }
      }
    }
  }

  // ---- writes
  // --------------------------------------------------------------------------------------

  /**
   * Marks a page as holding decoded code of the listener {@code number}, which is told of writes to
   * it from now on. The bytes are read afterwards.
   */
  public void markCode(long address, int number) {
    Backing b = map.find(address);
    if (b != null) {
      b.markCode(b.page(address), 1L << number);
    }
  }

  /** Ends {@link #markCode} for this listener. */
  public void unmarkCode(long address, int number) {
    Backing b = map.find(address);
    if (b != null) {
      b.unmarkCode(b.page(address), 1L << number);
    }
  }

  /** Whether a listener other than {@code number} holds decoded code of the page. */
  public boolean isCodeOfOthers(long address, int number) {
    Backing b = map.find(address);
    return b != null && (b.codeMarks(b.page(address)) & ~(1L << number)) != 0;
  }

  /** Whether the page at {@code address} holds decoded code. */
  public boolean isCode(long address) {
    Backing b = map.find(address);
    return b != null && b.isCode(b.page(address));
  }

  /**
   * Whether a store to the page at {@code address} must be reported by {@link #written}: it holds
   * decoded code, or is clean in the dirty log.
   */
  public boolean isWatched(long address) {
    Backing b = map.find(address);
    if (b == null) {
      return false;
    }
    int page = b.page(address);
    return b.isCode(page) || b.isClean(page);
  }

  /**
   * Reports a write within one page: to the dirty log and to whoever holds code of it. The bytes
   * are in memory already, or the writer is a vCPU that writes them before its next branch.
   */
  public void written(long address, int length) {
    Backing b = map.find(address);
    if (b != null) {
      written(b, address, length);
    }
  }

  /** As {@link #written(long, int)} over any number of pages. */
  void writtenPages(Backing b, long address, int length) {
    if (length <= 0) {
      return;
    }
    long end = address + length;
    int last = b.page(end - 1);
    b.dirtied(b.page(address), last);
    for (int page = b.nextCode(b.page(address), last);
        page >= 0;
        page = b.nextCode(page + 1, last)) {
      long start = Math.max(address, b.base + (long) page * PAGE);
      tell(b, page, start, (int) (Math.min(end, b.base + (page + 1L) * PAGE) - start));
    }
  }

  private void written(Backing b, long address, int length) {
    int page = b.page(address);
    b.dirtied(page);
    tell(b, page, address, length);
  }

  private void tell(Backing b, int page, long address, int length) {
    long marks = b.codeMarks(page);
    if (marks != 0) {
      CodeListener[] listeners = codeListeners;
      for (long left = marks; left != 0; left &= left - 1) {
        int number = Long.numberOfTrailingZeros(left);
        if (number < listeners.length && listeners[number] != null) {
          listeners[number].codeWritten(address, length);
        }
      }
    }
  }

  /**
   * Copies guest-physical bytes out.
   *
   * @throws IndexOutOfBoundsException where the range leaves one region
   */
  public void read(long address, byte[] to, int offset, int length) {
    Backing b = hold(address, length);
    try {
      RawMemory.copy(b.host(address), to, offset, length);
    } finally {
      map.release(b);
    }
  }

  /**
   * Copies bytes to guest-physical memory, ROM too (a loader's and a device's view).
   *
   * @throws IndexOutOfBoundsException where the range leaves one region
   */
  public void write(long address, byte[] from, int offset, int length) {
    Backing b = hold(address, length);
    try {
      RawMemory.copy(from, offset, b.host(address), length);
      // Who takes the marks away, or sets them, looks at the bytes afterwards: one of us sees.
      RawMemory.fullFence();
      writtenPages(b, address, length);
    } finally {
      map.release(b);
    }
  }

  /**
   * Gives whole pages of RAM back to the host: they read as zero, and cost nothing until they are
   * written again.
   *
   * @param address a multiple of {@link #PAGE}
   * @param length a multiple of {@link #PAGE}
   * @throws IndexOutOfBoundsException where the range leaves one region
   * @throws IllegalArgumentException where it is not made of whole pages of RAM
   */
  public void discard(long address, int length) {
    Backing b = hold(address, length);
    try {
      if (!b.region.writable() || address % PAGE != 0 || length % PAGE != 0) {
        throw new IllegalArgumentException(
            "0x%x, %d bytes: no whole pages of RAM".formatted(address, length));
      }
      b.discard(address, length);
      RawMemory.fullFence();
      for (long at = address; at < address + length; at += PAGE) {
        written(b, at, PAGE);
      }
    } finally {
      map.release(b);
    }
  }

  /**
   * The first address at or after {@code address} in its region from which on memory may be other
   * than zero, without touching what nobody has used; the region's end for none.
   *
   * @throws IndexOutOfBoundsException where there is no memory at {@code address}
   */
  public long nextData(long address) {
    Backing b = hold(address, 1);
    try {
      return b.nextData(address);
    } finally {
      map.release(b);
    }
  }

  /**
   * Lends guest memory to a device that reads or writes it by itself, ROM too.
   *
   * @param length at least 1
   * @throws IndexOutOfBoundsException where the range leaves one region
   */
  public MemoryLoan lend(long address, int length) {
    return new MemoryLoan(this, hold(address, length), address, length);
  }

  /** Lends any number of runs of guest memory; there is none at first. */
  public ScatteredLoan lendScattered() {
    return new ScatteredLoan(this);
  }

  /**
   * Copies little-endian 64-bit values out.
   *
   * @throws IndexOutOfBoundsException where the range leaves one region
   */
  public void read(long address, long[] to, int count) {
    Backing b = hold(address, Math.multiplyExact(count, Long.BYTES));
    try {
      RawMemory.copy(b.host(address), to, 0, count);
    } finally {
      map.release(b);
    }
  }

  void release(Backing backing) {
    map.release(backing);
  }

  /** Finds the memory of a range, and keeps it while it is used. */
  Backing hold(long address, int length) {
    Backing b;
    do {
      b = map.find(address);
      if (b == null || length < 0 || b.size - (address - b.base) < length) {
        throw new IndexOutOfBoundsException(
            "guest-physical 0x%x, %d bytes: not in memory".formatted(address, length));
      }
    } while (!b.hold());
    return b;
  }

  // ---- the dirty log
  // -------------------------------------------------------------------------------

  /** Registers an accelerator that logs by itself. */
  public void addDirtySource(DirtySource source) {
    map.log.addSource(source);
  }

  /** Ends {@link #addDirtySource}. */
  public void removeDirtySource(DirtySource source) {
    map.log.removeSource(source);
  }

  /**
   * Starts to log which pages are written, by devices, page walks and vCPUs: every write after this
   * call has returned.
   *
   * @throws IllegalStateException where it is on already
   */
  public void startDirtyLog() {
    map.log.start();
  }

  /** Ends the log; without one, nothing happens. */
  public void stopDirtyLog() {
    map.log.stop();
  }

  /**
   * Reports and forgets, by region, the pages written since the last collection; regions without
   * any are left out. No write is lost: what is not in the memory that the consumer finds is in the
   * next collection. It may be called while vCPUs run, by a thread that is not a vCPU's. Where a
   * vCPU cannot take part at once, its pages are reported both now and the next time.
   *
   * @throws IllegalStateException where the log is off
   */
  public void collectDirty(DirtyConsumer consumer) {
    map.log.collect(consumer);
  }

  @Override
  public void close() {
    map.clear();
  }
}
