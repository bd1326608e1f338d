package org.wardian.cli;

/** Ends a command: one line for the user, which names the cause and the way out, and a status. */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ExitStatus status;

  Failure(ExitStatus status, String message) {
    super(message);
    this.status = status;
  }

  Failure(ExitStatus status, String message, Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  ExitStatus status() {
    return status;
  }
}
