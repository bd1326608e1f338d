package org.wardian.chipset;

import java.nio.ByteBuffer;

/**
 * Draws what a VGA shows: text, 2, 4, 16 and 256 colours, and the linear frame buffer. Lines that
 * the CRT controller repeats are drawn once.
 */
final class VgaPicture {
  private static final int LARGEST = 4096 * 2160;

  private final VgaRegisters registers;
  private final BochsVbe vbe;
  private final ByteBuffer memory;

  int width;
  int height;

  /** Pixels 0x00RRGGBB, row by row. */
  int[] pixels;

  /**
   * Draws at once.
   *
   * @param reuse pixels of an earlier picture, which are used again if they are as many
   */
  VgaPicture(VgaRegisters registers, BochsVbe vbe, ByteBuffer memory, int[] reuse) {
    this.registers = registers;
    this.vbe = vbe;
    this.memory = memory;
    this.pixels = reuse;
    if (vbe.enabled()) {
      linear();
    } else if (registers.text()) {
      text();
    } else {
      graphics();
    }
  }

  private void size(int newWidth, int newHeight) {
    width = Math.clamp(newWidth, 1, 4096);
    height = Math.clamp(newHeight, 1, LARGEST / width);
    if (pixels == null || pixels.length != width * height) {
      pixels = new int[width * height];
    }
  }

  private int at(int offset) {
    return offset >= 0 && offset < memory.capacity() ? memory.get(offset) & 0xff : 0;
  }

  /** A colour of the look-up table. */
  private int colour(int index) {
    int at = 3 * (index & registers.pelMask());
    int[] palette = registers.palette;
    if (vbe.widePalette()) {
      return palette[at] << 16 | palette[at + 1] << 8 | palette[at + 2];
    }
    return wide(palette[at]) << 16 | wide(palette[at + 1]) << 8 | wide(palette[at + 2]);
  }

  private static int wide(int six) {
    return (six & 0x3f) << 2 | (six & 0x3f) >> 4;
  }

  /** The sixteen colours of the attribute controller. */
  private int[] sixteen() {
    int[] colours = new int[16];
    int[] attribute = registers.attribute;
    for (int i = 0; i < 16; i++) {
      int index = attribute[i] & 0x3f;
      index =
          (attribute[0x10] & 0x80) != 0
              ? index & 0x0f | (attribute[0x14] & 0x0f) << 4
              : index | (attribute[0x14] & 0x0c) << 4;
      colours[i] = colour(index);
    }
    return colours;
  }

  // Linear frame buffer.

  private void linear() {
    size(vbe.width(), vbe.height());
    int pitch = vbe.pitch();
    int start = vbe.start();
    for (int y = 0; y < height; y++) {
      int row = start + y * pitch;
      int to = y * width;
      switch (vbe.depth()) {
        case 8 -> {
          for (int x = 0; x < width; x++) {
            pixels[to + x] = colour(at(row + x));
          }
        }
        case 15, 16 -> sixteenBits(row, to, vbe.depth() == 15);
        case 24 -> {
          for (int x = 0; x < width; x++) {
            int from = row + 3 * x;
            pixels[to + x] = at(from + 2) << 16 | at(from + 1) << 8 | at(from);
          }
        }
        default -> wideRow(row, to);
      }
    }
  }

  private void wideRow(int row, int to) {
    if (row < 0 || row + 4 * width > memory.capacity()) {
      return;
    }
    for (int x = 0; x < width; x++) {
      pixels[to + x] = memory.getInt(row + 4 * x) & 0xffffff;
    }
  }

  private void sixteenBits(int row, int to, boolean fifteen) {
    for (int x = 0; x < width; x++) {
      int value = at(row + 2 * x) | at(row + 2 * x + 1) << 8;
      int blue = value & 0x1f;
      int green = fifteen ? value >> 5 & 0x1f : value >> 5 & 0x3f;
      int red = fifteen ? value >> 10 & 0x1f : value >> 11;
      int wideGreen = fifteen ? green << 3 | green >> 2 : green << 2 | green >> 4;
      pixels[to + x] = (red << 3 | red >> 2) << 16 | wideGreen << 8 | blue << 3 | blue >> 2;
    }
  }

  // Graphics modes of the VGA.

