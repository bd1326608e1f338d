package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Mode 3 of a VGA, 80 columns and 25 lines of characters of 9 by 16 pixels, as its BIOS leaves it
 * (IBM VGA XGA Technical Reference Manual, §2): for kernels that are started without a BIOS.
 */
final class VgaTextMode {
  /** Bytes of a font: 256 characters of 16 lines of 8 pixels. */
  static final int FONT_BYTES = 256 * 16;

  private static final int COLUMNS = 80;
  private static final int LINES = 25;
  private static final int BLANK = 0x0720;

  /** Where a character's lines begin in plane 2: each has room for 32. */
  private static final int FONT_STRIDE = 32;

  private static final int FONT_PLANE = 2;

  private static final int[] SEQUENCER = {3, 0, 3, 0, 2};

  private static final int[] CRTC = {
    0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00,
    0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff
  };

  private static final int[] GRAPHICS = {0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff};

  private static final int[] ATTRIBUTE = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
    0x0c, 0x00, 0x0f, 0x08, 0x00
  };

  /** Colour, memory on, the clock of 720 columns, 400 lines. */
  private static final int MISC = 0x67;

  private static final int SHOWN = 0x20;

  /** The letter A of IBM's font of 16 lines, by which a font is found. */
  private static final byte[] LETTER_A = {
    0x00,
    0x00,
    0x10,
    0x38,
    0x6c,
    (byte) 0xc6,
    (byte) 0xc6,
    (byte) 0xfe,
    (byte) 0xc6,
    (byte) 0xc6,
    (byte) 0xc6,
    (byte) 0xc6,
    0x00,
    0x00,
    0x00,
    0x00
  };

  private VgaTextMode() {}

  /**
   * The font of 16 lines that a video BIOS has in it.
   *
   * @return {@value #FONT_BYTES} bytes, or nothing where there is none
   */
  static Optional<byte[]> font(byte[] videoBios) {
    int before = 'A' * LETTER_A.length;
    for (int at = before; at + FONT_BYTES - before <= videoBios.length; at++) {
      if (Arrays.equals(videoBios, at, at + LETTER_A.length, LETTER_A, 0, LETTER_A.length)) {
        return Optional.of(Arrays.copyOfRange(videoBios, at - before, at - before + FONT_BYTES));
      }
    }
    return Optional.empty();
  }

  /** Has the registers and the memory show an empty screen. */
  static void set(VgaRegisters registers, ByteBuffer memory, byte[] font) {
    registers.write(0x3c2, MISC);
    indexed(registers, 0x3c4, SEQUENCER);
    indexed(registers, 0x3d4, CRTC);
    indexed(registers, 0x3ce, GRAPHICS);
    registers.read(0x3da); // the next write to 0x3c0 is an index
    for (int i = 0; i < ATTRIBUTE.length; i++) {
      registers.write(0x3c0, i);
      registers.write(0x3c0, ATTRIBUTE[i]);
    }
    registers.write(0x3c0, SHOWN);
    registers.write(0x3c6, 0xff);
    registers.write(0x3c8, 0);
    for (int colour = 0; colour < 64; colour++) {
      for (int primary = 2; primary >= 0; primary--) {
        int full = colour >> primary & 1;
        int third = colour >> (primary + 3) & 1;
        registers.write(0x3c9, 0x2a * full + 0x15 * third);
      }
    }
    for (int at = 0; at < font.length; at++) {
      int address = (at >> 4) * FONT_STRIDE + (at & 0xf);
      memory.put(4 * address + FONT_PLANE, font[at]);
    }
    for (int cell = 0; cell < COLUMNS * LINES; cell++) {
      memory.put(4 * cell, (byte) BLANK);
      memory.put(4 * cell + 1, (byte) (BLANK >> 8));
    }
  }

  private static void indexed(VgaRegisters registers, int port, int[] values) {
    for (int i = 0; i < values.length; i++) {
      registers.write(port, i);
      registers.write(port + 1, values[i]);
    }
  }
}
