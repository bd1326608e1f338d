package org.wardian.storage.job;

/** What is asked of a job cannot be done now; the message is QEMU's. */
public final class JobException extends Exception {
  private static final long serialVersionUID = 1;

  /** With the reason. */
  public JobException(String message) {
    super(message);
  }
}
