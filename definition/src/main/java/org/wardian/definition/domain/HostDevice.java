package org.wardian.definition.domain;

import java.util.Optional;
import org.wardian.definition.xml.XmlElement;

/** A device of the host that is given to the guest: {@code <hostdev>}. */
public final class HostDevice extends DomainDevice {
  HostDevice(XmlElement element) {
    super(element);
  }

  /** subsystem or capabilities. */
  public String mode() {
    return element().attribute("mode", "subsystem");
  }

  /** usb, pci, scsi, scsi_host, mdev. */
  public String type() {
    return element().attribute("type", "");
  }

  /** Whether the host's driver is taken off and put back by the daemon. */
  public boolean isManaged() {
    return Values.flag(attribute("managed")).orElse(false);
  }

  /** Where the host has it, of type pci. */
  public Optional<DeviceAddress.Pci> hostAddress() {
    return type().equals("pci")
        ? element().find("source/address").map(DeviceAddress::pci)
        : Optional.empty();
  }
}
