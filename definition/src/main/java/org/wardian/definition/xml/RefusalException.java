package org.wardian.definition.xml;

/**
 * Why a document is refused whose XML is right, for reasons that libvirt does not call errors of
 * XML; its message says where.
 */
public final class RefusalException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What is wrong, by the names of libvirt's error numbers. */
  public enum Kind {
    /** {@code INVALID_ARG}. */
    INVALID_ARGUMENT,
    /** {@code OVERFLOW}. */
    OVERFLOW,
    /** {@code INTERNAL_ERROR}. */
    INTERNAL
  }

  private final Kind kind;

  /** An error of a kind, in libvirt's words. */
  public RefusalException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** What is wrong. */
  public Kind kind() {
    return kind;
  }
}
