package org.wardian.storage.operation;

import java.util.concurrent.CancellationException;

/**
 * Follows an operation on images that takes a while, and may end it early. Called by the
 * operation's own thread, or by several of its threads in turn, at most some times for each
 * mebibyte.
 */
@FunctionalInterface
public interface Progress {
  /** Follows nothing, never ends anything. */
  Progress NONE = (done, total) -> true;

  /**
   * So much is done.
   *
   * @param done bytes
   * @param total bytes in all; grows or shrinks as more is known
   * @return whether to go on
   */
  boolean at(long done, long total);

  /**
   * {@link #at}, for the operations.
   *
   * @throws CancellationException where it says to end; what was under construction is removed by
   *     the operation
   */
  default void report(long done, long total) {
    if (!at(done, total)) {
      throw new CancellationException("ended at " + done + " of " + total + " bytes");
    }
  }
}
