package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The bus master registers of one IDE channel ("Programming Interface for Bus Master IDE
 * Controller", revision 1.0), 8 bytes, and the table of memory ranges that they point to.
 */
final class BusMasterIde {
  static final int COMMAND = 0;
  static final int STATUS = 2;
  static final int TABLE = 4;

  private static final int START = 0x01;
  private static final int TO_MEMORY = 0x08;
  private static final int ACTIVE = 0x01;
  private static final int ERROR = 0x02;
  private static final int INTERRUPT = 0x04;
  private static final int CAPABLE = 0x60;

  private static final int ENTRY = 8;
  private static final int LAST = 1 << 31;

  /** A table does not cross 64 KiB. */
  private static final int MOST_ENTRIES = 0x10000 / ENTRY;

  private final Dma dma;
  private int command;
  private int status;
  private int table;

  BusMasterIde(Dma dma) {
    this.dma = dma;
  }

  void reset() {
    command = 0;
    status = 0;
    table = 0;
  }

  int read(int offset) {
    return switch (offset) {
      case COMMAND -> command;
      case STATUS -> status;
      case TABLE, TABLE + 1, TABLE + 2, TABLE + 3 -> table >>> 8 * (offset - TABLE) & 0xff;
      default -> 0;
    };
  }

  /** Returns whether the transfer was started by this write. */
  boolean write(int offset, int value) {
    switch (offset) {
      case COMMAND -> {
        boolean start = (value & ~command & START) != 0;
        command = value & (START | TO_MEMORY);
        if (start) {
          status |= ACTIVE;
        } else if ((value & START) == 0) {
          status &= ~ACTIVE;
        }
        return start;
      }
      case STATUS -> status = status & ~CAPABLE & ~(value & (ERROR | INTERRUPT)) | value & CAPABLE;
      case TABLE, TABLE + 1, TABLE + 2, TABLE + 3 -> {
        int shift = 8 * (offset - TABLE);
        table = table & ~(0xff << shift) | value << shift;
        table &= ~3;
      }
      default -> {}
    }
    return false;
  }

  boolean started() {
    return (command & START) != 0;
  }

  /** The drive interrupts. */
  void interrupt() {
    status |= INTERRUPT;
  }

  /** The transfer has ended. */
  void ended(boolean failed) {
    status = status & ~ACTIVE | (failed ? ERROR : 0);
  }

  /**
   * Borrows the memory of the next {@code length} bytes.
   *
   * @param toGuest whether they go to memory; against the direction register, nothing moves
   * @return null where table or memory do not suffice
   */
  Dma.Transfer memory(long length, boolean toGuest) {
    if (((command & TO_MEMORY) != 0) != toGuest) {
      return null;
    }
    List<Dma.Range> ranges = new ArrayList<>();
    byte[] entry = new byte[ENTRY];
    long left = length;
    for (int i = 0; i < MOST_ENTRIES && left > 0; i++) {
      if (!dma.read(Integer.toUnsignedLong(table) + (long) ENTRY * i, entry, 0, ENTRY)) {
        return null;
      }
      ByteBuffer fields = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
      long address = Integer.toUnsignedLong(fields.getInt()) & ~1L;
      int flags = fields.getInt();
      int bytes = (flags & 0xfffe) == 0 ? 0x10000 : flags & 0xfffe;
      int piece = (int) Math.min(bytes, left);
      ranges.add(new Dma.Range(address, piece));
      left -= piece;
      if ((flags & LAST) != 0) {
        break;
      }
    }
    return left > 0 ? null : dma.lend(ranges, toGuest);
  }

  void save(StateWriter out) {
    out.writeInts(new int[] {command, status, table});
  }

  void load(StateReader in) {
    int[] fields = new int[3];
    in.readInts(fields);
    command = fields[0] & (START | TO_MEMORY);
    status = fields[1] & 0x67;
    table = fields[2] & ~3;
  }
}
