package org.wardian.display.vnc.encoding;

import java.io.IOException;

/**
 * Rectangles of one colour, of two, of a palette, or of pixels, through zlib streams of their own
 * (RFB registry, encoding 7, "Tight"). Without JPEG and the gradient filter: exact.
 */
public final class TightEncoder implements RectangleEncoder {
  /** The encoding's number. */
  public static final int NUMBER = 7;

  private static final int FILL = 0x80;
  private static final int FILTERED = 0x40;
  private static final int PALETTE_FILTER = 1;
  private static final int LEAST_COMPRESSED = 12;
  private static final int MOST_COLOURS = 256;

  // Streams, one for each kind of content.
  private static final int FULL = 0;
  private static final int TWO_COLOURS = 1;
  private static final int INDEXED = 2;

  private final ZlibStream[] streams = new ZlibStream[3];
  private final Palette palette = new Palette();
  private final byte[] small = new byte[16];
  private byte[] plain = new byte[0];
  private int level = 2;

  @Override
  public int number() {
    return NUMBER;
  }

  @Override
  public void level(int newLevel) {
    // zlib's levels above 6 cost much and give nothing here.
    level = Math.clamp(newLevel, 1, 6);
  }

  @Override
  public void encode(int[] pixels, int width, int height, PixelFormat format, RfbOutput out)
      throws IOException {
    int count = width * height;
    if (plain.length < 4 * count) {
      plain = new byte[4 * count];
    }
    int most = format.tightBytes() == 1 ? 2 : Math.min(MOST_COLOURS, Math.max(2, count / 4));
    int colours = palette.collect(pixels, 0, width, width, height, most);
    if (colours == 1) {
      out.u8(FILL);
      out.bytes(small, 0, format.putTight(pixels[0], small, 0));
    } else if (colours == 2) {
      header(TWO_COLOURS, colours, format, out);
      compressed(TWO_COLOURS, bits(pixels, width, height), out);
    } else if (colours <= most) {
      header(INDEXED, colours, format, out);
      for (int i = 0; i < count; i++) {
        plain[i] = (byte) palette.number(pixels[i]);
      }
      compressed(INDEXED, count, out);
    } else {
      out.u8(FULL << 4);
      int at = 0;
      for (int i = 0; i < count; i++) {
        at = format.putTight(pixels[i], plain, at);
      }
      compressed(FULL, at, out);
    }
  }

  private void header(int stream, int colours, PixelFormat format, RfbOutput out)
      throws IOException {
    out.u8(stream << 4 | FILTERED);
    out.u8(PALETTE_FILTER);
    out.u8(colours - 1);
    for (int i = 0; i < colours; i++) {
      out.bytes(small, 0, format.putTight(palette.pixel(i), small, 0));
    }
  }

  /** A bit for each pixel; every row begins a byte. */
  private int bits(int[] pixels, int width, int height) {
    int one = palette.pixel(1);
    int at = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x += 8) {
        int bits = 0;
        for (int i = x; i < Math.min(x + 8, width); i++) {
          if (pixels[y * width + i] == one) {
            bits |= 0x80 >> i - x;
          }
        }
        plain[at++] = (byte) bits;
      }
    }
    return at;
  }

  private void compressed(int stream, int count, RfbOutput out) throws IOException {
    if (count < LEAST_COMPRESSED) {
      out.bytes(plain, 0, count);
      return;
    }
    if (streams[stream] == null) {
      streams[stream] = new ZlibStream(level);
    }
    streams[stream].level(level);
    int length = streams[stream].compress(plain, count);
    // Seven bits, seven bits, eight bits: at most 4 MiB, and a rectangle is far less.
    if (length < 1 << 7) {
      out.u8(length);
    } else if (length < 1 << 14) {
      out.u8(length & 0x7f | 0x80);
      out.u8(length >> 7);
    } else {
      out.u8(length & 0x7f | 0x80);
      out.u8(length >> 7 & 0x7f | 0x80);
      out.u8(length >> 14);
    }
    out.bytes(streams[stream].packed(), 0, length);
  }

  @Override
  public void close() {
    for (ZlibStream stream : streams) {
      if (stream != null) {
        stream.close();
      }
    }
  }
}
