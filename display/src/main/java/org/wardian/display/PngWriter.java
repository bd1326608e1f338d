package org.wardian.display;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** Writes pictures as PNG (ISO/IEC 15948): eight bits of red, green and blue, not interlaced. */
final class PngWriter {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int TRUE_COLOUR = 2;
  private static final int CHUNK = 1 << 16;

  // Filters of a row (§9.2): what is written is the difference from a neighbour.
  private static final int NONE = 0;
  private static final int LEFT = 1;
  private static final int UP = 2;

  private PngWriter() {}

  static void write(Screenshot picture, OutputStream to) throws IOException {
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(to));
    out.write(SIGNATURE);
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    DataOutputStream fields = new DataOutputStream(header);
    fields.writeInt(picture.width());
    fields.writeInt(picture.height());
    fields.writeByte(8);
    fields.writeByte(TRUE_COLOUR);
    fields.write(new byte[3]); // deflate, the five filters, not interlaced
    chunk(out, "IHDR", header.toByteArray(), header.size());
    Deflater deflater = new Deflater();
    try (DeflaterOutputStream packed =
        new DeflaterOutputStream(new DataChunks(out), deflater, CHUNK)) {
      rows(picture, packed);
    } finally {
      deflater.end();
    }
    chunk(out, "IEND", new byte[0], 0);
    out.flush();
  }

  private static void chunk(DataOutputStream out, String type, byte[] content, int length)
      throws IOException {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 check = new CRC32();
    check.update(name);
    check.update(content, 0, length);
    out.writeInt(length);
    out.write(name);
    out.write(content, 0, length);
    out.writeInt((int) check.getValue());
  }

  /** Each write is a chunk; the deflater writes full buffers. */
  private static final class DataChunks extends OutputStream {
    private final DataOutputStream out;

    DataChunks(DataOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int value) throws IOException {
      chunk(out, "IDAT", new byte[] {(byte) value}, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
      byte[] content = new byte[length];
      System.arraycopy(from, offset, content, 0, length);
      chunk(out, "IDAT", content, length);
    }
  }

  private static void rows(Screenshot picture, OutputStream out) throws IOException {
    int length = 3 * picture.width();
    byte[] above = new byte[length];
    byte[] row = new byte[length];
    byte[][] filtered = new byte[3][length];
    for (int y = 0; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++) {
        int pixel = picture.pixels()[y * picture.width() + x];
        row[3 * x] = (byte) (pixel >> 16);
        row[3 * x + 1] = (byte) (pixel >> 8);
        row[3 * x + 2] = (byte) pixel;
      }
      int filter = filter(row, above, filtered);
      out.write(filter);
      out.write(filtered[filter]);
      byte[] free = above;
      above = row;
      row = free;
    }
  }

  /** The filter whose differences are smallest (§12.8). */
  private static int filter(byte[] row, byte[] above, byte[][] filtered) {
    long[] sums = new long[3];
    for (int i = 0; i < row.length; i++) {
      filtered[NONE][i] = row[i];
      filtered[LEFT][i] = (byte) (row[i] - (i < 3 ? 0 : row[i - 3]));
      filtered[UP][i] = (byte) (row[i] - above[i]);
      for (int kind = 0; kind < 3; kind++) {
        sums[kind] += Math.abs(filtered[kind][i]);
      }
    }
    int best = NONE;
    for (int kind = LEFT; kind <= UP; kind++) {
      if (sums[kind] < sums[best]) {
        best = kind;
      }
    }
    return best;
  }
}
