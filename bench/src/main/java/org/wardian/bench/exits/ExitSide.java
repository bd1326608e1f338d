package org.wardian.bench.exits;

/** One of those who are compared. */
interface ExitSide extends AutoCloseable {
  /** The column's title. */
  String title();

  /**
   * Runs the guest of a kind, where it was left, for some time.
   *
   * @return how many a second: of processor time, or by the clock where two threads have a part
   */
  double measure(ExitKind kind, long milliseconds);

  @Override
  void close();
}
