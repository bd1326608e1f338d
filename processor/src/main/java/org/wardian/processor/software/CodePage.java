package org.wardian.processor.software;

/** Where the dense code of one guest-physical page lies, in one kind of code segment. */
final class CodePage {
  /** 64-bit code. */
  static final int LONG = 0;

  /** 32-bit code in flat segments. */
  static final int FLAT_32 = 1;

  /** 32-bit code with segments that must be checked. */
  static final int SEGMENTED_32 = 2;

  /** 16-bit code: real mode, virtual-8086 mode, 16-bit protected mode. */
  static final int SEGMENTED_16 = 3;

  static final int KINDS = 4;

  final long physical;
  final int kind;

  /** Index into the code by offset in the page, 0 where nothing is decoded: 64 chunks of 64. */
  private final int[][] entries = new int[64][];

  /** Which of the page's chunks hold decoded bytes. */
  long chunks;

  /** Operations that have not gone stale. */
  int live;

  /** Thrown away: whoever still points here must look again. */
  boolean dead;

  CodePage(long physical, int kind) {
    this.physical = physical;
    this.kind = kind;
  }

  int entry(int offset) {
    int[] chunk = entries[offset >> 6];
    return chunk == null ? 0 : chunk[offset & 63];
  }

  void entry(int offset, int index) {
    int[] chunk = entries[offset >> 6];
    if (chunk == null) {
      chunk = new int[64];
      entries[offset >> 6] = chunk;
    }
    chunk[offset & 63] = index;
  }

  void covers(int from, int to) {
    for (int chunk = from >> 6; chunk <= to - 1 >> 6 && chunk < 64; chunk++) {
      chunks |= 1L << chunk;
    }
  }
}
