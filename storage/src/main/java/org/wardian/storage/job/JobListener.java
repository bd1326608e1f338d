package org.wardian.storage.job;

/**
 * Is told what becomes of jobs, in order; returns soon. Called by a job's thread, or by who changes
 * the job.
 */
public interface JobListener {
  /** Its status is another. */
  void status(Job job, JobStatus status);

  /** A mirror has all. */
  void ready(Job job);

  /** It waits for its owner to finalize it. */
  void pending(Job job);

  /** It is over; {@link Job#error} says whether it failed. */
  void completed(Job job);

  /** It was cancelled. */
  void cancelled(Job job);

  /**
   * The host failed.
   *
   * @param write whether it was a write
   * @param action {@code report}, {@code stop} or {@code ignore}
   */
  void failed(Job job, boolean write, String action);
}
