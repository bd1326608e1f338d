package org.wardian.definition.domain;

import org.wardian.definition.xml.XmlElement;

/** A device of a client that is given to the guest: {@code <redirdev>}. */
public final class Redirection extends DomainDevice {
  Redirection(XmlElement element) {
    super(element);
  }

  /** usb. */
  public String bus() {
    return element().attribute("bus", "");
  }

  /** By what the client is reached. */
  public CharacterDevice connection() {
    return new CharacterDevice(element());
  }
}
