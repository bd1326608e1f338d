package org.wardian.storage.job;

import java.io.IOException;

/** A failure of a job's work, with the side that failed. */
final class JobFailure extends IOException {
  private static final long serialVersionUID = 1;

  private final boolean write;

  JobFailure(boolean write, IOException cause) {
    super(cause.getMessage(), cause);
    this.write = write;
  }

  boolean write() {
    return write;
  }
}
