package org.wardian.definition.domain;

import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;

/** Sockets between host and guest: {@code <vsock>}. */
public final class Vsock extends DomainDevice {
  Vsock(XmlElement element) {
    super(element);
  }

  /** virtio, virtio-transitional or virtio-non-transitional. */
  public String model() {
    return element().attribute("model", "virtio");
  }

  /** Whether the guest's number is chosen at start. */
  public boolean isAutomatic() {
    return Values.flag(attribute("cid", "auto")).orElse(false);
  }

  /** The guest's number, from 3. */
  public OptionalLong contextId() {
    return Values.number(attribute("cid", "address"));
  }
}
