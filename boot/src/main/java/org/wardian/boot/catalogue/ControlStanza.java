package org.wardian.boot.catalogue;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One paragraph of a Debian control file (Debian Policy Manual §5.1): fields in their order, names
 * compared without regard to case. Lines of a folded or multi-line value are joined by line feeds,
 * each without its leading white space; the first line may be empty.
 */
final class ControlStanza {
  private final Map<String, String> fields;

  ControlStanza(Map<String, String> fields) {
    Map<String, String> lower = new LinkedHashMap<>();
    fields.forEach((name, value) -> lower.put(name.toLowerCase(Locale.ROOT), value));
    this.fields = Collections.unmodifiableMap(lower);
  }

  /** The value of a field, or null if there is none of that name. */
  String get(String name) {
    return fields.get(name.toLowerCase(Locale.ROOT));
  }

  /** The value of a field, or {@code otherwise} if there is none of that name. */
  String get(String name, String otherwise) {
    return fields.getOrDefault(name.toLowerCase(Locale.ROOT), otherwise);
  }

  /** How many fields there are. */
  int size() {
    return fields.size();
  }
}
