package org.wardian.display.vnc.encoding;

import org.wardian.display.vnc.RfbException;

/**
 * How a client wants its pixels (RFC 6143 §7.4). A colour map is served as a fixed one, of three
 * bits of red, three of green and two of blue.
 */
public final class PixelFormat {
  /** Bytes of a format on the wire. */
  public static final int LENGTH = 16;

  /** What the server has by itself: 32 bits, little-endian, 0x00RRGGBB. */
  public static final PixelFormat SERVER =
      new PixelFormat(32, 24, false, false, new int[] {255, 255, 255}, new int[] {16, 8, 0});

  private final int bits;
  private final int depth;
  private final boolean bigEndian;
  private final boolean mapped;
  private final int[] maxima;
  private final int[] shifts;

  /** What a component of 0 to 255 gives in this format, in its place. */
  private final int[][] components = new int[3][256];

  /** Bytes of a compressed pixel (RFC 6143 §7.7.5), and whether they are the first in memory. */
  private final int compactBytes;

  private final boolean compactFirst;
  private final boolean tightPixels;

  private PixelFormat(
      int bits, int depth, boolean bigEndian, boolean mapped, int[] maxima, int[] shifts) {
    this.bits = bits;
    this.depth = depth;
    this.bigEndian = bigEndian;
    this.mapped = mapped;
    this.maxima = maxima;
    this.shifts = shifts;
    long all = 0;
    for (int part = 0; part < 3; part++) {
      all |= (long) maxima[part] << shifts[part];
      for (int value = 0; value < 256; value++) {
        components[part][value] = (value * maxima[part] + 127) / 255 << shifts[part];
      }
    }
    boolean inLow = bits == 32 && depth <= 24 && !mapped && all < 1 << 24;
    boolean inHigh = bits == 32 && depth <= 24 && !mapped && (all & 0xff) == 0;
    this.compactBytes = inLow || inHigh ? 3 : bits / 8;
    this.compactFirst = inLow ? !bigEndian : bigEndian;
    this.tightPixels =
        bits == 32
            && depth == 24
            && !mapped
            && maxima[0] == 255
            && maxima[1] == 255
            && maxima[2] == 255;
  }

  /**
   * Reads a format that a client chose.
   *
   * @param wire {@link #LENGTH} bytes
   * @throws RfbException where no pixel can have it
   */
  public static PixelFormat read(byte[] wire) throws RfbException {
    int bits = wire[0] & 0xff;
    int depth = wire[1] & 0xff;
    if (bits != 8 && bits != 16 && bits != 32) {
      throw new RfbException("pixels of " + bits + " bits; they can have 8, 16 or 32");
    }
    if (depth == 0 || depth > bits) {
      throw new RfbException("a depth of " + depth + " bits in pixels of " + bits);
    }
    boolean bigEndian = wire[2] != 0;
    if (wire[3] == 0) {
      return new PixelFormat(bits, 8, bigEndian, true, new int[] {7, 7, 3}, new int[] {5, 2, 0});
    }
    int[] maxima = new int[3];
    int[] shifts = new int[3];
    for (int part = 0; part < 3; part++) {
      maxima[part] = (wire[4 + 2 * part] & 0xff) << 8 | wire[5 + 2 * part] & 0xff;
      shifts[part] = wire[10 + part] & 0xff;
      if (maxima[part] == 0
          || shifts[part] >= bits
          || (long) maxima[part] << shifts[part] >= 1L << bits) {
        throw new RfbException(
            "a colour of 0 to %d, shifted by %d, in pixels of %d bits"
                .formatted(maxima[part], shifts[part], bits));
      }
    }
    return new PixelFormat(bits, depth, bigEndian, false, maxima, shifts);
  }

  /** The {@link #LENGTH} bytes that describe this format. */
  public byte[] wire() {
    byte[] wire = new byte[LENGTH];
    wire[0] = (byte) bits;
    wire[1] = (byte) depth;
    wire[2] = (byte) (bigEndian ? 1 : 0);
    wire[3] = (byte) (mapped ? 0 : 1);
    for (int part = 0; part < 3; part++) {
      wire[4 + 2 * part] = (byte) (maxima[part] >> 8);
      wire[5 + 2 * part] = (byte) maxima[part];
      wire[10 + part] = (byte) shifts[part];
    }
    return wire;
  }

  /** Whether the client wants the colour map that {@link #mapColour} gives. */
  public boolean mapped() {
    return mapped;
  }

  /** Colour {@code index}, 0 to 255, of the fixed map, as 0x00RRGGBB. */
  public static int mapColour(int index) {
    int red = (index >> 5 & 7) * 255 / 7;
    int green = (index >> 2 & 7) * 255 / 7;
    int blue = (index & 3) * 255 / 3;
    return red << 16 | green << 8 | blue;
  }

  /** The pixel that shows a colour of 0x00RRGGBB best. */
  public int pixel(int colour) {
    return components[0][colour >> 16 & 0xff]
        | components[1][colour >> 8 & 0xff]
        | components[2][colour & 0xff];
  }

  /** Turns colours of 0x00RRGGBB into pixels of this format, in place. */
  public void translate(int[] colours, int count) {
    for (int i = 0; i < count; i++) {
      colours[i] = pixel(colours[i]);
    }
  }

  /** Bytes of a pixel: 1, 2 or 4. */
  public int bytes() {
    return bits / 8;
  }

  /** Bytes of a compressed pixel of ZRLE: 1, 2, 3 or 4. */
  public int compactBytes() {
    return compactBytes;
  }

  /** Bytes of a pixel of Tight: 1, 2, 3 or 4. */
  public int tightBytes() {
    return tightPixels ? 3 : bytes();
  }

  /**
   * Writes a pixel.
   *
   * @return the index after it
   */
  public int put(int pixel, byte[] to, int at) {
    int count = bits / 8;
    for (int i = 0; i < count; i++) {
      to[at + i] = (byte) (pixel >>> 8 * (bigEndian ? count - 1 - i : i));
    }
    return at + count;
  }

  /**
   * Writes a pixel as ZRLE has it: without the byte that is always zero.
   *
   * @return the index after it
   */
  public int putCompact(int pixel, byte[] to, int at) {
    if (compactBytes == bits / 8) {
      return put(pixel, to, at);
    }
    for (int i = 0; i < 3; i++) {
      int place = compactFirst ? i : i + 1;
      to[at + i] = (byte) (pixel >>> 8 * (bigEndian ? 3 - place : place));
    }
    return at + 3;
  }

  /**
   * Writes a pixel as Tight has it: red, green and blue where each has eight bits.
   *
   * @return the index after it
   */
  public int putTight(int pixel, byte[] to, int at) {
    if (!tightPixels) {
      return put(pixel, to, at);
    }
    to[at] = (byte) (pixel >>> shifts[0]);
    to[at + 1] = (byte) (pixel >>> shifts[1]);
    to[at + 2] = (byte) (pixel >>> shifts[2]);
    return at + 3;
  }
}
