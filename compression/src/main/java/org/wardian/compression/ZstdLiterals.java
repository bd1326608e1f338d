package org.wardian.compression;

import java.util.Arrays;

/** The literals section of a Zstandard block (RFC 8878 §3.1.1.3.1). */
final class ZstdLiterals {

  private static final int RAW = 0;
  private static final int RLE = 1;
  private static final int TREELESS = 3;

  private final byte[] in;
  private HuffmanTable table;

  /** The decoded literals; valid up to {@link #size}. */
  final byte[] data = new byte[ZstdDecoder.MAX_BLOCK];

  /** Count of literals in the last section. */
  int size;

  ZstdLiterals(byte[] in) {
    this.in = in;
  }

  /** A table does not outlive its frame. */
  void reset() {
    table = null;
  }

  /** Decodes the section at {@code start} and returns where it ends. */
  int decode(int start, int end) throws CorruptPayloadException {
    int first = ZstdDecoder.u8(in, start, end);
    int type = first & 3;
    int format = first >> 2 & 3;
    return type == RAW || type == RLE
        ? plain(type, format, start, end)
        : coded(type, format, start, end);
  }

  private int plain(int type, int format, int start, int end) throws CorruptPayloadException {
    int headerSize = format == 1 ? 2 : format == 3 ? 3 : 1;
    int at = start + headerSize;
    size = (int) (ZstdDecoder.number(in, start, headerSize, end) >> (headerSize == 1 ? 3 : 4));
    checkSize();
    if (type == RLE) {
      Arrays.fill(data, 0, size, (byte) ZstdDecoder.u8(in, at, end));
      return at + 1;
    }
    if (size > end - at) {
      throw new CorruptPayloadException("truncated literals");
    }
    System.arraycopy(in, at, data, 0, size);
    return at + size;
  }

  private int coded(int type, int format, int start, int end) throws CorruptPayloadException {
    int width = format < 2 ? 10 : format == 2 ? 14 : 18;
    int headerSize = format < 2 ? 3 : format == 2 ? 4 : 5;
    long header = ZstdDecoder.number(in, start, headerSize, end) >> 4;
    size = (int) (header & (1 << width) - 1);
    int packed = (int) (header >> width & (1 << width) - 1);
    checkSize();
    int at = start + headerSize;
    if (packed > end - at) {
      throw new CorruptPayloadException("truncated literals");
    }
    int sectionEnd = at + packed;
    if (type != TREELESS) {
      HuffmanTable.Description description = HuffmanTable.read(in, at, sectionEnd);
      table = description.table();
      at = description.end();
    } else if (table == null) {
      throw new CorruptPayloadException("literals without a code");
    }
    if (format == 0) {
      table.decode(in, at, sectionEnd, data, 0, size);
    } else {
      streams(at, sectionEnd);
    }
    return sectionEnd;
  }

  /** Four streams, the sizes of the first three in front. */
  private void streams(int start, int end) throws CorruptPayloadException {
    int at = start + 6;
    int quarter = (size + 3) / 4;
    if (quarter * 3 > size) {
      throw new CorruptPayloadException("too few literals for four streams");
    }
    for (int i = 0; i < 4; i++) {
      int next = i == 3 ? end : at + (int) ZstdDecoder.number(in, start + i * 2, 2, end);
      if (next > end) {
        throw new CorruptPayloadException("truncated literals");
      }
      int to = i == 3 ? size : (i + 1) * quarter;
      table.decode(in, at, next, data, i * quarter, to);
      at = next;
    }
  }

  private void checkSize() throws CorruptPayloadException {
    if (size > data.length) {
      throw new CorruptPayloadException(size + " literals in one block");
    }
  }
}
