package org.wardian.compression;

/**
 * The way from symbols to states of Zstandard's finite state entropy coder (RFC 8878 §4.1): the
 * inverse of {@link FseTable}. Symbols are coded from the last to the first.
 */
final class FseEncoder {
  private final int accuracy;
  private final int[] stateTable;

  /** For each symbol: bits to write, less what a state adds; and where its states begin. */
  private final int[] deltaBits;

  private final int[] deltaState;

  /**
   * Builds a table.
   *
   * @param counts states of each symbol, as for {@link FseTable#of}
   */
  FseEncoder(int accuracy, int... counts) {
    this.accuracy = accuracy;
    int size = 1 << accuracy;
    byte[] symbols;
    try {
      symbols = FseTable.of(accuracy, counts).symbol;
    } catch (CorruptPayloadException e) {
      throw new IllegalArgumentException(e);
    }
    deltaBits = new int[counts.length];
    deltaState = new int[counts.length];
    int[] next = new int[counts.length];
    int total = 0;
    for (int s = 0; s < counts.length; s++) {
      int states = Math.abs(counts[s]);
      next[s] = total;
      if (states == 1) {
        deltaBits[s] = (accuracy << 16) - size;
        deltaState[s] = total - 1;
      } else if (states > 1) {
        int most = accuracy - (31 - Integer.numberOfLeadingZeros(states - 1));
        deltaBits[s] = (most << 16) - (states << most);
        deltaState[s] = total - states;
      }
      total += states;
    }
    stateTable = new int[size];
    for (int state = 0; state < size; state++) {
      stateTable[next[symbols[state]]++] = size + state;
    }
  }

  /** The state that codes the last symbol. */
  int first(int symbol) {
    int bits = deltaBits[symbol] + (1 << 15) >>> 16;
    int value = (bits << 16) - deltaBits[symbol];
    return stateTable[(value >>> bits) + deltaState[symbol]];
  }

  /** Writes what leads from the new state, which codes {@code symbol}, to {@code state}. */
  int next(int state, int symbol, BitsForward out) {
    int bits = state + deltaBits[symbol] >>> 16;
    out.add(state, bits);
    return stateTable[(state >>> bits) + deltaState[symbol]];
  }

  /** Writes the state of the first symbol. */
  void last(int state, BitsForward out) {
    out.add(state, accuracy);
  }
}
