package org.wardian.qmp;

/** A command failed: the server sends it as an error, and a client's call throws it. */
public final class QmpException extends Exception {
  private static final long serialVersionUID = 1;

  private final ErrorClass errorClass;

  /** An error whose reason is in words only. */
  public QmpException(String description) {
    this(ErrorClass.GENERIC_ERROR, description);
  }

  /** An error of a class. */
  public QmpException(ErrorClass errorClass, String description) {
    super(description, null, false, false);
    this.errorClass = errorClass;
  }

  /** Its class. */
  public ErrorClass errorClass() {
    return errorClass;
  }
}
