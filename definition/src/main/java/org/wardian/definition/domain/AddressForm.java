package org.wardian.definition.domain;

import java.util.Locale;
import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/** Writes addresses in libvirt's form, with all their parts. */
final class AddressForm {
  private static final String[] PCI = {"domain", "bus", "slot", "function"};

  private AddressForm() {}

  /** Rewrites a device's own address; one that says nothing is taken away. */
  static void normalize(XmlElement device) throws XmlException {
    XmlElement address = device.child("address");
    if (address == null || device.name().equals("memory")) {
      return;
    }
    String type = address.attribute("type");
    if (type == null) {
      throw XmlException.badContent("Missing required attribute 'type' in element 'address'");
    }
    XmlElement plain = new XmlElement("address").set("type", type);
    switch (type) {
      case "pci" -> {
        pci(address, plain);
        if (address.attribute("slot") == null
            && address.attribute("bus") == null
            && address.attribute("function") == null) {
          device.remove("address");
          return;
        }
        plain.set("multifunction", address.attribute("multifunction"));
      }
      case "drive" -> copy(address, plain, "0", "controller", "bus", "target", "unit");
      case "virtio-serial" -> copy(address, plain, "0", "controller", "bus", "port");
      case "ccid" -> copy(address, plain, "0", "controller", "slot");
      case "usb" -> {
        copy(address, plain, "0", "bus");
        plain.set("port", address.attribute("port"));
      }
      case "isa" -> {
        hexadecimal(address, plain, "iobase");
        hexadecimal(address, plain, "irq");
      }
      case "dimm", "spapr-vio", "ccw", "virtio-mmio", "virtio-s390", "mdev", "unassigned" ->
          address.attributes().forEach(plain::set);
      default -> throw XmlException.badContent("unknown address type '" + type + "'");
    }
    device.replace(address, plain);
  }

  /** Writes a PCI address. */
  static void pci(XmlElement from, XmlElement to) throws XmlException {
    int[] most = {0xffff, 0xff, 0x1f, 7};
    String[] forms = {"0x%04x", "0x%02x", "0x%02x", "0x%x"};
    for (int i = 0; i < PCI.length; i++) {
      String text = from.attribute(PCI[i], "0");
      OptionalInt value = Values.integer(text);
      if (value.isEmpty() || value.getAsInt() < 0) {
        throw new XmlException(
            XmlException.Kind.BAD_CONTENT,
            XmlException.XML_ORIGIN,
            "Invalid value for attribute '"
                + PCI[i]
                + "' in element 'address': '"
                + text
                + "'. Expected non-negative integer value");
      }
      if (value.getAsInt() > most[i]) {
        String hex = "0x" + Integer.toHexString(value.getAsInt());
        throw XmlException.badContent(
            i == 3
                ? "Invalid PCI address function=" + hex + ", must be <= 7"
                : "Invalid PCI address "
                    + PCI[i]
                    + "='"
                    + hex
                    + "', must be <= "
                    + String.format(Locale.ROOT, "0x%X", most[i]));
      }
      to.set(PCI[i], String.format(Locale.ROOT, forms[i], value.getAsInt()));
    }
  }

  /** The address of a slot. */
  static XmlElement element(DeviceAddress.Pci pci) {
    XmlElement element =
        new XmlElement("address")
            .set("type", "pci")
            .set("domain", String.format(Locale.ROOT, "0x%04x", pci.domain()))
            .set("bus", String.format(Locale.ROOT, "0x%02x", pci.bus()))
            .set("slot", String.format(Locale.ROOT, "0x%02x", pci.slot()))
            .set("function", String.format(Locale.ROOT, "0x%x", pci.function()));
    return pci.multifunction() ? element.set("multifunction", "on") : element;
  }

  /** The address of a unit of a disk controller. */
  static XmlElement drive(int controller, int bus, int unit) {
    return new XmlElement("address")
        .set("type", "drive")
        .set("controller", controller)
        .set("bus", bus)
        .set("target", 0)
        .set("unit", unit);
  }

  /** Ids and addresses of the host's own device. */
  static void hostDevice(XmlElement device) throws XmlException {
    XmlElement source = device.child("source");
    if (source == null) {
      return;
    }
    for (String name : new String[] {"vendor", "product"}) {
      XmlElement id = source.child(name);
      OptionalInt value = id == null ? OptionalInt.empty() : Values.integer(id.attribute("id"));
      if (value.isPresent()) {
        id.set("id", String.format(Locale.ROOT, "0x%04x", value.getAsInt()));
      }
    }
    XmlElement address = source.child("address");
    if (address != null && "pci".equals(device.attribute("type"))) {
      XmlElement plain = new XmlElement("address");
      pci(address, plain);
      source.replace(address, plain);
    }
  }

  /** Numbers of a filter of USB devices. */
  static void usbFilter(XmlElement filter) {
    for (String key : new String[] {"class", "vendor", "product"}) {
      OptionalInt value = Values.integer(filter.attribute(key));
      if (value.isPresent() && value.getAsInt() >= 0) {
        filter.set(
            key,
            String.format(
                Locale.ROOT, key.equals("class") ? "0x%02X" : "0x%04X", value.getAsInt()));
      }
    }
  }

  private static void copy(XmlElement from, XmlElement to, String otherwise, String... keys) {
    for (String key : keys) {
      OptionalInt value = Values.integer(from.attribute(key, otherwise));
      to.set(key, value.isPresent() ? Integer.toString(value.getAsInt()) : otherwise);
    }
  }

  private static void hexadecimal(XmlElement from, XmlElement to, String key) {
    OptionalInt value = Values.integer(from.attribute(key));
    if (value.isPresent()) {
      to.set(key, "0x" + Integer.toHexString(value.getAsInt()));
    }
  }
}
