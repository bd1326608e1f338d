package org.wardian.chipset;

import java.util.Arrays;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The registers by which Bochs' display is switched to a linear frame buffer ("dispi interface",
 * version 0xb0c5): resolution, depth, banks, panning. Its adapter's monitor guards it.
 */
final class BochsVbe {
  static final int REGISTERS = 11;

  private static final int ID = 0;
  private static final int WIDTH = 1;
  private static final int HEIGHT = 2;
  private static final int DEPTH = 3;
  private static final int ENABLE = 4;
  private static final int BANK = 5;
  private static final int VIRTUAL_WIDTH = 6;
  private static final int VIRTUAL_HEIGHT = 7;
  private static final int X_OFFSET = 8;
  private static final int Y_OFFSET = 9;
  private static final int MEMORY = 10;

  private static final int ID_OLDEST = 0xb0c0;
  private static final int ID_NEWEST = 0xb0c5;

  private static final int ENABLED = 0x01;
  private static final int GET_CAPABILITIES = 0x02;
  private static final int WIDE_PALETTE = 0x20;
  static final int NO_CLEAR = 0x80;

  private static final int MOST_WIDTH = 4096;
  private static final int MOST_HEIGHT = 2160;
  private static final int MOST_DEPTH = 32;

  private final int memory;
  private final int[] registers = new int[REGISTERS];

  /** Makes the registers for an adapter with {@code memory} bytes. */
  BochsVbe(int memory) {
    this.memory = memory;
    reset();
  }

  void reset() {
    Arrays.fill(registers, 0);
    registers[ID] = ID_NEWEST;
  }

  boolean enabled() {
    return (registers[ENABLE] & ENABLED) != 0;
  }

  /** Whether colours of the look-up table have 8 bits and not 6. */
  boolean widePalette() {
    return (registers[ENABLE] & WIDE_PALETTE) != 0;
  }

  int width() {
    return registers[WIDTH];
  }

  int height() {
    return registers[HEIGHT];
  }

  /** Bits of a pixel: 8, 15, 16, 24 or 32. */
  int depth() {
    return registers[DEPTH];
  }

  private int pixelBytes() {
    return depth() + 7 >> 3;
  }

  /** Bytes from one row to the next. */
  int pitch() {
    return registers[VIRTUAL_WIDTH] * pixelBytes();
  }

  /** Where in the memory the first pixel is. */
  int start() {
    return registers[Y_OFFSET] * pitch() + registers[X_OFFSET] * pixelBytes();
  }

  /** Where in the memory the window at 0xa0000 is. */
  int bank() {
    return registers[BANK] << 16;
  }

  int read(int index) {
    boolean capabilities = (registers[ENABLE] & GET_CAPABILITIES) != 0;
    return switch (index) {
      case WIDTH -> capabilities ? MOST_WIDTH : registers[WIDTH];
      case HEIGHT -> capabilities ? MOST_HEIGHT : registers[HEIGHT];
      case DEPTH -> capabilities ? MOST_DEPTH : registers[DEPTH];
      case VIRTUAL_HEIGHT -> enabled() ? memory / Math.max(1, pitch()) & 0xffff : 0;
      case MEMORY -> memory >> 16;
      default -> index >= 0 && index < REGISTERS ? registers[index] : 0;
    };
  }

  /** Returns whether the mode was switched on by this write, so that memory is cleared. */
  boolean write(int index, int value) {
    switch (index) {
      case ID -> {
        if (value >= ID_OLDEST && value <= ID_NEWEST) {
          registers[ID] = value;
        }
      }
      case WIDTH -> {
        if (value > 0 && value <= MOST_WIDTH && (value & 7) == 0) {
          registers[WIDTH] = value;
        }
      }
      case HEIGHT -> {
        if (value > 0 && value <= MOST_HEIGHT) {
          registers[HEIGHT] = value;
        }
      }
      case DEPTH -> {
        if (value == 8 || value == 15 || value == 16 || value == 24 || value == 32) {
          registers[DEPTH] = value;
        }
      }
      case ENABLE -> {
        return enable(value);
      }
      case BANK -> registers[BANK] = value & (memory >> 16) - 1;
      case VIRTUAL_WIDTH -> {
        if (value >= registers[WIDTH]
            && (long) value * pixelBytes() * registers[HEIGHT] <= memory) {
          registers[VIRTUAL_WIDTH] = value;
        }
      }
      case X_OFFSET -> {
        if (value + registers[WIDTH] <= registers[VIRTUAL_WIDTH]) {
          registers[X_OFFSET] = value;
        }
      }
      case Y_OFFSET -> {
        if ((long) (value + registers[HEIGHT]) * pitch() <= memory) {
          registers[Y_OFFSET] = value;
        }
      }
      default -> {}
    }
    return false;
  }

  private boolean enable(int value) {
    boolean before = enabled();
    long needed = (long) registers[WIDTH] * pixelBytes() * registers[HEIGHT];
    boolean possible = needed > 0 && needed <= memory;
    registers[ENABLE] = possible ? value & 0xff : value & 0xfe;
    if (before || !enabled()) {
      return false;
    }
    registers[VIRTUAL_WIDTH] = registers[WIDTH];
    registers[X_OFFSET] = 0;
    registers[Y_OFFSET] = 0;
    registers[BANK] = 0;
    return true;
  }

  void save(StateWriter out) {
    out.writeInts(registers);
  }

  void load(StateReader in) {
    int[] saved = new int[REGISTERS];
    in.readInts(saved);
    reset();
    // By way of the checks, in the order in which a guest would.
    for (int index : new int[] {ID, WIDTH, HEIGHT, DEPTH, ENABLE, VIRTUAL_WIDTH, BANK}) {
      write(index, saved[index] & 0xffff);
    }
    write(X_OFFSET, saved[X_OFFSET] & 0xffff);
    write(Y_OFFSET, saved[Y_OFFSET] & 0xffff);
  }
}