  private void graphics() {
    int[] crtc = registers.crtc;
    int repeat = ((crtc[9] & 0x1f) + 1) * ((crtc[9] & 0x80) != 0 ? 2 : 1);
    int columns = registers.columns();
    int shift = registers.graphics[5] >> 5 & 3;
    boolean interleaved = (crtc[0x17] & 1) == 0;
    int lines = registers.displayedLines();
    if (interleaved) {
      repeat = Math.max(1, repeat / 2); // the row counter chooses the half of the memory
    }
    size(shift >= 2 ? 4 * columns : 8 * columns, Math.max(1, lines / repeat));
    int[] colours = sixteen();
    int offset = 2 * crtc[0x13];
    for (int y = 0; y < height; y++) {
      int line = interleaved ? (y >> 1) * offset + ((y & 1) << 13) : y * offset;
      int start = registers.startAddress() + line;
      switch (shift) {
        case 0 -> planar(start, y * width, colours);
        case 1 -> fourColours(start, y * width, colours);
        default -> {
          for (int x = 0; x < width; x++) {
            pixels[y * width + x] = colour(at(4 * start + x));
          }
        }
      }
    }
  }

  private void planar(int start, int to, int[] colours) {
    int enabled = registers.attribute[0x12] & 0x0f;
    for (int x = 0; x < width; x++) {
      int place = 4 * (start + (x >> 3));
      int bit = 7 - (x & 7);
      int index = 0;
      for (int plane = 0; plane < 4; plane++) {
        index |= (at(place + plane) >> bit & 1) << plane;
      }
      pixels[to + x] = colours[index & enabled];
    }
  }

  private void fourColours(int start, int to, int[] colours) {
    for (int x = 0; x < width; x++) {
      int place = 4 * (start + (x >> 3)) + (x >> 2 & 1);
      pixels[to + x] = colours[at(place) >> 6 - 2 * (x & 3) & 3];
    }
  }

  // Text.

  private void text() {
    int[] crtc = registers.crtc;
    int cellHeight = registers.cellHeight();
    int cellWidth = (registers.sequencer[1] & 1) != 0 ? 8 : 9;
    int columns = registers.columns();
    int rows = registers.textRows();
    size(columns * cellWidth, rows * cellHeight);
    int[] colours = sixteen();
    int cursor = (crtc[0x0a] & 0x20) != 0 ? -1 : crtc[0x0e] << 8 | crtc[0x0f];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        int cell = registers.rowAddress(row) + column;
        int to = row * cellHeight * width + column * cellWidth;
        if (to + (cellHeight - 1) * width + cellWidth <= pixels.length) {
          cell(cell, to, cellWidth, cellHeight, colours, cell == cursor);
        }
      }
    }
  }

  private void cell(
      int cell, int to, int cellWidth, int cellHeight, int[] colours, boolean cursor) {
    int code = at(4 * cell);
    int attribute = at(4 * cell + 1);
    boolean blinks = (registers.attribute[0x10] & 0x08) != 0;
    int front = colours[attribute & 0x0f];
    int back = colours[attribute >> 4 & (blinks ? 7 : 15)];
    int glyph = font((attribute & 8) != 0) + 4 * 32 * code;
    boolean line = (registers.attribute[0x10] & 0x04) != 0 && code >= 0xc0 && code <= 0xdf;
    int cursorFirst = registers.crtc[0x0a] & 0x1f;
    int cursorLast = registers.crtc[0x0b] & 0x1f;
    for (int y = 0; y < cellHeight; y++) {
      int bits = at(glyph + 4 * y) << 1;
      if (line) {
        bits |= bits >> 1 & 1;
      }
      if (cursor && y >= cursorFirst && y <= cursorLast) {
        bits = 0x1ff;
      }
      for (int x = 0; x < cellWidth; x++) {
        pixels[to + y * width + x] = (bits >> 8 - x & 1) != 0 ? front : back;
      }
    }
  }

  /** Where the font begins: 8 KiB steps of plane 2, chosen by attribute bit 3. */
  private int font(boolean bright) {
    int map = registers.sequencer[3];
    int number = bright ? map >> 5 & 1 | map >> 1 & 6 : map >> 4 & 1 | map << 1 & 6;
    return number * 0x2000 * 4 + 2;
  }
}
