package org.wardian.x86;

/** Reads bytes up to a limit; behind it only zeros, and {@link #exhausted} is set. */
final class CodeCursor {
  private byte[] code;
  private int limit;

  /** Index of the next byte. */
  int position;

  /** Whether something behind the limit was asked for. */
  boolean exhausted;

  void start(byte[] code, int position, int limit) {
    this.code = code;
    this.position = position;
    this.limit = limit;
    this.exhausted = false;
  }

  int next() {
    if (position >= limit) {
      exhausted = true;
      return 0;
    }
    return code[position++] & 0xff;
  }

  /** Two bytes, zero-extended. */
  int next16() {
    int low = next();
    return low | next() << 8;
  }

  int next32() {
    int low = next16();
    return low | next16() << 16;
  }

  long next64() {
    long low = next32() & 0xffff_ffffL;
    return low | (long) next32() << 32;
  }
}
