package org.wardian.machine.state;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Where a saved state goes. */
public interface StateTarget {
  /**
   * Whether what is never written costs nothing and is zero: memory then lies as the guest sees it.
   */
  boolean sparse();

  /** Writes all of {@code from}, from its position to its limit, at {@code offset}. */
  void write(long offset, ByteBuffer from) throws IOException;

  /** All is written but the header, which goes to offset 0 when nothing can fail any more. */
  void written(StateHeader header) throws IOException;
}
