package org.wardian.bus;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Dispatches accesses to the windows of devices: one object for the ports, one for memory-mapped
 * registers. Windows never overlap. What no window claims reads as all ones and swallows writes, as
 * on a bus that nobody answers.
 *
 * <p>An access that spans the end of a window, or is wider than its handler takes, is split into
 * naturally aligned pieces, low address first.
 *
 * <p>Accesses may come from any thread and take no lock. Mapping is serialised; an access that
 * races with it meets the old window or the new one.
 */
public final class IoBus {
  private static final int PORTS = 0x10000;

  private final Region[] portTable;
  private volatile Region[] regions = {};
  private volatile Doorbell[] doorbells = {};

  /**
   * Where the last access was found: only a guess, so racing accesses may overwrite each other's.
   */
  private int lastHit;

  private IoBus(Region[] portTable) {
    this.portTable = portTable;
  }

  /** A bus of 65,536 ports. */
  public static IoBus ports() {
    return new IoBus(new Region[PORTS]);
  }

  /** A bus of memory-mapped registers with 64-bit addresses. */
  public static IoBus mmio() {
    return new IoBus(null);
  }

  /** A claimed range as {@link #windows()} lists it. */
  public record Window(long base, long length, IoHandler handler) {
    @Override
    public String toString() {
      return describe(base, length, handler);
    }
  }

  /**
   * Claims {@code length} addresses from {@code base} for a handler.
   *
   * @throws IllegalArgumentException if the range is empty, leaves the address space, or overlaps
   *     another window (the message names both)
   */
  public Mapping map(long base, long length, IoHandler handler) {
    Region region = new Region(base, length, handler);
    synchronized (this) {
      insert(region);
    }
    return new Mapping(region);
  }

  /** Reads {@code size} bytes (1, 2, 4 or 8) at {@code address}; zero-extended. */
  public long read(long address, int size) {
    Region region = find(address);
    if (region != null && size <= region.widest && region.last - address >= size - 1) {
      return region.handler.read(address - region.base, size) & ones(size);
    }
    return readPieces(address, size);
  }

  /** Writes the low {@code size} bytes (1, 2, 4 or 8) of {@code value} at {@code address}. */
  public void write(long address, int size, long value) {
    if (doorbells.length != 0 && rung(address, size, value)) {
      return;
    }
    Region region = find(address);
    if (region != null && size <= region.widest && region.last - address >= size - 1) {
      region.handler.write(address - region.base, size, value & ones(size));
    } else {
      writePieces(address, size, value);
    }
  }

  /**
   * Has {@code bell} called at each write of exactly {@code size} bytes to exactly {@code address},
   * in place of the window there.
   *
   * @param value the one value that counts; with none, every value does
   * @param bell called on the vCPU's thread; returns at once
   * @throws IllegalArgumentException if such a write rings already
   */
  public Doorbell ring(long address, int size, OptionalLong value, Runnable bell) {
    Doorbell added = new Doorbell(address, size, value, bell);
    synchronized (this) {
      for (Doorbell other : doorbells) {
        if (other.collides(added)) {
          throw new IllegalArgumentException(
              "a write of %d bytes to 0x%x rings already".formatted(size, address));
        }
      }
      Doorbell[] grown = Arrays.copyOf(doorbells, doorbells.length + 1);
      grown[doorbells.length] = added;
      doorbells = grown;
    }
    return added;
  }

  private boolean rung(long address, int size, long value) {
    for (Doorbell doorbell : doorbells) {
      if (doorbell.matches(address, size, value & ones(size))) {
        doorbell.bell.run();
        return true;
      }
    }
    return false;
  }

  /** The windows in ascending order of address. */
  public List<Window> windows() {
    return Stream.of(regions).map(r -> new Window(r.base, r.length(), r.handler)).toList();
  }

  private long readPieces(long address, int size) {
    long value = 0;
    for (int done = 0; done < size; ) {
      long at = address + done;
      Region region = find(at);
      int piece = region == null ? 1 : piece(region, at, size - done);
      long part = region == null ? 0xff : region.handler.read(at - region.base, piece);
      value |= (part & ones(piece)) << (8 * done);
      done += piece;
    }
    return value;
  }

  private void writePieces(long address, int size, long value) {
    for (int done = 0; done < size; ) {
      long at = address + done;
      Region region = find(at);
      int piece = region == null ? 1 : piece(region, at, size - done);
      if (region != null) {
        region.handler.write(at - region.base, piece, (value >>> (8 * done)) & ones(piece));
      }
      done += piece;
    }
  }

  /** The widest naturally aligned access at {@code at} that the window takes. */
  private static int piece(Region region, long at, int left) {
    int piece = Math.min(Integer.highestOneBit(left), region.widest);
    while ((at & (piece - 1)) != 0 || region.last - at < piece - 1) {
      piece >>= 1;
    }
    return piece;
  }

  private static long ones(int size) {
    return -1L >>> (64 - 8 * size);
  }

