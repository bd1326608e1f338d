package org.wardian.cli;

/** Ends a command: one line for the user, which names the cause and the way out, and a status. */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;

  /** Ends with one of ward's statuses. */
  public Failure(ExitStatus status, String message) {
    this(status.code(), message, null);
  }

  /** Ends with one of ward's statuses; the cause is printed where traces are. */
  public Failure(ExitStatus status, String message, Throwable cause) {
    this(status.code(), message, cause);
  }

  /** Ends with a status that is the verb's own. */
  public Failure(int code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** The process's status, 0 to 255. */
  public int code() {
    return code;
  }
}
