package org.wardian.definition.domain;

import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/** What takes memory back from a guest: {@code <memballoon>}. */
public final class MemoryBalloon extends DomainDevice {
  MemoryBalloon(XmlElement element) {
    super(element);
  }

  /** virtio, virtio-transitional, virtio-non-transitional, xen or none. */
  public String model() {
    return element().attribute("model", "");
  }

  /** Seconds between the guest's reports. */
  public OptionalInt statisticsPeriod() {
    return Values.integer(attribute("stats", "period"));
  }

  /** Whether memory is given back when the guest is short of it. */
  public boolean isDeflatedWhenShort() {
    return Values.flag(attribute("autodeflate")).orElse(false);
  }

  /** Whether the guest says which pages it does not use. */
  public boolean isReportingFreePages() {
    return Values.flag(attribute("freePageReporting")).orElse(false);
  }
}
