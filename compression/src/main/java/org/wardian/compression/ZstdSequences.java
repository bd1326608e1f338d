package org.wardian.compression;

/**
 * The sequences section of a Zstandard block (RFC 8878 §3.1.1.3.2): which literals to take and
 * which earlier output to repeat.
 */
final class ZstdSequences {

  static final int[] LITERAL_BASE = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64,
    128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536
  };
  static final int[] LITERAL_BITS = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11,
    12, 13, 14, 15, 16
  };
  static final int[] MATCH_BASE = {
    3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32, 33, 34, 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051,
    4099, 8195, 16387, 32771, 65539
  };
  static final int[] MATCH_BITS = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
  };
  static final int[] LITERAL_DEFAULT = {
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
    -1, -1, -1, -1
  };
  static final int[] MATCH_DEFAULT = {
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1
  };
  static final int[] OFFSET_DEFAULT = {
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1
  };
  private static final int MAX_OFFSET_CODE = 30;

  private final byte[] in;
  private final UnpackedBytes out;
  private final ZstdLiterals literals;
  private FseTable literalTable;
  private FseTable offsetTable;
  private FseTable matchTable;
  private int offset1;
  private int offset2;
  private int offset3;
  private int at;

  ZstdSequences(byte[] in, UnpackedBytes out, ZstdLiterals literals) {
    this.in = in;
    this.out = out;
    this.literals = literals;
  }

  /** Tables and repeated offsets do not outlive their frame. */
  void reset() {
    literalTable = null;
    offsetTable = null;
    matchTable = null;
    offset1 = 1;
    offset2 = 4;
    offset3 = 8;
  }

  /** Executes the section from {@code start} to {@code end}, which are the rest of a block. */
  void execute(int start, int end, int floor) throws CorruptPayloadException {
    int count = count(start, end);
    if (count == 0) {
      if (at != end) {
        throw new CorruptPayloadException("data after the last sequence");
      }
      out.put(literals.data, 0, literals.size);
      return;
    }
    int modes = ZstdDecoder.u8(in, at++, end);
    if ((modes & 3) != 0) {
      throw new CorruptPayloadException("reserved bits in a sequences section");
    }
    literalTable = table(modes >> 6, end, 9, 35, 6, LITERAL_DEFAULT, literalTable);
    offsetTable = table(modes >> 4 & 3, end, 8, MAX_OFFSET_CODE, 5, OFFSET_DEFAULT, offsetTable);
    matchTable = table(modes >> 2 & 3, end, 9, 52, 6, MATCH_DEFAULT, matchTable);
    sequences(count, new BitsBackward(in, at, end), floor);
  }

  private int count(int start, int end) throws CorruptPayloadException {
    int first = ZstdDecoder.u8(in, start, end);
    if (first < 128) {
      at = start + 1;
      return first;
    }
    if (first < 255) {
      at = start + 2;
      return (first - 128 << 8) + ZstdDecoder.u8(in, start + 1, end);
    }
    at = start + 3;
    return (int) ZstdDecoder.number(in, start + 1, 2, end) + 0x7f00;
  }

  private FseTable table(
      int mode,
      int end,
      int maxAccuracy,
      int maxSymbol,
      int defaultAccuracy,
      int[] defaults,
      FseTable previous)
      throws CorruptPayloadException {
    switch (mode) {
      case 0:
        return FseTable.of(defaultAccuracy, defaults);
      case 1:
        int symbol = ZstdDecoder.u8(in, at++, end);
        if (symbol > maxSymbol) {
          throw new CorruptPayloadException("sequence code " + symbol);
        }
        return FseTable.repeating(symbol);
      case 2:
        FseTable.Description description = FseTable.read(in, at, end, maxAccuracy, maxSymbol);
        at = description.end();
        return description.table();
      default:
        if (previous == null) {
          throw new CorruptPayloadException("repeated table that was never given");
        }
        return previous;
    }
  }

  private void sequences(int count, BitsBackward stream, int floor) throws CorruptPayloadException {
    int literalState = stream.read(literalTable.accuracy);
    int offsetState = stream.read(offsetTable.accuracy);
    int matchState = stream.read(matchTable.accuracy);
    int taken = 0;
    for (int left = count; left > 0; left--) {
      int offsetCode = offsetTable.symbol[offsetState];
      int matchCode = matchTable.symbol[matchState];
      int literalCode = literalTable.symbol[literalState];
      int offsetValue = (1 << offsetCode) + stream.read(offsetCode);
      int matchLength = MATCH_BASE[matchCode] + stream.read(MATCH_BITS[matchCode]);
      int literalLength = LITERAL_BASE[literalCode] + stream.read(LITERAL_BITS[literalCode]);
      if (left > 1) {
        literalState =
            literalTable.base[literalState] + stream.read(literalTable.bits[literalState]);
        matchState = matchTable.base[matchState] + stream.read(matchTable.bits[matchState]);
        offsetState = offsetTable.base[offsetState] + stream.read(offsetTable.bits[offsetState]);
      }
      if (stream.overrun() || literalLength > literals.size - taken) {
        throw new CorruptPayloadException("sequences ask for more than there is");
      }
      out.put(literals.data, taken, literalLength);
      taken += literalLength;
      out.copy(offset(offsetValue, literalLength), matchLength, floor);
    }
    if (!stream.finished()) {
      throw new CorruptPayloadException("sequences end in the wrong place");
    }
    out.put(literals.data, taken, literals.size - taken);
  }

  /** Resolves an offset value, 1 to 3 of which name earlier offsets (§3.1.1.5). */
  private int offset(int value, int literalLength) {
    int offset;
    if (value > 3) {
      offset = value - 3;
    } else {
      int index = value - (literalLength == 0 ? 0 : 1);
      if (index == 0) {
        return offset1;
      }
      offset = index == 1 ? offset2 : index == 2 ? offset3 : offset1 - 1;
      if (index == 1) {
        offset2 = offset1;
        offset1 = offset;
        return offset;
      }
    }
    offset3 = offset2;
    offset2 = offset1;
    offset1 = offset;
    return offset;
  }
}
