package org.wardian.definition.domain;

import org.wardian.definition.xml.XmlElement;

/** By what a guest says that it has panicked: {@code <panic>}. */
public final class Panic extends DomainDevice {
  Panic(XmlElement element) {
    super(element);
  }

  /** isa, hyperv, pvpanic, pseries, s390. */
  public String model() {
    return element().attribute("model", "isa");
  }
}
