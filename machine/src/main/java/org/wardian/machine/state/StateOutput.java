package org.wardian.machine.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.wardian.bus.StateWriter;
import org.wardian.machine.state.StateHeader.Section;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;

/**
 * Writes the state of a machine that stands still: memory first, then the records. The header is
 * left to the target, which knows when all else is done.
 */
public final class StateOutput {
  private static final int PAGE = GuestMemory.PAGE;
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(PAGE).asReadOnlyBuffer();

  private final StateTarget target;
  private final ByteBuffer packed = ByteBuffer.allocateDirect(RegionIndex.CHUNK);
  private long next = StateHeader.FIRST_MEMORY;

  private StateOutput(StateTarget target) {
    this.target = target;
  }

  /**
   * Writes everything, but for the header, which the target gets.
   *
   * @param devices the devices' records
   * @param ram the regions whose content is not in those records
   */
  public static void write(
      StateTarget target,
      MachineDescription description,
      byte[] devices,
      GuestMemory memory,
      List<GuestMemory.Region> ram)
      throws IOException {
    target.written(new StateOutput(target).write(description, devices, memory, ram));
  }

  private StateHeader write(
      MachineDescription description,
      byte[] devices,
      GuestMemory memory,
      List<GuestMemory.Region> ram)
      throws IOException {
    List<RegionIndex> regions = new ArrayList<>();
    for (GuestMemory.Region region : ram) {
      regions.add(write(memory, region));
    }
    long memoryEnd = next;
    StateWriter text = new StateWriter();
    description.save(text);
    StateWriter index = new StateWriter();
    RegionIndex.save(regions, index);
    Section described = record(text.toByteArray());
    Section kept = record(devices);
    Section indexed = record(index.toByteArray());
    return new StateHeader(
        target.sparse(),
        next,
        new Section(StateHeader.FIRST_MEMORY, memoryEnd - StateHeader.FIRST_MEMORY, 0),
        described,
        kept,
        indexed,
        Section.NONE);
  }

  private Section record(byte[] content) throws IOException {
    Section section = Section.of(next, content);
    target.write(next, ByteBuffer.wrap(content));
    next += content.length;
    return section;
  }

  private RegionIndex write(GuestMemory memory, GuestMemory.Region region) throws IOException {
    RegionIndex index = RegionIndex.empty(region.base(), region.size());
    long start = next;
    long end = region.base() + region.size();
    long at = region.base();
    while (at < end) {
      // What nobody has used is not looked at: a look would cost the host a page.
      long from = memory.nextData(at);
      if (from >= end) {
        break;
      }
      int chunk = (int) ((from - region.base()) / RegionIndex.CHUNK);
      long chunkStart = region.base() + (long) chunk * RegionIndex.CHUNK;
      int length = (int) Math.min(RegionIndex.CHUNK, end - chunkStart);
      try (MemoryLoan loan = memory.lend(chunkStart, length)) {
        write(index, chunk, loan.buffer(), (int) (from - chunkStart) & -PAGE, start);
      }
      at = chunkStart + length;
    }
    if (target.sparse()) {
      next = start + index.room();
    }
    return index;
  }

  /** Writes a chunk's pages that are not zero. */
  private void write(RegionIndex index, int chunk, ByteBuffer content, int from, long start)
      throws IOException {
    CRC32C crc = new CRC32C();
    int length = content.capacity();
    boolean any = false;
    int runStart = -1;
    packed.clear();
    for (int at = from; at <= length; at += PAGE) {
      boolean data =
          at < length && content.slice(at, PAGE).mismatch(ZEROES.duplicate().clear()) >= 0;
      if (data) {
        index.store(chunk * RegionIndex.CHUNK_PAGES + at / PAGE);
        crc.update(content.slice(at, PAGE));
        any = true;
        if (runStart < 0) {
          runStart = at;
        }
      } else if (runStart >= 0) {
        ByteBuffer run = content.slice(runStart, at - runStart);
        if (target.sparse()) {
          target.write(start + (long) chunk * RegionIndex.CHUNK + runStart, run);
        } else {
          packed.put(run);
        }
        runStart = -1;
      }
    }
    if (any) {
      index.checksums()[chunk] = (int) crc.getValue();
    }
    if (packed.flip().hasRemaining()) {
      int bytes = packed.remaining();
      target.write(next, packed);
      next += bytes;
    }
  }
}
