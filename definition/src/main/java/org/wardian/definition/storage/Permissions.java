package org.wardian.definition.storage;

import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * Whose a file or folder is, and who may do what with it.
 *
 * @param mode the lower 12 bits of a file's mode; -1 where nothing is said
 * @param owner numeric user; -1 where nothing is said
 * @param group numeric group; -1 where nothing is said
 * @param label of a security model, or null
 */
public record Permissions(int mode, long owner, long group, String label) {
  /** Nothing is said. */
  public static final Permissions UNSAID = new Permissions(-1, -1, -1, null);

  private static final int MOST_MODE = 07777;
  private static final long MOST_ID = (1L << 32) - 2;

  /** What {@code permissions} below an element says; {@link #UNSAID} where there is none. */
  static Permissions of(XmlElement parent) throws XmlException {
    XmlElement element = parent == null ? null : parent.child("permissions");
    if (element == null) {
      return UNSAID;
    }
    String label = element.textAt("label");
    return new Permissions(
        mode(element.textAt("mode")),
        id(element.textAt("owner"), "owner"),
        id(element.textAt("group"), "group"),
        label == null || label.isEmpty() ? null : label);
  }

  private static int mode(String text) throws XmlException {
    if (text == null) {
      return -1;
    }
    if (!text.strip().matches("[0-7]{1,6}") || Integer.parseInt(text.strip(), 8) > MOST_MODE) {
      throw XmlException.badContent("malformed octal mode");
    }
    return Integer.parseInt(text.strip(), 8);
  }

  private static long id(String text, String name) throws XmlException {
    if (text == null || text.strip().equals("-1")) {
      return -1;
    }
    if (!text.strip().matches("[0-9]{1,10}") || Long.parseLong(text.strip()) > MOST_ID) {
      throw XmlException.badContent("malformed " + name + " element");
    }
    return Long.parseLong(text.strip());
  }

  /** Whether anything is said. */
  public boolean said() {
    return mode >= 0 || owner >= 0 || group >= 0 || label != null;
  }

  /** Adds the element, unless nothing is said. */
  void addTo(XmlElement parent) {
    if (!said()) {
      return;
    }
    XmlElement element = parent.append("permissions");
    if (mode >= 0) {
      element.append("mode").text(String.format("%04o", mode));
    }
    if (owner >= 0) {
      element.append("owner").text(Long.toString(owner));
    }
    if (group >= 0) {
      element.append("group").text(Long.toString(group));
    }
    if (label != null) {
      element.append("label").text(label);
    }
  }
}
