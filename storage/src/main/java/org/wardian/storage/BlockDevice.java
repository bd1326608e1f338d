package org.wardian.storage;

/**
 * A disk as a controller sees it: requests go in, completions come out on threads that are not the
 * vCPU's.
 *
 * <p>Requests that are under way at the same time have no order between them. A flush covers the
 * writes that were complete when it was submitted. The device keeps limits (bytes and operations a
 * second) and the policy for errors.
 */
public interface BlockDevice extends AutoCloseable {
  /** Bytes, a multiple of {@link #blockSize}. */
  long length();

  /** Bytes of the logical block: 512 or 4096. */
  int blockSize();

  /** Whether writes are refused. */
  boolean readOnly();

  /** Whether discards reach the host. */
  boolean discards();

  /**
   * Takes a request; returns at once. {@link BlockRequest#completed} is called exactly once, by any
   * thread, perhaps before this returns.
   */
  void submit(BlockRequest request);

  /**
   * Carries a request out on the caller's thread, which may be a vCPU's, if it takes no waiting and
   * about as long as handing it over: a short read of what the host has in its memory.
   *
   * @return whether it did, and {@link BlockRequest#completed} was called; else nothing has
   *     happened that {@link #submit} would mind
   */
  default boolean tryNow(BlockRequest request) {
    return false;
  }

  /**
   * Who is told when the medium or its size has changed; one, replaced by the next.
   *
   * @param listener called by any thread
   */
  void onChange(Runnable listener);

  /** Starts nothing new, and returns when nothing is under way: what was submitted waits. */
  void pause();

  /** Goes on after {@link #pause}. */
  void resume();

  /** Completes or fails what is under way, flushes, and gives everything back. */
  @Override
  void close();
}
