package org.wardian.definition.domain;

import org.wardian.definition.xml.XmlElement;

/** A timer that a guest must serve: {@code <watchdog>}. */
public final class Watchdog extends DomainDevice {
  Watchdog(XmlElement element) {
    super(element);
  }

  /** i6300esb, ib700, itco, diag288. */
  public String model() {
    return element().attribute("model", "");
  }

  /**
   * What happens when it is not served: reset, shutdown, poweroff, pause, none, dump, inject-nmi.
   */
  public String action() {
    return element().attribute("action", "reset");
  }
}
