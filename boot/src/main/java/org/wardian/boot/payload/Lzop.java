package org.wardian.boot.payload;

import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.Checksum;
import org.wardian.compression.CorruptPayloadException;
import org.wardian.compression.UnpackedBytes;

/**
 * The file format of lzop (its {@code lzop.h} and Linux's {@code lib/decompress_unlzo.c}): a header
 * in big-endian order, then blocks of LZO1X data, ended by a zero word.
 */
final class Lzop {

  private static final int[] MAGIC = {0x89, 'L', 'Z', 'O', 0, 0x0d, 0x0a, 0x1a, 0x0a};
  private static final int F_ADLER32_D = 0x1;
  private static final int F_ADLER32_C = 0x2;
  private static final int F_EXTRA_FIELD = 0x40;
  private static final int F_CRC32_D = 0x100;
  private static final int F_CRC32_C = 0x200;
  private static final int F_FILTER = 0x800;
  private static final int VERSION_WITH_LEVEL = 0x940;
  private static final int MAX_BLOCK = 64 << 20;

  private final byte[] in;
  private final int end;
  private final UnpackedBytes out;
  private int at;

  private Lzop(byte[] in, int end, UnpackedBytes out) {
    this.in = in;
    this.end = end;
    this.out = out;
  }

  static void decode(byte[] in, int length, UnpackedBytes out) throws CorruptPayloadException {
    Lzop file = new Lzop(in, length, out);
    int flags = file.header();
    file.blocks(flags);
  }

  private int header() throws CorruptPayloadException {
    for (int expected : MAGIC) {
      if (number(1) != expected) {
        throw new CorruptPayloadException("bad magic");
      }
    }
    long version = number(2);
    skip(2);
    if (version >= VERSION_WITH_LEVEL) {
      skip(2);
    }
    long method = number(1);
    if (method < 1 || method > 3) {
      throw new CorruptPayloadException("method " + method + " is not LZO1X");
    }
    if (version >= VERSION_WITH_LEVEL) {
      skip(1);
    }
    int flags = (int) number(4);
    if ((flags & F_FILTER) != 0) {
      throw new CorruptPayloadException("filters are not supported");
    }
    // File mode and time of modification, then the name and the header's checksum.
    skip(version >= VERSION_WITH_LEVEL ? 12 : 8);
    skip(number(1));
    skip(4);
    if ((flags & F_EXTRA_FIELD) != 0) {
      skip(number(4));
      skip(4);
    }
    return flags;
  }

  private void blocks(int flags) throws CorruptPayloadException {
    while (true) {
      long unpacked = number(4);
      if (unpacked == 0) {
        return;
      }
      long packed = number(4);
      if (unpacked > MAX_BLOCK || packed > unpacked) {
        throw new CorruptPayloadException("block of %d bytes from %d".formatted(unpacked, packed));
      }
      long adler = (flags & F_ADLER32_D) != 0 ? number(4) : -1;
      long crc = (flags & F_CRC32_D) != 0 ? number(4) : -1;
      if (packed < unpacked) {
        skip(((flags & F_ADLER32_C) != 0 ? 4 : 0) + ((flags & F_CRC32_C) != 0 ? 4 : 0));
      }
      if (packed > end - at) {
        throw new CorruptPayloadException("truncated");
      }
      int floor = out.size();
      if (packed == unpacked) {
        out.put(in, at, (int) packed);
      } else {
        new Lzo1x(in, at, at + (int) packed, out).decode((int) unpacked);
      }
      at += (int) packed;
      verify(adler, new Adler32(), floor, (int) unpacked);
      verify(crc, new CRC32(), floor, (int) unpacked);
    }
  }

  private void verify(long expected, Checksum checksum, int from, int length)
      throws CorruptPayloadException {
    if (expected >= 0) {
      checksum.update(out.backing(), from, length);
      if (checksum.getValue() != expected) {
        throw new CorruptPayloadException("checksum mismatch");
      }
    }
  }

  private long number(int bytes) throws CorruptPayloadException {
    if (bytes > end - at) {
      throw new CorruptPayloadException("truncated");
    }
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value = value << 8 | (in[at++] & 0xff);
    }
    return value;
  }

  private void skip(long bytes) throws CorruptPayloadException {
    if (bytes > end - at) {
      throw new CorruptPayloadException("truncated");
    }
    at += (int) bytes;
  }
}
