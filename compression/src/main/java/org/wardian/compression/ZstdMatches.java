package org.wardian.compression;

import java.io.ByteArrayOutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Finds what repeats earlier bytes, and writes the sequences section of a block (RFC 8878
 * §3.1.1.3.2).
 */
final class ZstdMatches {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int HASH_BITS = 16;
  private static final int MIN_MATCH = 4;

  /** Steps grow by one for each so many misses: what does not repeat is passed over quickly. */
  private static final int PATIENCE = 6;

  private static final FseEncoder LITERAL_LENGTHS =
      new FseEncoder(6, ZstdSequences.LITERAL_DEFAULT);
  private static final FseEncoder MATCH_LENGTHS = new FseEncoder(6, ZstdSequences.MATCH_DEFAULT);
  private static final FseEncoder OFFSETS = new FseEncoder(5, ZstdSequences.OFFSET_DEFAULT);

  private final byte[] in;
  private final int[] recent = new int[1 << HASH_BITS];
  private final byte[] literals = new byte[ZstdDecoder.MAX_BLOCK];
  private int literalCount;
  private int[] sequences = new int[3 * 256];
  private int count;

  ZstdMatches(byte[] in) {
    this.in = in;
    Arrays.fill(recent, -1);
  }

  byte[] literals() {
    return literals;
  }

  int literalCount() {
    return literalCount;
  }

  /** Splits a range into literals and repetitions; a repetition may start in an earlier block. */
  void find(int from, int to) {
    literalCount = 0;
    count = 0;
    int anchor = from;
    int at = from;
    int misses = 0;
    while (at + MIN_MATCH <= to) {
      int word = (int) INT.get(in, at);
      int slot = word * 0x9e3779b1 >>> 32 - HASH_BITS;
      int candidate = recent[slot];
      recent[slot] = at;
      if (candidate < 0 || (int) INT.get(in, candidate) != word) {
        at += 1 + (misses++ >> PATIENCE);
        continue;
      }
      int end =
          at
              + MIN_MATCH
              + Arrays.mismatch(
                  in, at + MIN_MATCH, to, in, candidate + MIN_MATCH, candidate + to - at);
      if (end < at + MIN_MATCH) {
        end = to;
      }
      add(at - anchor, end - at, at - candidate, anchor);
      anchor = end;
      at = end;
      misses = 0;
    }
    System.arraycopy(in, anchor, literals, literalCount, to - anchor);
    literalCount += to - anchor;
  }

  private void add(int literalLength, int matchLength, int offset, int anchor) {
    if (count * 3 == sequences.length) {
      sequences = Arrays.copyOf(sequences, sequences.length * 2);
    }
    System.arraycopy(in, anchor, literals, literalCount, literalLength);
    literalCount += literalLength;
    sequences[count * 3] = literalLength;
    sequences[count * 3 + 1] = matchLength;
    sequences[count * 3 + 2] = offset + 3;
    count++;
  }

  /** Writes the section. */
  void sequences(ByteArrayOutputStream out) {
    if (count < 128) {
      out.write(count);
    } else if (count < 0x7f00) {
      out.write((count >> 8) + 128);
      out.write(count);
    } else {
      out.write(255);
      out.write(count - 0x7f00);
      out.write(count - 0x7f00 >> 8);
    }
    if (count == 0) {
      return;
    }
    out.write(0);
    BitsForward bits = new BitsForward();
    int literal = 0;
    int match = 0;
    int offset = 0;
    for (int i = count - 1; i >= 0; i--) {
      int literalLength = sequences[i * 3];
      int matchLength = sequences[i * 3 + 1];
      int offsetValue = sequences[i * 3 + 2];
      int literalCode = code(ZstdSequences.LITERAL_BASE, literalLength);
      int matchCode = code(ZstdSequences.MATCH_BASE, matchLength);
      int offsetCode = 31 - Integer.numberOfLeadingZeros(offsetValue);
      if (i == count - 1) {
        match = MATCH_LENGTHS.first(matchCode);
        offset = OFFSETS.first(offsetCode);
        literal = LITERAL_LENGTHS.first(literalCode);
      } else {
        offset = OFFSETS.next(offset, offsetCode, bits);
        match = MATCH_LENGTHS.next(match, matchCode, bits);
        literal = LITERAL_LENGTHS.next(literal, literalCode, bits);
      }
      bits.add(
          literalLength - ZstdSequences.LITERAL_BASE[literalCode],
          ZstdSequences.LITERAL_BITS[literalCode]);
      bits.add(
          matchLength - ZstdSequences.MATCH_BASE[matchCode], ZstdSequences.MATCH_BITS[matchCode]);
      bits.add(offsetValue, offsetCode);
    }
    MATCH_LENGTHS.last(match, bits);
    OFFSETS.last(offset, bits);
    LITERAL_LENGTHS.last(literal, bits);
    out.writeBytes(bits.close());
  }

  private static int code(int[] base, int value) {
    int at = Arrays.binarySearch(base, value);
    return at >= 0 ? at : -at - 2;
  }
}
