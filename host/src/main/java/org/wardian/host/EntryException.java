package org.wardian.host;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A call on an entry of a host's folder failed, and its error number is an answer for whoever
 * asked: a guest, say. There is one exception for each number, without a stack trace, for "no such
 * file" is asked a thousand times a second.
 */
public final class EntryException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Linux has no error numbers from here on. */
  private static final int KNOWN = 4096;

  private static final AtomicReferenceArray<EntryException> ALL = new AtomicReferenceArray<>(KNOWN);

  private final int errno;

  private EntryException(int errno) {
    super("error number " + errno, null, false, false);
    this.errno = errno;
  }

  /** The exception of an error number, 1 to 4095. */
  public static EntryException of(int errno) {
    EntryException known = ALL.get(errno);
    if (known == null) {
      known = new EntryException(errno);
      ALL.set(errno, known);
    }
    return known;
  }

  /** The error number of Linux. */
  public int errno() {
    return errno;
  }

  @Override
  public String getMessage() {
    return Errno.text(errno);
  }
}
