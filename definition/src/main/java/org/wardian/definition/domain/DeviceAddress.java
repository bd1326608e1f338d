package org.wardian.definition.domain;

import java.util.Locale;
import java.util.Optional;
import org.wardian.definition.xml.XmlElement;

/** Where a device is plugged: {@code <address>} of a device. */
public sealed interface DeviceAddress {
  /** A function of a PCI slot. */
  record Pci(int domain, int bus, int slot, int function, boolean multifunction)
      implements DeviceAddress {
    /** As lspci writes it: 0000:00:02.0. */
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%04x:%02x:%02x.%x", domain, bus, slot, function);
    }
  }

  /** A unit of a disk controller: IDE, SCSI, SATA, diskette. */
  record Drive(int controller, int bus, int target, int unit) implements DeviceAddress {}

  /** A port of a virtio-serial controller. */
  record VirtioSerial(int controller, int bus, int port) implements DeviceAddress {}

  /** A port of a USB bus; ports of hubs with dots between, from 1. */
  record Usb(int bus, String port) implements DeviceAddress {}

  /** A slot of a smartcard controller. */
  record Ccid(int controller, int slot) implements DeviceAddress {}

  /** Ports and interrupt of an ISA device; -1 where not said. */
  record Isa(int ioBase, int interrupt) implements DeviceAddress {}

  /** A slot for memory; the base is 0 where not said. */
  record Dimm(int slot, long base) implements DeviceAddress {}

  /** A window of virtio over memory. */
  record VirtioMmio() implements DeviceAddress {}

  /** A kind that other architectures have. */
  record Other(String type) implements DeviceAddress {}

  /** The address within an element; empty where there is none. */
  static Optional<DeviceAddress> of(XmlElement device) {
    XmlElement address = device.child("address");
    if (address == null || address.attribute("type") == null) {
      return Optional.empty();
    }
    return Optional.of(
        switch (address.attribute("type")) {
          case "pci" -> pci(address);
          case "drive" ->
              new Drive(
                  number(address, "controller", 0),
                  number(address, "bus", 0),
                  number(address, "target", 0),
                  number(address, "unit", 0));
          case "virtio-serial" ->
              new VirtioSerial(
                  number(address, "controller", 0),
                  number(address, "bus", 0),
                  number(address, "port", 0));
          case "usb" -> new Usb(number(address, "bus", 0), address.attribute("port", ""));
          case "ccid" -> new Ccid(number(address, "controller", 0), number(address, "slot", 0));
          case "isa" -> new Isa(number(address, "iobase", -1), number(address, "irq", -1));
          case "dimm" ->
              new Dimm(
                  number(address, "slot", 0), Values.number(address.attribute("base")).orElse(0));
          case "virtio-mmio" -> new VirtioMmio();
          case String other -> new Other(other);
        });
  }

  /** The PCI address that an element's attributes say, 0 for each that is missing. */
  static Pci pci(XmlElement element) {
    return new Pci(
        number(element, "domain", 0),
        number(element, "bus", 0),
        number(element, "slot", 0),
        number(element, "function", 0),
        "on".equals(element.attribute("multifunction")));
  }

  private static int number(XmlElement element, String key, int otherwise) {
    return Values.integer(element.attribute(key)).orElse(otherwise);
  }
}
