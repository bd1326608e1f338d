package org.wardian.host;

/**
 * A call to the host's operating system failed, or the host cannot do what was asked. The message
 * names the call, its argument, the system's own words, and what the user can do.
 */
public final class HostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  private HostException(String message, int errno, Throwable cause) {
    super(message, cause);
    this.errno = errno;
  }

  /**
   * A system call returned an error.
   *
   * @param call name of the call, as in its manual page
   * @param argument what it was asked to do
   * @param errno the error number that it left
   * @param remedy what the user can do, or an empty text
   */
  public static HostException ofCall(String call, String argument, int errno, String remedy) {
    String message =
        call + " (" + argument + ") failed: " + Errno.text(errno) + " (errno " + errno + ")";
    return new HostException(remedy.isEmpty() ? message : message + "; " + remedy, errno, null);
  }

  /**
   * The host has no such function at all.
   *
   * @param what what was asked for
   * @param remedy what the user can do
   */
  public static HostException unsupported(String what, String remedy) {
    return new HostException(what + " is not available on this host; " + remedy, 0, null);
  }

  /** A native function could not be bound or called. */
  static HostException ofLinkage(String function, Throwable cause) {
    return new HostException(
        "the host's function " + function + " cannot be called: " + cause.getMessage(), 0, cause);
  }

  /** The error number of the call, or 0 where no call was made. */
  public int errno() {
    return errno;
  }
}
