package org.wardian.definition.domain;

import java.util.List;
import java.util.Objects;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlException.Kind;

/** A screen of a running domain that a client describes anew: its password changes, no more. */
final class LiveGraphics {
  private static final List<String> CHANGING = List.of("passwd", "passwdValidTo", "connected");

  private LiveGraphics() {}

  /**
   * The screen as it is now.
   *
   * @param old as it was
   * @param wanted in the client's words, filled in
   * @throws XmlException where something else is to change; libvirt's order and words
   */
  static XmlElement changed(XmlElement old, XmlElement wanted) throws XmlException {
    String type = old.attribute("type");
    requireListens(type, old.children("listen"), wanted.children("listen"));
    boolean automatic = isAutomatic(wanted);
    if (isAutomatic(old) != automatic
        || !automatic && !Objects.equals(old.attribute("port"), wanted.attribute("port"))) {
      throw cannot("cannot change port settings on " + type + " graphics");
    }
    if (!Objects.equals(old.attribute("keymap"), wanted.attribute("keymap"))) {
      throw cannot("cannot change keymap setting on " + type + " graphics");
    }
    XmlElement changed = old.copy();
    for (String attribute : CHANGING) {
      changed.set(attribute, wanted.attribute(attribute));
    }
    DomainForm.TABLE.arrange(changed, "graphics");
    return changed;
  }

  private static void requireListens(String type, List<XmlElement> old, List<XmlElement> wanted)
      throws XmlException {
    if (old.size() != wanted.size()) {
      throw cannot("cannot change the number of listen addresses on '" + type + "' graphics");
    }
    for (int i = 0; i < old.size(); i++) {
      if (!same(old.get(i), wanted.get(i), "type")) {
        throw cannot("cannot change the type of listen address on '" + type + "' graphics");
      }
      String what =
          switch (old.get(i).attribute("type", "address")) {
            case "address" -> "address";
            case "network" -> "network";
            default -> "socket";
          };
      if (!same(old.get(i), wanted.get(i), what)) {
        throw cannot("cannot change listen " + what + " setting on '" + type + "' graphics");
      }
    }
  }

  private static boolean same(XmlElement one, XmlElement other, String attribute) {
    return Objects.equals(one.attribute(attribute), other.attribute(attribute));
  }

  private static boolean isAutomatic(XmlElement graphics) {
    return "yes".equals(graphics.attribute("autoport"));
  }

  private static XmlException cannot(String words) {
    return new XmlException(Kind.OPERATION_UNSUPPORTED, XmlException.QEMU_ORIGIN, words);
  }
}
