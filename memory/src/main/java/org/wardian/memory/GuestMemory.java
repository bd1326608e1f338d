package org.wardian.memory;

import java.util.ArrayList;
import java.util.List;
import org.wardian.host.Mapping;

/**
 * Guest-physical memory: the regions of RAM and ROM that a guest sees, each backed by a host
 * mapping. What lies in no region belongs to the MMIO bus.
 *
 * <p>Pages have a dense <em>frame</em> number across all regions, which indexes side tables such as
 * the code-page map here and translation caches elsewhere. Regions are added while the machine is
 * built and do not change while a vCPU runs.
 */
public final class GuestMemory implements AutoCloseable {
  /** Bytes in a page. */
  public static final int PAGE = 4096;

  /** RAM below 4 GiB ends here; the PCI window, ECAM, IOAPIC and local APICs lie above. */
  public static final long LOW_RAM_LIMIT = 0xb000_0000L;

  /** RAM that does not fit below {@link #LOW_RAM_LIMIT} continues here. */
  public static final long HIGH_RAM_BASE = 0x1_0000_0000L;

  /** A run of guest-physical bytes in host memory. */
  public record Region(
      long base, long size, long host, int firstFrame, boolean writable, String name) {
    boolean contains(long address) {
      return address - base >= 0 && address - base < size;
    }
  }

  /** Told of writes to pages that hold decoded or translated code. */
  public interface CodeListener {
    /** {@code length} bytes at guest-physical {@code address} were written; within one page. */
    void codeWritten(long address, int length);
  }

  private final List<Mapping> mappings = new ArrayList<>();
  private final List<CodeListener> listeners = new ArrayList<>();
  private Region[] regions = new Region[0];
  private byte[] codeFrames = new byte[0];
  private Region last = new Region(0, 0, 0, 0, false, "none");

  /** An address space without memory. */
  public GuestMemory() {}

  /**
   * An address space with {@code bytes} of RAM from 0, continued at {@link #HIGH_RAM_BASE} where it
   * would reach {@link #LOW_RAM_LIMIT}.
   *
   * @param bytes a positive multiple of {@link #PAGE}
   * @throws IllegalArgumentException for another size
   * @throws org.wardian.host.HostException where the host grants no such mapping
   */
  public static GuestMemory withRam(long bytes) {
    if (bytes <= 0 || bytes % PAGE != 0) {
      throw new IllegalArgumentException("memory size " + bytes + " is no multiple of 4096");
    }
    GuestMemory memory = new GuestMemory();
    memory.addRegion(0, Math.min(bytes, LOW_RAM_LIMIT), true, "ram");
    if (bytes > LOW_RAM_LIMIT) {
      memory.addRegion(HIGH_RAM_BASE, bytes - LOW_RAM_LIMIT, true, "ram above 4 GiB");
    }
    return memory;
  }

  /** Adds zeroed memory; {@code writable} false makes it ROM for the guest. */
  public Region addRegion(long base, long size, boolean writable, String name) {
    if (base % PAGE != 0 || size % PAGE != 0 || size <= 0) {
      throw new IllegalArgumentException(name + " is not made of whole pages");
    }
    for (Region r : regions) {
      if (base < r.base + r.size && r.base < base + size) {
        throw new IllegalArgumentException(name + " overlaps " + r.name);
      }
    }
    Mapping mapping = Mapping.anonymous(size);
    mappings.add(mapping);
    Region region = new Region(base, size, mapping.address(), codeFrames.length, writable, name);
    Region[] more = java.util.Arrays.copyOf(regions, regions.length + 1);
    more[regions.length] = region;
    regions = more;
    codeFrames = java.util.Arrays.copyOf(codeFrames, codeFrames.length + (int) (size / PAGE));
    return region;
  }

  /** The regions in order of their creation. */
  public List<Region> regions() {
    return List.of(regions);
  }

  /** Pages in all regions. */
  public int frames() {
    return codeFrames.length;
  }

  /** The region that holds guest-physical {@code address}, or null: MMIO or nothing. */
  public Region region(long address) {
    Region hit = last;
    if (hit.contains(address)) {
      return hit;
    }
    for (Region r : regions) {
      if (r.contains(address)) {
        last = r;
        return r;
      }
    }
    return null;
  }

  /** Host address of the byte at guest-physical {@code address}, or 0 where there is none. */
  public long hostAddress(long address) {
    Region r = region(address);
    return r == null ? 0 : r.host + (address - r.base);
  }

  /** Dense number of the page at {@code address}, or -1 outside all regions. */
  public int frame(long address) {
    Region r = region(address);
    return r == null ? -1 : r.firstFrame + (int) ((address - r.base) >>> 12);
  }

  /** Marks a page as holding decoded code: writes to it must be reported from now on. */
  public void markCode(long address) {
    int frame = frame(address);
    if (frame >= 0) {
      codeFrames[frame] = 1;
    }
  }

  /** Ends {@link #markCode}. */
  public void unmarkCode(long address) {
    int frame = frame(address);
    if (frame >= 0) {
      codeFrames[frame] = 0;
    }
  }

  /** Whether the page at {@code address} holds decoded code. */
  public boolean isCode(long address) {
    int frame = frame(address);
    return frame >= 0 && codeFrames[frame] != 0;
  }

  /** Registers who must know of writes to code. */
  public void addCodeListener(CodeListener listener) {
    listeners.add(listener);
  }

  /** Reports a write within one page to whoever holds code of it. */
  public void written(long address, int length) {
    if (isCode(address)) {
      for (CodeListener listener : listeners) {
        listener.codeWritten(address, length);
      }
    }
  }

  /**
   * Copies guest-physical bytes out.
   *
   * @throws IndexOutOfBoundsException where the range leaves one region
   */
  public void read(long address, byte[] to, int offset, int length) {
    RawMemory.copy(range(address, length), to, offset, length);
  }

  /**
   * Copies bytes to guest-physical memory, ROM too (a loader's and a device's view).
   *
   * @throws IndexOutOfBoundsException where the range leaves one region
   */
  public void write(long address, byte[] from, int offset, int length) {
    RawMemory.copy(from, offset, range(address, length), length);
    long at = address;
    long end = address + length;
    while (at < end) {
      long next = Math.min(end, (at | (PAGE - 1)) + 1);
      written(at, (int) (next - at));
      at = next;
    }
  }

  private long range(long address, int length) {
    Region r = region(address);
    if (r == null || length < 0 || r.size - (address - r.base) < length) {
      throw new IndexOutOfBoundsException(
          "guest-physical 0x%x, %d bytes: not in memory".formatted(address, length));
    }
    return r.host + (address - r.base);
  }

  @Override
  public void close() {
    regions = new Region[0];
    last = new Region(0, 0, 0, 0, false, "none");
    mappings.forEach(Mapping::close);
    mappings.clear();
  }
}
