package org.wardian.bus;

/**
 * An access to a model-specific register that raises #GP(0). Carries no stack trace: it is cheap.
 */
public final class InvalidMsrException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int index;

  /** Makes the exception for the register at {@code index}. */
  public InvalidMsrException(int index) {
    super(null, null, false, false);
    this.index = index;
  }

  /** The register's index. */
  public int index() {
    return index;
  }

  @Override
  public String getMessage() {
    return "invalid access to MSR 0x" + Integer.toHexString(index);
  }
}
