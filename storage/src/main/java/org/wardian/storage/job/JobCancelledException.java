package org.wardian.storage.job;

/** Ends a job's work at once; no error. */
final class JobCancelledException extends RuntimeException {
  private static final long serialVersionUID = 1;

  JobCancelledException() {
    super("Operation canceled", null, false, false);
  }
}
