package org.wardian.bus;

/** Saved state that cannot be used: foreign, of an unknown version, truncated or malformed. */
public final class StateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Makes the exception with a message that names the record. */
  public StateException(String message) {
    super(message);
  }
}
