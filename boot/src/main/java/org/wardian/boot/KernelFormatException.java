package org.wardian.boot;

/**
 * A file is not a kernel that can be booted: foreign, damaged, truncated or not a kernel at all.
 */
public final class KernelFormatException extends BootException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one line for the user: what the file is, and what to give instead
   */
  public KernelFormatException(String message) {
    super(message);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message one line for the user
   * @param cause what went wrong below
   */
  public KernelFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
