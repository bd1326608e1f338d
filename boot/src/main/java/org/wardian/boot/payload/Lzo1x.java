package org.wardian.boot.payload;

import org.wardian.compression.CorruptPayloadException;
import org.wardian.compression.UnpackedBytes;

/**
 * One block of LZO1X data (Linux, {@code Documentation/staging/lzo.rst}). The meaning of a small
 * instruction byte depends on how many literals preceded it: that is {@code state}.
 */
final class Lzo1x {

  private static final int AFTER_LITERAL_RUN = 4;
  private static final int MAX_LENGTH = 1 << 28;

  private final byte[] in;
  private final int end;
  private final UnpackedBytes out;
  private final int floor;
  private int at;
  private int state;

  Lzo1x(byte[] in, int start, int end, UnpackedBytes out) {
    this.in = in;
    this.at = start;
    this.end = end;
    this.out = out;
    this.floor = out.size();
  }

  /** Decodes the block, which must give exactly {@code size} bytes and end where its data ends. */
  void decode(int size) throws CorruptPayloadException {
    if (at < end && (in[at] & 0xff) > 17) {
      int count = next() - 17;
      literals(count);
      state = Math.min(count, AFTER_LITERAL_RUN);
    }
    boolean more = true;
    while (more) {
      more = instruction(next());
      if (out.size() - floor > size) {
        throw new CorruptPayloadException("block unpacks to more than it says");
      }
    }
    if (out.size() - floor != size || at != end) {
      throw new CorruptPayloadException("block ends in the wrong place");
    }
  }

  private boolean instruction(int code) throws CorruptPayloadException {
    if (code >= 0x40) {
      int distance = (code >> 2 & 7) + (next() << 3) + 1;
      match(distance, (code >> 5) + 1, code & 3);
    } else if (code >= 0x20) {
      int length = length(code & 31, 31) + 2;
      int word = word();
      match((word >> 2) + 1, length, word & 3);
    } else if (code >= 0x10) {
      int length = length(code & 7, 7) + 2;
      int word = word();
      int distance = ((code & 8) << 11) + (word >> 2);
      if (distance == 0) {
        return false;
      }
      match(distance + 0x4000, length, word & 3);
    } else if (state == 0) {
      literals(length(code, 15) + 3);
      state = AFTER_LITERAL_RUN;
    } else if (state == AFTER_LITERAL_RUN) {
      match((code >> 2) + (next() << 2) + 2049, 3, code & 3);
    } else {
      match((code >> 2) + (next() << 2) + 1, 2, code & 3);
    }
    return true;
  }

  private void match(int distance, int length, int literals) throws CorruptPayloadException {
    out.copy(distance, length, floor);
    literals(literals);
    state = literals;
  }

  private void literals(int count) throws CorruptPayloadException {
    if (count > end - at) {
      throw new CorruptPayloadException("literals past the end of a block");
    }
    out.put(in, at, count);
    at += count;
  }

  private int length(int field, int base) throws CorruptPayloadException {
    if (field != 0) {
      return field;
    }
    int length = base;
    int code = next();
    while (code == 0) {
      length += 255;
      if (length > MAX_LENGTH) {
        throw new CorruptPayloadException("bad length");
      }
      code = next();
    }
    return length + code;
  }

  private int word() throws CorruptPayloadException {
    int low = next();
    return low | next() << 8;
  }

  private int next() throws CorruptPayloadException {
    if (at >= end) {
      throw new CorruptPayloadException("truncated block");
    }
    return in[at++] & 0xff;
  }
}
