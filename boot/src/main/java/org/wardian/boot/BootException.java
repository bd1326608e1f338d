package org.wardian.boot;

/**
 * A guest cannot be loaded. The message is one line that says what was found and what to do about
 * it; it is meant for the user as it stands.
 */
public class BootException extends Exception {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one line for the user
   */
  public BootException(String message) {
    super(message);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message one line for the user
   * @param cause what went wrong below
   */
  public BootException(String message, Throwable cause) {
    super(message, cause);
  }
}
