package org.wardian.display.vnc.encoding;

import java.io.IOException;

/** Tiles of 64 by 64 pixels, as palettes and runs, through one zlib stream (RFC 6143 §7.7.6). */
public final class ZrleEncoder implements RectangleEncoder {
  /** The encoding's number. */
  public static final int NUMBER = 16;

  private static final int SIDE = 64;
  private static final int PLAIN_RUNS = 128;
  private static final int MOST_PACKED = 16;
  private static final int MOST_COLOURS = 127;

  private final ZlibStream stream = new ZlibStream(2);
  private final Palette palette = new Palette();
  private final int[] tile = new int[SIDE * SIDE];
  private byte[] plain = new byte[0];
  private int at;

  @Override
  public int number() {
    return NUMBER;
  }

  @Override
  public void level(int level) {
    stream.level(Math.clamp(level, 1, 6));
  }

  @Override
  public void encode(int[] pixels, int width, int height, PixelFormat format, RfbOutput out)
      throws IOException {
    int tiles = ((width + SIDE - 1) / SIDE) * ((height + SIDE - 1) / SIDE);
    int longest = 4 * width * height + tiles * (1 + 4 * MOST_COLOURS);
    if (plain.length < longest) {
      plain = new byte[longest];
    }
    at = 0;
    for (int y = 0; y < height; y += SIDE) {
      for (int x = 0; x < width; x += SIDE) {
        int tileWidth = Math.min(SIDE, width - x);
        int tileHeight = Math.min(SIDE, height - y);
        for (int row = 0; row < tileHeight; row++) {
          System.arraycopy(pixels, (y + row) * width + x, tile, row * tileWidth, tileWidth);
        }
        tile(tileWidth, tileHeight, format);
      }
    }
    int length = stream.compress(plain, at);
    out.i32(length);
    out.bytes(stream.packed(), 0, length);
  }

  /** Writes a tile in the way that takes the fewest bytes before compression. */
  private void tile(int width, int height, PixelFormat format) {
    int count = width * height;
    int colours = palette.collect(tile, 0, width, width, height, MOST_COLOURS);
    int bytes = format.compactBytes();
    if (colours == 1) {
      plain[at++] = 1;
      at = format.putCompact(tile[0], plain, at);
      return;
    }
    int lengths = 0;
    int runs = 0;
    int singles = 0;
    for (int i = 0; i < count; ) {
      int length = run(i, count);
      lengths += (length - 1) / 255 + 1;
      runs++;
      singles += length == 1 ? 1 : 0;
      i += length;
    }
    int best = count * bytes;
    int way = 0;
    int plainRuns = runs * bytes + lengths;
    if (plainRuns < best) {
      best = plainRuns;
      way = PLAIN_RUNS;
    }
    int indexedRuns = colours * bytes + runs + lengths - singles;
    if (colours <= MOST_COLOURS && indexedRuns < best) {
      best = indexedRuns;
      way = PLAIN_RUNS + colours;
    }
    int bits = colours == 2 ? 1 : colours <= 4 ? 2 : 4;
    if (colours <= MOST_PACKED && colours * bytes + (width * bits + 7) / 8 * height <= best) {
      way = colours;
    }
    plain[at++] = (byte) way;
    if (way == 0) {
      for (int i = 0; i < count; i++) {
        at = format.putCompact(tile[i], plain, at);
      }
      return;
    }
    for (int i = 0; way != PLAIN_RUNS && i < colours; i++) {
      at = format.putCompact(palette.pixel(i), plain, at);
    }
    if (way < PLAIN_RUNS) {
      packed(width, height, bits);
    } else {
      runs(count, way == PLAIN_RUNS, format);
    }
  }

  private int run(int from, int end) {
    int to = from + 1;
    while (to < end && tile[to] == tile[from]) {
      to++;
    }
    return to - from;
  }

  private void packed(int width, int height, int bits) {
    for (int y = 0; y < height; y++) {
      int gathered = 0;
      int filled = 0;
      for (int x = 0; x < width; x++) {
        gathered = gathered << bits | palette.number(tile[y * width + x]);
        filled += bits;
        if (filled == 8) {
          plain[at++] = (byte) gathered;
          gathered = 0;
          filled = 0;
        }
      }
      if (filled > 0) {
        plain[at++] = (byte) (gathered << 8 - filled);
      }
    }
  }

  private void runs(int count, boolean withPixels, PixelFormat format) {
    for (int i = 0; i < count; ) {
      int length = run(i, count);
      if (withPixels) {
        at = format.putCompact(tile[i], plain, at);
      } else if (length == 1) {
        plain[at++] = (byte) palette.number(tile[i]);
        i++;
        continue;
      } else {
        plain[at++] = (byte) (palette.number(tile[i]) | 0x80);
      }
      i += length;
      int left = length - 1;
      while (left >= 255) {
        plain[at++] = (byte) 255;
        left -= 255;
      }
      plain[at++] = (byte) left;
    }
  }

  @Override
  public void close() {
    stream.close();
  }
}
