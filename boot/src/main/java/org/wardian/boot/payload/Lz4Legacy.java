package org.wardian.boot.payload;

import org.wardian.compression.CorruptPayloadException;
import org.wardian.compression.UnpackedBytes;

/**
 * The legacy LZ4 frame, {@code lz4 -l} (LZ4 Frame Format 1.6, "Legacy frame"; LZ4 Block Format for
 * the blocks): a magic number, then blocks that each unpack to at most 8 MiB on their own.
 */
final class Lz4Legacy {

  private static final int MAGIC = 0x184c2102;
  private static final int BLOCK_SIZE = 8 << 20;
  private static final int MIN_MATCH = 4;

  private final byte[] in;
  private final UnpackedBytes out;
  private int at;

  private Lz4Legacy(byte[] in, UnpackedBytes out) {
    this.in = in;
    this.out = out;
  }

  static void decode(byte[] in, int length, UnpackedBytes out) throws CorruptPayloadException {
    new Lz4Legacy(in, out).frames(length);
  }

  private void frames(int end) throws CorruptPayloadException {
    while (at < end) {
      long size = word(end);
      if (size == MAGIC) {
        continue;
      }
      if (size == 0 || size > end - at) {
        throw new CorruptPayloadException("block of " + size + " bytes at " + at);
      }
      block(at + (int) size);
    }
  }

  private long word(int end) throws CorruptPayloadException {
    if (end - at < 4) {
      throw new CorruptPayloadException("truncated");
    }
    at += 4;
    return (in[at - 4] & 0xffL)
        | (in[at - 3] & 0xffL) << 8
        | (in[at - 2] & 0xffL) << 16
        | (in[at - 1] & 0xffL) << 24;
  }

  private void block(int end) throws CorruptPayloadException {
    int floor = out.size();
    while (at < end) {
      int token = in[at++] & 0xff;
      int literals = length(token >> 4, end);
      if (literals > end - at) {
        throw new CorruptPayloadException("literals past the end of a block");
      }
      out.put(in, at, literals);
      at += literals;
      // The last sequence of a block has literals only.
      if (at < end) {
        if (end - at < 2) {
          throw new CorruptPayloadException("truncated match");
        }
        int distance = (in[at] & 0xff) | (in[at + 1] & 0xff) << 8;
        at += 2;
        out.copy(distance, MIN_MATCH + length(token & 15, end), floor);
      }
      if (out.size() - floor > BLOCK_SIZE) {
        throw new CorruptPayloadException("block unpacks to more than 8 MiB");
      }
    }
  }

  private int length(int nibble, int end) throws CorruptPayloadException {
    int length = nibble;
    if (nibble == 15) {
      int more;
      do {
        if (at >= end || length > BLOCK_SIZE) {
          throw new CorruptPayloadException("bad length");
        }
        more = in[at++] & 0xff;
        length += more;
      } while (more == 255);
    }
    return length;
  }
}
