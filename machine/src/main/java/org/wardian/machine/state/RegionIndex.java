package org.wardian.machine.state;

import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;

/**
 * Which pages of a region of RAM a saved state has; the others are zero.
 *
 * @param base guest-physical address
 * @param size bytes
 * @param stored a bit for each page, the lowest of each byte first
 * @param checksums by chunk of {@link #CHUNK} bytes, the CRC-32C of its stored pages, one after
 *     another
 */
record RegionIndex(long base, long size, byte[] stored, int[] checksums) {
  /** Bytes of memory for each checksum. */
  static final int CHUNK = 1 << 20;

  static final int CHUNK_PAGES = CHUNK / GuestMemory.PAGE;
  private static final String NAME = "region";
  private static final int VERSION = 1;
  private static final int MOST_REGIONS = 64;

  /** Host pages: what a mapping's place and length are multiples of. */
  private static final long GRANULE = 64 << 10;

  static RegionIndex empty(long base, long size) {
    return new RegionIndex(base, size, new byte[bytes(size)], new int[chunks(size)]);
  }

  private static int bytes(long size) {
    return (int) ((size / GuestMemory.PAGE + 7) / 8);
  }

  static int chunks(long size) {
    return (int) ((size + CHUNK - 1) / CHUNK);
  }

  void store(int page) {
    stored[page >> 3] |= (byte) (1 << (page & 7));
  }

  boolean isStored(int page) {
    return (stored[page >> 3] >>> (page & 7) & 1) != 0;
  }

  /** Pages that are stored. */
  long count() {
    long count = 0;
    for (byte pages : stored) {
      count += Integer.bitCount(pages & 0xff);
    }
    return count;
  }

  /** Bytes that the region takes where memory lies sparsely. */
  long room() {
    return size + GRANULE - 1 & -GRANULE;
  }

  static void save(List<RegionIndex> regions, StateWriter out) {
    out.writeInt(regions.size());
    for (RegionIndex region : regions) {
      out.begin(NAME, VERSION);
      out.writeLong(region.base);
      out.writeLong(region.size);
      out.writeBytes(region.stored);
      out.writeInts(region.checksums);
      out.end();
    }
  }

  static List<RegionIndex> load(StateReader in) {
    List<RegionIndex> regions = new ArrayList<>();
    for (int left = in.readInt(1, MOST_REGIONS); left > 0; left--) {
      in.begin(NAME, VERSION);
      long base = in.readLong();
      long size = in.readLong();
      if (base % GuestMemory.PAGE != 0
          || size <= 0
          || size % GuestMemory.PAGE != 0
          || size > GuestMemory.LARGEST_REGION) {
        throw new StateException("memory of %d bytes at 0x%x".formatted(size, base));
      }
      byte[] stored = in.readBytes();
      // By now it is known that the record is as long as memory of that size makes it.
      if (stored.length != bytes(size)) {
        throw new StateException(
            "a map of %d bytes for %d bytes of memory".formatted(stored.length, size));
      }
      int[] checksums = new int[chunks(size)];
      in.readInts(checksums);
      in.end();
      regions.add(new RegionIndex(base, size, stored, checksums));
    }
    return regions;
  }
}
