package org.wardian.definition.xml;

/**
 * Writes elements as libvirt does: two spaces for each level, attributes in single quotes, an empty
 * element in one tag, a newline after each.
 */
public final class XmlWriter {
  private XmlWriter() {}

  /** A document, or a part of one, that ends with a newline. */
  public static String write(XmlElement element) {
    StringBuilder out = new StringBuilder();
    write(element, 0, out);
    return out.toString();
  }

  private static void write(XmlElement element, int level, StringBuilder out) {
    out.repeat("  ", level).append('<').append(element.name());
    element
        .attributes()
        .forEach((key, value) -> {
          out.append(' ').append(key).append("='");
          escape(value, true, out);
          out.append('\'');
        });
    if (!element.children().isEmpty()) {
      out.append(">\n");
      element.children().forEach(child -> write(child, level + 1, out));
      out.repeat("  ", level).append("</").append(element.name()).append(">\n");
    } else {
      int end = out.length();
      out.append('>');
      escape(element.text(), false, out);
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
   * Adds a text: the five characters that XML has names for by name, white space that a reader
   * would change by number. Characters that no document may have are left out, as libvirt does.
   */
  static void escape(String text, boolean isAttribute, StringBuilder out) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '&' -> out.append("&amp;");
        case '\'' -> out.append("&apos;");
        case '"' -> out.append("&quot;");
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
