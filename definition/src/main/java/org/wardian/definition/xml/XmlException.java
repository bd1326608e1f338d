package org.wardian.definition.xml;

/** Why a text is not the XML document that it should be; its message says where. */
public final class XmlException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What is wrong. */
  public enum Kind {
    /** The text is no well-formed XML, or larger than a document may be. */
    NOT_WELL_FORMED,
    /**
     * Well-formed, but not what is asked for: an element is missing, a value is not one of those
     * that there are.
     */
    BAD_CONTENT,
    /** A right document, which asks for something that cannot be had here. */
    UNSUPPORTED,
    /** A value that is no argument of its kind, such as an unknown unit. */
    INVALID_ARGUMENT,
    /** What libvirt calls an internal error, though a document is its cause. */
    INTERNAL,
    /** What cannot be done to this document: a device that is there already, or has no place. */
    OPERATION_FAILED,
    /** A device that is to be taken away is not there. */
    NO_DEVICE,
    /** What cannot be done to such a device at all. */
    OPERATION_UNSUPPORTED
  }

  private final Kind kind;

  /** An error of a kind, in words that name the element and the value. */
  public XmlException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** The same with its cause. */
  public XmlException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** An element is missing, or a value is not one of those that there are. */
  public static XmlException badContent(String message) {
    return new XmlException(Kind.BAD_CONTENT, message);
  }

  /** A right document, which asks for something that cannot be had. */
  public static XmlException unsupported(String message) {
    return new XmlException(Kind.UNSUPPORTED, message);
  }

  /** What is wrong. */
  public Kind kind() {
    return kind;
  }
}
