package org.wardian.boot.seed;

import java.io.IOException;
import java.io.OutputStream;

/** A stream whose bytes can be written anew, for formats that tell sizes before contents. */
public abstract class RewritableStream extends OutputStream {
  /** A stream of which nothing is written. */
  protected RewritableStream() {}

  /** Bytes written so far. */
  public abstract long position();

  /**
   * Writes over bytes that were written.
   *
   * @param at the first one's position
   * @param bytes in their place; they must not reach beyond {@link #position}
   */
  public abstract void rewrite(long at, byte[] bytes) throws IOException;
}
