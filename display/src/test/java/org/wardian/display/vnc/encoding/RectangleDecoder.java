package org.wardian.display.vnc.encoding;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Reads rectangles as a viewer does, from the protocol's text and not from the encoders. */
public final class RectangleDecoder {
  private int bits;
  private boolean bigEndian;
  private int compactBytes;
  private boolean compactHigh;
  private final int[] shifts = new int[3];
  private boolean tightRgb;
  private final Inflater zrle = new Inflater();
  private final Inflater[] tight = {new Inflater(), new Inflater(), new Inflater(), new Inflater()};

  /** Reads pixels of a format as it stands in SetPixelFormat, 16 bytes. */
  public RectangleDecoder(byte[] first) {
    format(first);
  }

  /** Reads pixels of another format from here on; compressed streams go on. */
  public void format(byte[] format) {
    bits = format[0] & 0xff;
    bigEndian = format[2] != 0;
    long used = 0;
    boolean bytes = true;
    for (int part = 0; part < 3; part++) {
      int maximum = (format[4 + 2 * part] & 0xff) << 8 | format[5 + 2 * part] & 0xff;
      shifts[part] = format[10 + part];
      used |= (long) maximum << shifts[part];
      bytes &= maximum == 255;
    }
    boolean colours = format[3] != 0;
    boolean low = used < 1 << 24;
    compactHigh = !low;
    compactBytes =
        colours && bits == 32 && format[1] <= 24 && (low || (used & 0xff) == 0) ? 3 : bits / 8;
    tightRgb = colours && bits == 32 && format[1] == 24 && bytes;
  }

  /** Reads a rectangle: its pixels, row by row, in the viewer's format. */
  public int[] read(int encoding, int width, int height, DataInputStream in) throws IOException {
    int[] pixels = new int[width * height];
    switch (encoding) {
      case 0 -> {
        for (int i = 0; i < pixels.length; i++) {
          pixels[i] = pixel(in);
        }
      }
      case 5 -> hextile(pixels, width, height, in);
      case 7 -> tight(pixels, width, height, in);
      case 16 -> zrle(pixels, width, height, in);
      default -> throw new IOException("encoding " + encoding);
    }
    return pixels;
  }

  private int number(DataInputStream in, int bytes) throws IOException {
    int value = 0;
    for (int i = 0; i < bytes; i++) {
      int part = in.readUnsignedByte();
      value = bigEndian ? value << 8 | part : value | part << 8 * i;
    }
    return value;
  }

  private int pixel(DataInputStream in) throws IOException {
    return number(in, bits / 8);
  }

  private int compact(DataInputStream in) throws IOException {
    int value = number(in, compactBytes);
    return compactBytes == 3 && compactHigh ? value << 8 : value;
  }

  private int tightPixel(DataInputStream in) throws IOException {
    if (!tightRgb) {
      return pixel(in);
    }
    int red = in.readUnsignedByte() << shifts[0];
    int green = in.readUnsignedByte() << shifts[1];
    return red | green | in.readUnsignedByte() << shifts[2];
  }

  private static void fill(int[] to, int stride, int x, int y, int w, int h, int pixel) {
    for (int row = y; row < y + h; row++) {
      for (int column = x; column < x + w; column++) {
        to[row * stride + column] = pixel;
      }
    }
  }

  private void hextile(int[] to, int width, int height, DataInputStream in) throws IOException {
    int background = 0;
    int foreground = 0;
    for (int y = 0; y < height; y += 16) {
      for (int x = 0; x < width; x += 16) {
        int w = Math.min(16, width - x);
        int h = Math.min(16, height - y);
        int kind = in.readUnsignedByte();
        if ((kind & 1) != 0) {
          for (int i = 0; i < w * h; i++) {
            to[(y + i / w) * width + x + i % w] = pixel(in);
          }
          continue;
        }
        background = (kind & 2) != 0 ? pixel(in) : background;
        foreground = (kind & 4) != 0 ? pixel(in) : foreground;
        fill(to, width, x, y, w, h, background);
        int count = (kind & 8) != 0 ? in.readUnsignedByte() : 0;
        for (int i = 0; i < count; i++) {
          int colour = (kind & 16) != 0 ? pixel(in) : foreground;
          int place = in.readUnsignedByte();
          int size = in.readUnsignedByte();
          fill(
              to,
              width,
              x + (place >> 4),
              y + (place & 15),
              (size >> 4) + 1,
              (size & 15) + 1,
              colour);
        }
      }
    }
  }

