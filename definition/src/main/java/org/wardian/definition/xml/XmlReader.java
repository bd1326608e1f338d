package org.wardian.definition.xml;

import java.io.StringReader;
import java.util.ArrayDeque;
import java.util.Deque;
import javax.xml.namespace.QName;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Reads a document that anybody may have sent. It may have no document type, and so no entities of
 * its own; it is as deep as libxml2 lets one be, and not larger than a message.
 */
public final class XmlReader {
  /** Characters of a document. */
  public static final int MOST_CHARACTERS = 4 << 20;

  private static final int MOST_DEPTH = 256;
  private static final int MOST_ELEMENTS = 100_000;

  private XmlReader() {}

  /**
   * The root of a document. Comments and processing instructions are dropped.
   *
   * @throws XmlException where the text is no well-formed document, or too large
   */
  public static XmlElement read(String document) throws XmlException {
    if (document.length() > MOST_CHARACTERS) {
      throw new XmlException(
          XmlException.Kind.NOT_WELL_FORMED,
          "a document has up to " + MOST_CHARACTERS + " characters, not " + document.length());
    }
    try {
      return read(factory().createXMLStreamReader(new StringReader(document)));
    } catch (XMLStreamException e) {
      throw notWellFormed(e);
    }
  }

  /**
   * The same where the root must have a certain name.
   *
   * @throws XmlException also where it has another
   */
  public static XmlElement read(String document, String root) throws XmlException {
    XmlElement element = read(document);
    if (!element.name().equals(root)) {
      throw new XmlException(
          XmlException.Kind.BAD_CONTENT,
          XmlException.XML_ORIGIN,
          "expecting root element of '" + root + "', not '" + element.name() + "'");
    }
    return element;
  }

  private static XMLInputFactory factory() {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_COALESCING, true);
    // Our own limits are the ones that hold.
    factory.setProperty("jdk.xml.maxElementDepth", 0);
    factory.setProperty("jdk.xml.elementAttributeLimit", MOST_ELEMENTS);
    // Prefixes stay as they were written: what a client sets comes back.
    factory.setProperty(XMLInputFactory.IS_NAMESPACE_AWARE, false);
    return factory;
  }

  private static XmlElement read(XMLStreamReader reader) throws XMLStreamException, XmlException {
    Deque<XmlElement> open = new ArrayDeque<>();
    Deque<StringBuilder> texts = new ArrayDeque<>();
    int elements = 0;
    while (reader.hasNext()) {
      switch (reader.next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          if (open.size() >= MOST_DEPTH || ++elements > MOST_ELEMENTS) {
            throw new XmlException(
                XmlException.Kind.NOT_WELL_FORMED,
                at(reader)
                    + "more than "
                    + MOST_DEPTH
                    + " levels or "
                    + MOST_ELEMENTS
                    + " elements");
          }
          XmlElement element = new XmlElement(name(reader.getName()));
          for (int i = 0; i < reader.getAttributeCount(); i++) {
            element.set(name(reader.getAttributeName(i)), reader.getAttributeValue(i));
          }
          if (!open.isEmpty()) {
            open.peek().add(element);
          }
          open.push(element);
          texts.push(new StringBuilder());
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA, XMLStreamConstants.SPACE -> {
          if (!texts.isEmpty()) {
            texts.peek().append(reader.getText());
          }
        }
        case XMLStreamConstants.END_ELEMENT -> {
          XmlElement element = open.pop();
          String text = texts.pop().toString();
          if (element.children().isEmpty()) {
            element.text(text);
          }
          if (open.isEmpty()) {
            finish(reader);
            return element;
          }
        }
        case XMLStreamConstants.DTD ->
            throw new XmlException(
                XmlException.Kind.NOT_WELL_FORMED, at(reader) + "a document type is not accepted");
        case XMLStreamConstants.ENTITY_REFERENCE ->
            throw new XmlException(
                XmlException.Kind.NOT_WELL_FORMED,
                at(reader) + "Entity '" + reader.getLocalName() + "' not defined");
        default -> {
          // Comments and instructions say nothing to a daemon.
        }
      }
    }
    throw new XmlException(XmlException.Kind.NOT_WELL_FORMED, at(reader) + "Document is empty");
  }

  /** A name as it was written; a reader that knows no namespaces may take prefixes apart. */
  private static String name(QName name) {
    return name.getPrefix().isEmpty()
        ? name.getLocalPart()
        : name.getPrefix() + ":" + name.getLocalPart();
  }

  /** Only comments may follow the root. */
  private static void finish(XMLStreamReader reader) throws XMLStreamException {
    while (reader.hasNext()) {
      reader.next();
    }
  }

  private static String at(XMLStreamReader reader) {
    return "line " + reader.getLocation().getLineNumber() + ": ";
  }

  private static XmlException notWellFormed(XMLStreamException e) {
    String words = e.getMessage() == null ? "not well-formed" : e.getMessage();
    int message = words.indexOf("Message: ");
    String said = message < 0 ? words : words.substring(message + "Message: ".length());
    String line = e.getLocation() == null ? "" : "line " + e.getLocation().getLineNumber() + ": ";
    return new XmlException(XmlException.Kind.NOT_WELL_FORMED, line + said.strip(), e);
  }
}
