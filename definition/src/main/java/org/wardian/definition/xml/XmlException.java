package org.wardian.definition.xml;

/** Why a text is not the document that it should be, or cannot be had; its message says where. */
public final class XmlException extends Exception {
  /** Where the part of a daemon that was asked is the origin. */
  public static final int OWN_ORIGIN = -1;

  /** libvirt's number of its XML reader as an error's origin ({@code VIR_FROM_XML}). */
  public static final int XML_ORIGIN = 5;

  /** libvirt's number of its QEMU driver as an error's origin. */
  public static final int QEMU_ORIGIN = 10;

  /** libvirt's number of its processor models as an error's origin. */
  public static final int CPU_ORIGIN = 31;

  private static final long serialVersionUID = 1L;

  /** What is wrong. */
  public enum Kind {
    /** The text is no well-formed XML, or larger than a document may be. */
    NOT_WELL_FORMED(35, ""),
    /**
     * Well-formed, but not what is asked for: an element is missing, a value is not one of those
     * that there are.
     */
    BAD_CONTENT(27, "XML error: "),
    /** A right document, which asks for something that cannot be had here. */
    UNSUPPORTED(67, "unsupported configuration: "),
    /** A value that is no argument of its kind, such as an unknown unit. */
    INVALID_ARGUMENT(8, "invalid argument: "),
    /** What libvirt calls an internal error, though a document is its cause. */
    INTERNAL(1, "internal error: "),
    /** There is no name. */
    NO_NAME(21, "missing name information"),
    /** A device has no source; the message names it. */
    NO_SOURCE(19, "missing source information for device "),
    /** A device has no target; the message names it. */
    NO_TARGET(20, "missing target information for device "),
    /** A number is too large. */
    OVERFLOW(82, "numerical overflow: "),
    /** What cannot be done to this document: a device is there already, or has no place. */
    OPERATION_FAILED(9, "operation failed: "),
    /** What cannot be done as things are. */
    OPERATION_INVALID(55, "Requested operation is not valid: "),
    /** What cannot be done to such a device at all. */
    OPERATION_UNSUPPORTED(84, "Operation not supported: "),
    /** A processor that a host is not. */
    CPU_INCOMPATIBLE(91, "the CPU is incompatible with host CPU: "),
    /** A device that is to be taken away is not there. */
    NO_DEVICE(99, "device not found: "),
    /** Well-formed, but its elements are not where its schema has them. */
    INVALID_SCHEMA(92, "XML document failed to validate against schema: ");

    private final int code;
    private final String prefix;

    Kind(int code, String prefix) {
      this.code = code;
      this.prefix = prefix;
    }

    /** libvirt's number of the error. */
    public int code() {
      return code;
    }

    /** What libvirt writes before the message. */
    public String prefix() {
      return prefix;
    }
  }

  private final Kind kind;
  private final int origin;

  /** An error of a kind, in words that name the element and the value. */
  public XmlException(Kind kind, String message) {
    this(kind, OWN_ORIGIN, message);
  }

  /** The same with libvirt's number of the part that found it. */
  public XmlException(Kind kind, int origin, String message) {
    super(message);
    this.kind = kind;
    this.origin = origin;
  }

  /** The same with its cause. */
  public XmlException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.origin = OWN_ORIGIN;
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

  /** Which part of libvirt says such a thing, or {@link #OWN_ORIGIN}. */
  public int origin() {
    return origin;
  }

  /**
   * The message as libvirt's parser has it of a text that is not well-formed: document, line, what
   * is wrong.
   *
   * @param document libvirt's name for it, such as {@code (domain_definition)}
   */
  public String of(String document) {
    String message = getMessage();
    return document
        + ":"
        + (message.startsWith("line ") ? message.substring("line ".length()) : "1: " + message);
  }

  /** The message with what libvirt writes before it: what a client reads. */
  public String text() {
    return kind.prefix() + getMessage();
  }
}