  private static byte[] inflate(Inflater inflater, byte[] packed, int most) {
    try {
      ByteArrayOutputStream plain = new ByteArrayOutputStream();
      byte[] part = new byte[4096];
      inflater.setInput(packed);
      int count = inflater.inflate(part);
      while (count > 0 && plain.size() <= most) {
        plain.write(part, 0, count);
        count = inflater.inflate(part);
      }
      return plain.toByteArray();
    } catch (DataFormatException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }

  private DataInputStream tightData(int stream, int length, DataInputStream in) throws IOException {
    if (length < 12) {
      return new DataInputStream(new ByteArrayInputStream(in.readNBytes(length)));
    }
    int part = in.readUnsignedByte();
    int packed = part & 0x7f;
    if (part > 0x7f) {
      part = in.readUnsignedByte();
      packed |= (part & 0x7f) << 7;
      if (part > 0x7f) {
        packed |= in.readUnsignedByte() << 14;
      }
    }
    byte[] plain = inflate(tight[stream], in.readNBytes(packed), length);
    if (plain.length != length) {
      throw new IOException(plain.length + " bytes instead of " + length);
    }
    return new DataInputStream(new ByteArrayInputStream(plain));
  }

  private void tight(int[] to, int width, int height, DataInputStream in) throws IOException {
    int control = in.readUnsignedByte();
    if (control == 0x80) {
      fill(to, width, 0, 0, width, height, tightPixel(in));
      return;
    }
    int stream = control >> 4 & 3;
    int pixelBytes = tightRgb ? 3 : bits / 8;
    if ((control & 0xc0) == 0) {
      DataInputStream data = tightData(stream, width * height * pixelBytes, in);
      for (int i = 0; i < to.length; i++) {
        to[i] = tightPixel(data);
      }
      return;
    }
    if ((control & 0xcf) != 0x40 || in.readUnsignedByte() != 1) {
      throw new IOException("a rectangle of Tight with control byte " + control);
    }
    int[] palette = new int[in.readUnsignedByte() + 1];
    for (int i = 0; i < palette.length; i++) {
      palette[i] = tightPixel(in);
    }
    int stride = palette.length == 2 ? (width + 7) / 8 : width;
    byte[] data = tightData(stream, stride * height, in).readAllBytes();
    for (int i = 0; i < to.length; i++) {
      int x = i % width;
      int row = i / width * stride;
      to[i] =
          palette[palette.length == 2 ? data[row + x / 8] >> 7 - x % 8 & 1 : data[row + x] & 0xff];
    }
  }

  private void zrle(int[] to, int width, int height, DataInputStream in) throws IOException {
    byte[] packed = in.readNBytes(in.readInt());
    DataInputStream data =
        new DataInputStream(new ByteArrayInputStream(inflate(zrle, packed, 1 << 24)));
    for (int y = 0; y < height; y += 64) {
      for (int x = 0; x < width; x += 64) {
        int w = Math.min(64, width - x);
        int h = Math.min(64, height - y);
        int[] tile = zrleTile(w, h, data);
        for (int i = 0; i < tile.length; i++) {
          to[(y + i / w) * width + x + i % w] = tile[i];
        }
      }
    }
    if (data.available() != 0) {
      throw new IOException(data.available() + " bytes too many");
    }
  }

  private int[] zrleTile(int w, int h, DataInputStream in) throws IOException {
    int[] tile = new int[w * h];
    int kind = in.readUnsignedByte();
    int[] palette = new int[kind & 0x7f];
    for (int i = 0; i < palette.length; i++) {
      palette[i] = compact(in);
    }
    if (kind > 16 && kind < 128 || kind == 129) {
      throw new IOException("a tile of ZRLE of kind " + kind);
    }
    if (kind == 0) {
      for (int i = 0; i < tile.length; i++) {
        tile[i] = compact(in);
      }
    } else if (kind == 1) {
      fill(tile, w, 0, 0, w, h, palette[0]);
    } else if (kind <= 16) {
      int each = kind == 2 ? 1 : kind <= 4 ? 2 : 4;
      for (int y = 0; y < h; y++) {
        byte[] row = in.readNBytes((w * each + 7) / 8);
        for (int x = 0; x < w; x++) {
          int bit = x * each;
          tile[y * w + x] = palette[row[bit / 8] >> 8 - each - bit % 8 & (1 << each) - 1];
        }
      }
    } else {
      for (int i = 0; i < tile.length; ) {
        int number = palette.length == 0 ? 0x80 : in.readUnsignedByte();
        int pixel = palette.length == 0 ? compact(in) : palette[number & 0x7f];
        int length = 1;
        if (number >= 0x80) {
          int part = in.readUnsignedByte();
          while (part == 255) {
            length += 255;
            part = in.readUnsignedByte();
          }
          length += part;
        }
        Arrays.fill(tile, i, i + length, pixel);
        i += length;
      }
    }
    return tile;
  }
}
