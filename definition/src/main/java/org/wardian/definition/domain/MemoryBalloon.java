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

  /** Whether the guest may take memory back when it is short of it; unless it says off. */
  public boolean isDeflatedWhenShort() {
    return Values.flag(attribute("autodeflate")).orElse(true);
  }

  /** Whether the guest may say which pages it does not use; unless it says off. */
  public boolean isReportingFreePages() {
    return Values.flag(attribute("freePageReporting")).orElse(true);
  }
}
