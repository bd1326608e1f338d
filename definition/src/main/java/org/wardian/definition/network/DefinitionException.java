package org.wardian.definition.network;

import org.wardian.definition.xml.XmlException;

/** Why a document, or a change of one, is refused: in libvirt's words, by libvirt's kinds. */
public final class DefinitionException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What libvirt calls it. */
  public enum Kind {
    /** Bad content ({@code VIR_ERR_XML_ERROR}). */
    XML_ERROR,
    /** Not well-formed, or an error that libvirt gives without words before it. */
    XML_DETAIL,
    /** Right, but not to be had. */
    UNSUPPORTED,
    /** What libvirt calls an internal error although it is the document's. */
    INTERNAL,
    /** There is no name. */
    NO_NAME,
    /** A change that does not fit the state. */
    OPERATION_INVALID,
    /** A change that there is not. */
    OPERATION_UNSUPPORTED,
    /** A flag or a number that there is not. */
    INVALID_ARGUMENT,
    /** A setting with a value that it cannot have ({@code VIR_ERR_PARSE_FAILED}). */
    PARSE_FAILED
  }

  private final Kind kind;

  /** An error of a kind. */
  public DefinitionException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /**
   * The error of a reader of XML.
   *
   * @param document libvirt's name for what was read
   */
  public DefinitionException(XmlException e, String document) {
    super(e.kind() == XmlException.Kind.NOT_WELL_FORMED ? e.of(document) : e.getMessage(), e);
    kind =
        switch (e.kind()) {
          case NOT_WELL_FORMED -> Kind.XML_DETAIL;
          case UNSUPPORTED -> Kind.UNSUPPORTED;
          default -> Kind.XML_ERROR;
        };
  }

  /** Bad content. */
  public static DefinitionException xml(String message) {
    return new DefinitionException(Kind.XML_ERROR, message);
  }

  /** An error without words before it. */
  public static DefinitionException detail(String message) {
    return new DefinitionException(Kind.XML_DETAIL, message);
  }

  /** Right, but not to be had. */
  public static DefinitionException unsupported(String message) {
    return new DefinitionException(Kind.UNSUPPORTED, message);
  }

  /** What libvirt calls an internal error. */
  public static DefinitionException internal(String message) {
    return new DefinitionException(Kind.INTERNAL, message);
  }

  /** What libvirt calls it. */
  public Kind kind() {
    return kind;
  }
}
