package org.wardian.compression;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * Packs bytes into a Zstandard frame (RFC 8878): a greedy search for matches, literals by a Huffman
 * code, sequences by the format's default tables. Made for pieces of some hundred kibibytes that
 * are unpacked alone.
 */
public final class ZstdEncoder {
  private static final int MAGIC = 0xfd2fb528;

  /** One segment, whose size is given in 4 bytes. */
  private static final int DESCRIPTOR = 0xa0;

  private static final int RAW_BLOCK = 0;
  private static final int COMPRESSED_BLOCK = 2;
  private static final int RAW_LITERALS = 0;
  private static final int RLE_LITERALS = 1;
  private static final int CODED_LITERALS = 2;

  private final byte[] in;
  private final int length;
  private final ZstdMatches matches;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private ZstdEncoder(byte[] in, int length) {
    this.in = in;
    this.length = length;
    matches = new ZstdMatches(in);
  }

  /** A frame of the first {@code length} bytes of {@code in}. */
  public static byte[] encode(byte[] in, int length) {
    return new ZstdEncoder(in, length).frame();
  }

  private byte[] frame() {
    number(MAGIC, 4);
    out.write(DESCRIPTOR);
    number(length, 4);
    int at = 0;
    do {
      int end = Math.min(length, at + ZstdDecoder.MAX_BLOCK);
      block(at, end);
      at = end;
    } while (at < length);
    return out.toByteArray();
  }

  private void number(long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >>> 8 * i));
    }
  }

  private void block(int from, int to) {
    matches.find(from, to);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    literals(packed);
    matches.sequences(packed);
    int last = to == length ? 1 : 0;
    if (packed.size() < to - from) {
      number((long) packed.size() << 3 | COMPRESSED_BLOCK << 1 | last, 3);
      out.writeBytes(packed.toByteArray());
    } else {
      number((long) (to - from) << 3 | RAW_BLOCK << 1 | last, 3);
      out.write(in, from, to - from);
    }
  }

  private void literals(ByteArrayOutputStream packed) {
    byte[] literals = matches.literals();
    int size = matches.literalCount();
    int[] frequencies = new int[256];
    for (int i = 0; i < size; i++) {
      frequencies[literals[i] & 0xff]++;
    }
    int distinct = (int) Arrays.stream(frequencies).filter(f -> f > 0).count();
    if (size > 4 && distinct == 1) {
      plainHeader(packed, RLE_LITERALS, size);
      packed.write(literals[0]);
    } else if (size < 32 || distinct < 2 || !coded(packed, literals, size, frequencies)) {
      plainHeader(packed, RAW_LITERALS, size);
      packed.write(literals, 0, size);
    }
  }

  private static void plainHeader(ByteArrayOutputStream packed, int type, int size) {
    if (size < 32) {
      packed.write(type | size << 3);
    } else if (size < 4096) {
      put(packed, type | 1 << 2 | (long) size << 4, 2);
    } else {
      put(packed, type | 3 << 2 | (long) size << 4, 3);
    }
  }

  private static void put(ByteArrayOutputStream packed, long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      packed.write((int) (value >>> 8 * i));
    }
  }

  private static boolean coded(
      ByteArrayOutputStream packed, byte[] literals, int size, int... frequencies) {
    HuffmanEncoder encoder = new HuffmanEncoder(frequencies);
    byte[] description = encoder.description();
    if (description == null) {
      return false;
    }
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(description);
    boolean one = size < 1024;
    if (one) {
      content.writeBytes(encoder.encode(literals, 0, size));
    } else {
      int quarter = (size + 3) / 4;
      ByteArrayOutputStream streams = new ByteArrayOutputStream();
      for (int i = 0; i < 4; i++) {
        int to = i == 3 ? size : (i + 1) * quarter;
        byte[] stream = encoder.encode(literals, i * quarter, to);
        if (i < 3) {
          put(content, stream.length, 2);
        }
        streams.writeBytes(stream);
      }
      content.writeBytes(streams.toByteArray());
    }
    if (content.size() >= size || one && content.size() >= 1024) {
      return false;
    }
    int format = one ? 0 : size < 16384 ? 2 : 3;
    int width = one ? 10 : size < 16384 ? 14 : 18;
    long header =
        CODED_LITERALS | format << 2 | (long) size << 4 | (long) content.size() << 4 + width;
    put(packed, header, one ? 3 : size < 16384 ? 4 : 5);
    packed.writeBytes(content.toByteArray());
    return true;
  }
}
