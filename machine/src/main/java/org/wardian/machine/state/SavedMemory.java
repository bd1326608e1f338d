package org.wardian.machine.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;
import org.wardian.host.HostException;
import org.wardian.host.Mapping;
import org.wardian.machine.state.StateHeader.Section;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.HostMemory;

/** The memory of a saved machine. */
public final class SavedMemory {
  private static final int PAGE = GuestMemory.PAGE;

  private final StateSource source;
  private final boolean sparse;
  private final Section section;
  private final List<RegionIndex> regions;

  SavedMemory(StateSource source, boolean sparse, Section section, List<RegionIndex> regions)
      throws StateFileException {
    this.source = source;
    this.sparse = sparse;
    this.section = section;
    this.regions = regions;
    long needed = 0;
    for (RegionIndex region : regions) {
      needed += sparse ? region.room() : region.count() * PAGE;
    }
    if (needed != section.length()) {
      throw new StateFileException(
          "%s is damaged: it has %d bytes of memory where %d are needed"
              .formatted(source.name(), section.length(), needed));
    }
  }

  /** Pages that are stored, of {@link GuestMemory#PAGE} bytes. */
  public long storedPages() {
    return regions.stream().mapToLong(RegionIndex::count).sum();
  }

  /**
   * Adds a region with its content: mapped, so that pages are read when the guest touches them,
   * where it lies in a file as the guest sees it and need not be shared; else copied and checked.
   *
   * @throws StateFileException where the state has no such region, or its content is damaged
   */
  public GuestMemory.Region addRegion(GuestMemory memory, long base, long size, String name)
      throws IOException {
    long offset = section.offset();
    for (RegionIndex region : regions) {
      if (region.base() == base && region.size() == size) {
        return memory.addRegion(
            base, size, true, name, content(memory.kind(), region, offset, name));
      }
      offset += sparse ? region.room() : region.count() * PAGE;
    }
    throw new StateFileException(
        "%s is damaged: it has no memory of %d bytes at 0x%x".formatted(source.name(), size, base));
  }

  private Mapping content(HostMemory kind, RegionIndex region, long offset, String name)
      throws IOException {
    if (sparse && source.file().isPresent() && kind != HostMemory.SHARED) {
      try {
        return kind.ofFile(source.file().get(), offset, region.room());
      } catch (HostException e) {
        throw new StateFileException(source.name() + ": " + e.getMessage(), e);
      }
    }
    Mapping mapping = kind.zeroed(region.size(), name);
    try {
      read(region, offset, mapping);
      return mapping;
    } catch (IOException | RuntimeException e) {
      mapping.close();
      throw e;
    }
  }

  /** Checks the content of all regions. */
  void verify() throws IOException {
    long offset = section.offset();
    for (RegionIndex region : regions) {
      read(region, offset, null);
      offset += sparse ? region.room() : region.count() * PAGE;
    }
  }

  /**
   * Reads a region's pages and compares checksums.
   *
   * @param to where the pages go, or null
   */
  private void read(RegionIndex region, long offset, Mapping to) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(RegionIndex.CHUNK);
    long next = offset;
    int pages = (int) (region.size() / PAGE);
    for (int first = 0; first < pages; first += RegionIndex.CHUNK_PAGES) {
      int end = Math.min(pages, first + RegionIndex.CHUNK_PAGES);
      CRC32C crc = new CRC32C();
      boolean any = false;
      int page = first;
      while (page < end) {
        if (!region.isStored(page)) {
          page++;
          continue;
        }
        int run = page;
        while (run < end && region.isStored(run)) {
          run++;
        }
        int bytes = (run - page) * PAGE;
        source.read(sparse ? offset + (long) page * PAGE : next, buffer.clear().limit(bytes));
        next += bytes;
        crc.update(buffer.flip());
        if (to != null) {
          to.segment().asSlice((long) page * PAGE, bytes).asByteBuffer().put(buffer.rewind());
        }
        any = true;
        page = run;
      }
      if (any && (int) crc.getValue() != region.checksums()[first / RegionIndex.CHUNK_PAGES]) {
        throw new StateFileException(
            "%s is damaged: the checksum of the memory at 0x%x is wrong"
                .formatted(source.name(), region.base() + (long) first * PAGE));
      }
    }
  }
}
