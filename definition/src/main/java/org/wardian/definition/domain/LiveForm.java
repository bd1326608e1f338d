package org.wardian.definition.domain;

import org.wardian.definition.xml.XmlElement;

/** What a running domain's document has beside its definition. */
final class LiveForm {
  private LiveForm() {}

  /** Takes away what is only there while a domain runs. */
  static void settle(XmlElement root) {
    root.set("id", null);
  }
}
