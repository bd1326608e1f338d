package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A command that a guest has put into a port's command list (AHCI 1.3.1 §4.2.2, §4.2.3): its header
 * and table as they were when it was taken.
 */
final class AhciSlot {
  static final int HEADER_LENGTH = 32;
  private static final int PACKET_OFFSET = 0x40;
  private static final int PACKET_LENGTH = 16;
  private static final int TABLE_OFFSET = 0x80;
  private static final int ENTRY = 16;
  private static final int FLAG_ATAPI = 0x20;
  private static final int FLAG_CLEAR_BUSY = 0x400;

  final int number;
  final TaskFile file;
  final byte[] fis;
  final byte[] packet;
  final boolean queued;
  final boolean clearsBusy;
  private final long headerAddress;
  private final long tableAddress;
  private final int entries;
  AtaAction action = AtaAction.FINISHED;

  /** Bytes moved so far. */
  long moved;

  private AhciSlot(
      int number, int flags, byte[] fis, byte[] packet, long headerAddress, long tableAddress) {
    this.number = number;
    this.fis = fis;
    this.file = AhciFis.taskFile(fis);
    this.packet = (flags & FLAG_ATAPI) != 0 ? packet : new byte[0];
    this.queued = file.command == 0x60 || file.command == 0x61;
    this.clearsBusy = (flags & FLAG_CLEAR_BUSY) != 0;
    this.headerAddress = headerAddress;
    this.tableAddress = tableAddress;
    this.entries = flags >>> 16;
  }

  /** Reads a slot from the guest's memory; null where that is no memory. */
  static AhciSlot read(Dma dma, long list, int number) {
    byte[] header = new byte[HEADER_LENGTH];
    long at = list + (long) number * HEADER_LENGTH;
    if (!dma.read(at, header, 0, HEADER_LENGTH)) {
      return null;
    }
    ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
    int flags = fields.getInt(0);
    long table = fields.getLong(8) & ~0x7fL;
    byte[] fis = new byte[AhciFis.LENGTH];
    byte[] packet = new byte[PACKET_LENGTH];
    if (!dma.read(table, fis, 0, fis.length)
        || !dma.read(table + PACKET_OFFSET, packet, 0, packet.length)) {
      return null;
    }
    return new AhciSlot(number, flags, fis, packet, at, table);
  }

  /**
   * Borrows the memory of the first {@code length} bytes of the region table.
   *
   * @return null where table or memory do not suffice
   */
  Dma.Transfer memory(Dma dma, long length, boolean toGuest) {
    List<Dma.Range> ranges = new ArrayList<>();
    byte[] entry = new byte[ENTRY];
    long left = length;
    for (int i = 0; i < entries && left > 0; i++) {
      if (!dma.read(tableAddress + TABLE_OFFSET + (long) i * ENTRY, entry, 0, ENTRY)) {
        return null;
      }
      ByteBuffer fields = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
      int bytes = (fields.getInt(12) & 0x3fffff) + 1;
      int piece = (int) Math.min(left, bytes);
      ranges.add(new Dma.Range(fields.getLong(0) & ~1L, piece));
      left -= piece;
    }
    return left > 0 ? null : dma.lend(ranges, toGuest);
  }

  /** Writes how many bytes were moved into the header. */
  void report(Dma dma) {
    byte[] count =
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt((int) moved).array();
    dma.write(headerAddress + 4, count, 0, 4);
  }
}
