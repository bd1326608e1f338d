package org.wardian.storage;

import java.util.function.LongConsumer;

/** Tells once when something is written behind a place. Any thread. */
public final class WriteWatch {
  private volatile long threshold = Long.MAX_VALUE;
  private LongConsumer told = exceeded -> {};

  /** Watches nothing yet. */
  public WriteWatch() {}

  /**
   * Watches from now on.
   *
   * @param bytes that may be written without a word; {@link Long#MAX_VALUE} for all
   * @param consumer is told by how many bytes a write's end lies behind; returns soon
   */
  public synchronized void set(long bytes, LongConsumer consumer) {
    told = consumer;
    threshold = bytes;
  }

  /** Bytes that may be written without a word; {@link Long#MAX_VALUE} for all. */
  public long threshold() {
    return threshold;
  }

  /** Something is written up to a place. */
  void written(long end) {
    if (end <= threshold) {
      return;
    }
    LongConsumer consumer;
    long exceeded;
    synchronized (this) {
      exceeded = end - threshold;
      if (exceeded <= 0) {
        return;
      }
      threshold = Long.MAX_VALUE;
      consumer = told;
    }
    consumer.accept(exceeded);
  }
}
