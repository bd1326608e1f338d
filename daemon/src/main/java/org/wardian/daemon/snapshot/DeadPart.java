package org.wardian.daemon.snapshot;

import java.util.List;
import java.util.Locale;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * What becomes of a snapshot's overlay that its disk does not stand on any more.
 *
 * @param above images right above it, which stand on the base then, where it is merged
 * @param after images beneath it that go after it, the upper first, where it is removed
 */
record DeadPart(OverlayPart part, Fate fate, List<String> above, List<String> after) {
  /** The ways of an overlay. */
  enum Fate {
    /** Nothing stands on it. */
    REMOVE,
    /** Only it stands on its base, which nobody needs as it is. */
    MERGE,
    /** It stays until what needs it is gone. */
    KEEP
  }

  /** Copies the lists. */
  DeadPart {
    above = List.copyOf(above);
    after = List.copyOf(after);
  }

  /** The same that stays where it is. */
  DeadPart kept() {
    return new DeadPart(part, Fate.KEEP, List.of(), List.of());
  }

  /** Writes it into an entry of the journal. */
  void addTo(XmlElement entry) {
    XmlElement own = entry.append("disk").set("name", part.disk());
    own.set("fate", fate.name().toLowerCase(Locale.ROOT));
    above.forEach(file -> own.append("above").set("file", file));
    after.forEach(file -> own.append("after").set("file", file));
  }

  /**
   * Reads what {@link #addTo} wrote.
   *
   * @throws XmlException where it is none
   */
  static DeadPart of(XmlElement own, OverlayPart part) throws XmlException {
    for (Fate fate : Fate.values()) {
      if (fate.name().toLowerCase(Locale.ROOT).equals(own.attribute("fate", ""))) {
        return new DeadPart(part, fate, files(own, "above"), files(own, "after"));
      }
    }
    throw XmlException.badContent("it does not say what becomes of an overlay");
  }

  private static List<String> files(XmlElement own, String name) {
    return own.children(name).stream()
        .map(one -> one.attribute("file", ""))
        .filter(file -> !file.isEmpty())
        .toList();
  }
}
