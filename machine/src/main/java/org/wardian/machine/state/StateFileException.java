package org.wardian.machine.state;

import java.io.IOException;

/**
 * A saved state that cannot be used: it is none, is damaged, is of a newer Wardian, or belongs to
 * another machine or other disks. The message names it and says what to do.
 */
public final class StateFileException extends IOException {
  private static final long serialVersionUID = 1;

  /** Says what is wrong. */
  public StateFileException(String message) {
    super(message);
  }

  /** Says what is wrong, with its cause. */
  public StateFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
