package org.wardian.definition.xml;

/**
 * Writes elements as libvirt does: two spaces for each level, attributes in single quotes, an empty
 * element in one tag, a newline after each. What others keep in {@code <metadata>} it hands to
 * libxml2, which quotes attributes by the other sign and leaves quotes in text alone; so do we.
 */
public final class XmlWriter {
  private static final String FOREIGN = "metadata";

  private XmlWriter() {}

  /** A document, or a part of one, that ends with a newline. */
  public static String write(XmlElement element) {
    StringBuilder out = new StringBuilder();
    write(element, 0, false, out);
    return out.toString();
  }

  /** As {@link #write(XmlElement)}, for an element that is kept in {@code <metadata>}. */
  public static String writeForeign(XmlElement element) {
    StringBuilder out = new StringBuilder();
    write(element, 0, true, out);
    return out.toString();
  }

  private static void write(XmlElement element, int level, boolean inForeign, StringBuilder out) {
    boolean foreign = inForeign || element.name().equals(FOREIGN);
    char quote = foreign ? '"' : '\'';
    out.repeat("  ", level).append('<').append(element.name());
    element
        .attributes()
        .forEach((key, value) -> {
          out.append(' ').append(key).append('=').append(quote);
          escape(value, true, foreign, out);
          out.append(quote);
        });
    if (!element.children().isEmpty()) {
      out.append(">\n");
      element.children().forEach(child -> write(child, level + 1, foreign, out));
      out.repeat("  ", level).append("</").append(element.name()).append(">\n");
    } else {
      int end = out.length();
      out.append('>');
      escape(element.text(), false, foreign, out);
      if (out.length() == end + 1) {
        // No text, or none that a document may have.
        out.setLength(end);
        out.append("/>\n");
      } else {
        out.append("</").append(element.name()).append(">\n");
      }
    }
  }

  /**
   * Adds a text: the five characters that XML has names for by name (of the quotes only the one
   * that would end it, where {@code foreign}), white space that a reader would change by number.
   * Characters that no document may have are left out, as libvirt does.
   */
  static void escape(String text, boolean isAttribute, boolean foreign, StringBuilder out) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '&' -> out.append("&amp;");
        case '\'' -> out.append(foreign ? "'" : "&apos;");
        case '"' -> out.append(foreign && !isAttribute ? "\"" : "&quot;");
        case '\r' -> out.append("&#13;");
        case '\n', '\t' -> {
          if (isAttribute) {
            out.append("&#").append((int) c).append(';');
          } else {
            out.append(c);
          }
        }
        default -> {
          if (Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1))) {
            out.append(c).append(text.charAt(++i));
          } else if (c >= ' ' && !Character.isSurrogate(c) && c < '\ufffe') {
            out.append(c);
          }
        }
      }
    }
  }
}