  private Region find(long address) {
    if (portTable != null) {
      return address >>> 16 == 0 ? portTable[(int) address] : null;
    }
    Region[] sorted = regions;
    int hit = lastHit;
    if (hit < sorted.length && sorted[hit].holds(address)) {
      return sorted[hit];
    }
    int low = 0;
    int high = sorted.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Region region = sorted[middle];
      if (Long.compareUnsigned(address, region.base) < 0) {
        high = middle - 1;
      } else if (Long.compareUnsigned(address, region.last) > 0) {
        low = middle + 1;
      } else {
        lastHit = middle;
        return region;
      }
    }
    return null;
  }

  private void insert(Region region) {
    if (portTable != null && (region.base >>> 16 != 0 || region.last >>> 16 != 0)) {
      throw new IllegalArgumentException(region + " leaves the port space 0x0-0xffff");
    }
    Region[] sorted = regions;
    int position = 0;
    for (Region other : sorted) {
      if (Long.compareUnsigned(other.last, region.base) < 0) {
        position++;
      } else if (Long.compareUnsigned(other.base, region.last) <= 0) {
        throw new IllegalArgumentException(region + " overlaps " + other);
      }
    }
    Region[] grown = Arrays.copyOf(sorted, sorted.length + 1);
    System.arraycopy(sorted, position, grown, position + 1, sorted.length - position);
    grown[position] = region;
    regions = grown;
    fillPorts(region, region);
  }

  private void remove(Region region) {
    regions = Stream.of(regions).filter(r -> r != region).toArray(Region[]::new);
    fillPorts(region, null);
  }

  private void fillPorts(Region range, Region value) {
    if (portTable != null) {
      Arrays.fill(portTable, (int) range.base, (int) range.last + 1, value);
    }
  }

  private static String describe(long base, long length, IoHandler handler) {
    String name =
        handler instanceof Device device ? device.name() : handler.getClass().getSimpleName();
    return "window 0x%x-0x%x (%s)".formatted(base, base + length - 1, name);
  }

  /** A window that can be taken away or moved: a PCI base address register. */
  public final class Mapping {
    private Region region;
    private boolean mapped = true;

    private Mapping(Region region) {
      this.region = region;
    }

    /** The first address of the window. */
    public long base() {
      synchronized (IoBus.this) {
        return region.base;
      }
    }

    /** The number of addresses. */
    public long length() {
      synchronized (IoBus.this) {
        return region.length();
      }
    }

    /** Gives the addresses back; a second call has no effect. */
    public void unmap() {
      synchronized (IoBus.this) {
        if (mapped) {
          remove(region);
          mapped = false;
        }
      }
    }

    /**
     * Moves the window, or maps it again after {@link #unmap}.
     *
     * @throws IllegalArgumentException as {@link IoBus#map}; the window then stays where it was
     */
    public void move(long newBase) {
      synchronized (IoBus.this) {
        Region moved = new Region(newBase, region.length(), region.handler);
        boolean was = mapped;
        unmap();
        try {
          insert(moved);
        } catch (IllegalArgumentException e) {
          if (was) {
            insert(region);
            mapped = true;
          }
          throw e;
        }
        region = moved;
        mapped = true;
      }
    }
  }

  /** A write that only rings; see {@link #ring}. */
  public final class Doorbell {
    private final long address;
    private final int size;
    private final OptionalLong value;
    private final Runnable bell;

    private Doorbell(long address, int size, OptionalLong value, Runnable bell) {
      this.address = address;
      this.size = size;
      this.value = value;
      this.bell = bell;
    }

    private boolean matches(long at, int bytes, long written) {
      return at == address && bytes == size && (value.isEmpty() || value.getAsLong() == written);
    }

    private boolean collides(Doorbell other) {
      return other.address == address
          && other.size == size
          && (value.isEmpty() || other.value.isEmpty() || value.equals(other.value));
    }

    /** Takes the doorbell away; a second call has no effect. */
    public void remove() {
      synchronized (IoBus.this) {
        doorbells = Stream.of(doorbells).filter(d -> d != this).toArray(Doorbell[]::new);
      }
    }
  }

  /** Immutable, so that racing readers need no lock. */
  private static final class Region {
    final long base;
    final long last;
    final int widest;
    final IoHandler handler;

    Region(long base, long length, IoHandler handler) {
      this.base = base;
      this.last = base + length - 1;
      this.handler = handler;
      this.widest = handler.widest();
      if (length <= 0 || Long.compareUnsigned(last, base) < 0) {
        throw new IllegalArgumentException(
            "window at 0x%x of 0x%x bytes is empty or wraps".formatted(base, length));
      }
      if (widest != 1 && widest != 2 && widest != 4 && widest != 8) {
        throw new IllegalArgumentException(this + " takes accesses of " + widest + " bytes");
      }
    }

    long length() {
      return last - base + 1;
    }

    boolean holds(long address) {
      return Long.compareUnsigned(address - base, last - base) <= 0;
    }

    @Override
    public String toString() {
      return describe(base, length(), handler);
    }
  }
}
