package org.wardian.chipset;

import java.nio.ByteBuffer;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The way of the processor to a VGA's memory through the window at 0xa0000 (IBM VGA XGA Technical
 * Reference Manual, §2, "Graphics Controller"): four planes, of which byte n lies at bytes 4n to 4n
 * + 3 of the memory, with latches, rotation, logic and masks between.
 */
final class VgaPlanes {
  private static final int CHAIN_4 = 0x08;
  private static final int ODD_EVEN = 0x10;

  private final VgaRegisters registers;
  private int latch;

  VgaPlanes(VgaRegisters registers) {
    this.registers = registers;
  }

  void reset() {
    latch = 0;
  }

  /** Offset in the memory that the window's {@code offset} means, or -1 where nothing answers. */
  private int address(int offset, int bank) {
    int at =
        switch (registers.graphics[6] >> 2 & 3) {
          case 0 -> offset;
          case 1 -> offset < 0x10000 ? offset : -1;
          case 2 -> offset >= 0x10000 && offset < 0x18000 ? offset - 0x10000 : -1;
          default -> offset >= 0x18000 ? offset - 0x18000 : -1;
        };
    return at < 0 ? -1 : at + bank;
  }

  /**
   * Reads a byte.
   *
   * @param offset from 0xa0000
   * @param bank what a bank register adds
   */
  int read(ByteBuffer memory, int offset, int bank) {
    int at = address(offset, bank);
    if (at < 0) {
      return 0xff;
    }
    int[] graphics = registers.graphics;
    if ((registers.sequencer[4] & CHAIN_4) != 0) {
      return at < memory.capacity() ? memory.get(at) & 0xff : 0xff;
    }
    if ((graphics[5] & ODD_EVEN) != 0) {
      int place = (at & ~1) << 1 | graphics[4] & 2 | at & 1;
      return place < memory.capacity() ? memory.get(place) & 0xff : 0xff;
    }
    if (4 * at + 4 > memory.capacity()) {
      return 0xff;
    }
    latch = memory.getInt(4 * at);
    if ((graphics[5] & 8) == 0) {
      return latch >>> 8 * (graphics[4] & 3) & 0xff;
    }
    int differs = (latch ^ spread(graphics[2])) & spread(graphics[7]);
    return ~(differs | differs >>> 8 | differs >>> 16 | differs >>> 24) & 0xff;
  }

  /** Writes a byte, as {@link #read}. */
  void write(ByteBuffer memory, int offset, int bank, int value) {
    int at = address(offset, bank);
    int planes = registers.sequencer[2];
    int[] graphics = registers.graphics;
    if (at < 0) {
      return;
    }
    if ((registers.sequencer[4] & CHAIN_4) != 0) {
      if ((planes >> (at & 3) & 1) != 0 && at < memory.capacity()) {
        memory.put(at, (byte) value);
      }
      return;
    }
    if ((graphics[5] & ODD_EVEN) != 0) {
      int plane = graphics[4] & 2 | at & 1;
      int place = (at & ~1) << 1 | plane;
      if ((planes >> plane & 1) != 0 && place < memory.capacity()) {
        memory.put(place, (byte) value);
      }
      return;
    }
    if (4 * at + 4 > memory.capacity()) {
      return;
    }
    int bits = combine(value);
    int mask = spread(planes);
    memory.putInt(4 * at, memory.getInt(4 * at) & ~mask | bits & mask);
  }

  /** What the four planes get of a byte. */
  private int combine(int value) {
    int[] graphics = registers.graphics;
    int bitMask = graphics[8];
    int bits;
    switch (graphics[5] & 3) {
      case 0 -> {
        int set = spread(graphics[1]);
        bits = repeat(rotate(value)) & ~set | spread(graphics[0]) & set;
        bits = logic(bits);
      }
      case 1 -> {
        return latch;
      }
      case 2 -> bits = logic(spread(value));
      default -> {
        bitMask &= rotate(value);
        bits = spread(graphics[0]);
      }
    }
    int mask = repeat(bitMask);
    return bits & mask | latch & ~mask;
  }

  private int rotate(int value) {
    int by = registers.graphics[3] & 7;
    return (value >> by | value << 8 - by) & 0xff;
  }

  private int logic(int bits) {
    return switch (registers.graphics[3] >> 3 & 3) {
      case 0 -> bits;
      case 1 -> bits & latch;
      case 2 -> bits | latch;
      default -> bits ^ latch;
    };
  }

  private static int repeat(int value) {
    return (value & 0xff) * 0x01010101;
  }

  /** All ones in the bytes of the planes whose bit is set. */
  private static int spread(int planes) {
    return ((planes & 1) | (planes & 2) << 7 | (planes & 4) << 14 | (planes & 8) << 21) * 0xff;
  }

  void save(StateWriter out) {
    out.writeInt(latch);
  }

  void load(StateReader in) {
    latch = in.readInt();
  }
}
