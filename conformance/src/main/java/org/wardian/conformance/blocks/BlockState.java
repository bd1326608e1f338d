package org.wardian.conformance.blocks;

/** The registers that a block starts from. */
final class BlockState {
  final long[] gpr = new long[16];

  /** Low and high halves of the vector registers. */
  final long[] vector = new long[32];

  long flags = 0x2;
  long fsBase;
  long gsBase;
  int mxcsr = 0x1f80;
  int fcw = 0x37f;
  boolean kernel;

  /** An equal state. */
  BlockState copy() {
    BlockState s = new BlockState();
    System.arraycopy(gpr, 0, s.gpr, 0, gpr.length);
    System.arraycopy(vector, 0, s.vector, 0, vector.length);
    s.flags = flags;
    s.fsBase = fsBase;
    s.gsBase = gsBase;
    s.mxcsr = mxcsr;
    s.fcw = fcw;
    s.kernel = kernel;
    return s;
  }
}
