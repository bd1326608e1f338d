package org.wardian.compression;

/**
 * A decoder for Zstandard (RFC 8878), without dictionaries. The whole output is the window, so the
 * window size that a frame asks for allocates nothing.
 */
public final class ZstdDecoder {

  /** Most bytes that one block unpacks to. */
  static final int MAX_BLOCK = 128 << 10;

  private static final int MAGIC = 0xfd2fb528;
  private static final int SKIPPABLE = 0x184d2a50;
  private static final int RAW = 0;
  private static final int RLE = 1;
  private static final int COMPRESSED = 2;

  private final byte[] in;
  private final int end;
  private final UnpackedBytes out;
  private final ZstdLiterals literals;
  private final ZstdSequences sequences;
  private int at;

  /**
   * A decoder.
   *
   * @param in frames from its start on
   * @param length bytes of {@code in} that may be read
   * @param out gets what is unpacked
   */
  public ZstdDecoder(byte[] in, int length, UnpackedBytes out) {
    this.in = in;
    this.end = length;
    this.out = out;
    this.literals = new ZstdLiterals(in);
    this.sequences = new ZstdSequences(in, out, literals);
  }

  /** Decodes all frames. */
  public void decode() throws CorruptPayloadException {
    while (at < end) {
      int magic = (int) take(4);
      if (magic == MAGIC) {
        frame();
      } else if ((magic & ~15) == SKIPPABLE) {
        long size = take(4);
        if (size > end - at) {
          throw new CorruptPayloadException("truncated");
        }
        at += (int) size;
      } else {
        throw new CorruptPayloadException("bad magic at " + (at - 4));
      }
    }
  }

  /** Decodes the first frame; what follows it is not looked at. */
  public void decodeFrame() throws CorruptPayloadException {
    if ((int) take(4) != MAGIC) {
      throw new CorruptPayloadException("bad magic");
    }
    frame();
  }

  private void frame() throws CorruptPayloadException {
    int descriptor = (int) take(1);
    boolean singleSegment = (descriptor & 0x20) != 0;
    boolean checksum = (descriptor & 4) != 0;
    if ((descriptor & 8) != 0) {
      throw new CorruptPayloadException("reserved bit in a frame header");
    }
    if (!singleSegment) {
      take(1);
    }
    int dictionarySize = (1 << (descriptor & 3)) >> 1;
    if (take(dictionarySize) != 0) {
      throw new CorruptPayloadException("dictionaries are not supported");
    }
    int sizeField = descriptor >> 6;
    long size = -1;
    if (sizeField > 0 || singleSegment) {
      size = take(1 << sizeField) + (sizeField == 1 ? 256 : 0);
    }
    int start = out.size();
    literals.reset();
    sequences.reset();
    boolean last = false;
    while (!last) {
      int header = (int) take(3);
      last = (header & 1) != 0;
      block(header >> 1 & 3, header >> 3, start);
    }
    if (size >= 0 && out.size() - start != size) {
      throw new CorruptPayloadException("frame of the wrong size");
    }
    if (checksum && take(4) != (XxHash64.hash(out.backing(), start, out.size()) & 0xffffffffL)) {
      throw new CorruptPayloadException("checksum mismatch");
    }
  }

  private void block(int type, int size, int floor) throws CorruptPayloadException {
    if (size > MAX_BLOCK || type != RLE && size > end - at) {
      throw new CorruptPayloadException("block of " + size + " bytes at " + at);
    }
    switch (type) {
      case RAW -> {
        out.put(in, at, size);
        at += size;
      }
      case RLE -> out.fill((byte) take(1), size);
      case COMPRESSED -> {
        int before = out.size();
        int blockEnd = at + size;
        sequences.execute(literals.decode(at, blockEnd), blockEnd, floor);
        if (out.size() - before > MAX_BLOCK) {
          throw new CorruptPayloadException("block unpacks to more than 128 KiB");
        }
        at = blockEnd;
      }
      default -> throw new CorruptPayloadException("reserved block type");
    }
  }

  private long take(int bytes) throws CorruptPayloadException {
    long value = number(in, at, bytes, end);
    at += bytes;
    return value;
  }

  static int u8(byte[] in, int index, int end) throws CorruptPayloadException {
    return (int) number(in, index, 1, end);
  }

  /** A little-endian number of 0 to 8 bytes that must lie before {@code end}. */
  static long number(byte[] in, int index, int bytes, int end) throws CorruptPayloadException {
    if (bytes > end - index) {
      throw new CorruptPayloadException("truncated");
    }
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = value << 8 | (in[index + i] & 0xff);
    }
    return value;
  }
}
