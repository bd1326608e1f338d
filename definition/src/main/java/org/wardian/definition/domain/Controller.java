package org.wardian.definition.domain;

import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/** What other devices are plugged into: {@code <controller>}. */
public final class Controller extends DomainDevice {
  Controller(XmlElement element) {
    super(element);
  }

  /** ide, fdc, scsi, sata, virtio-serial, ccid, usb, pci, xenbus or isa. */
  public String type() {
    return element().attribute("type", "");
  }

  /** Its number among those of its type. */
  public int index() {
    return Values.integer(word("index")).orElse(0);
  }

  /** The chip: virtio-scsi, qemu-xhci, pcie-root-port, ... */
  public Optional<String> model() {
    return attribute("model");
  }

  /** Ports of a USB or virtio-serial controller. */
  public OptionalInt ports() {
    return Values.integer(attribute("ports"));
  }

  /** Queues of a SCSI controller. */
  public OptionalInt queues() {
    return Values.integer(attribute("driver", "queues"));
  }

  /** The thread that does its work, from 1. */
  public OptionalInt ioThread() {
    return Values.integer(attribute("driver", "iothread"));
  }

  /** The number of a bridge's chassis. */
  public OptionalInt chassis() {
    return Values.integer(attribute("target", "chassis"));
  }

  /** The port of a PCI Express root port. */
  public OptionalInt port() {
    return Values.integer(attribute("target", "port"));
  }

  /** Whether a bridge's or port's devices may be plugged while running. */
  public boolean isHotplug() {
    return Values.flag(attribute("target", "hotplug")).orElse(true);
  }
}
