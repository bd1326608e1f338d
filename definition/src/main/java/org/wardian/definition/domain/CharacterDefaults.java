package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** Fills in serial ports, consoles and channels, and keeps the first serial port's two elements. */
final class CharacterDefaults {
  private static final Set<String> KINDS =
      Set.of("serial", "parallel", "console", "channel", "redirdev", "smartcard");

  private CharacterDefaults() {}

  static void complete(DomainDocument document) {
    XmlElement devices = document.devicesElement();
    for (XmlElement device : devices.children()) {
      complete(device);
    }
    twins(devices);
    numbers(document);
  }

  /** Numbers for ports and consoles, in a document whose first console is what it should be. */
  static void numbers(DomainDocument document) {
    XmlElement devices = document.devicesElement();
    ports(devices, "serial");
    ports(devices, "parallel");
    devices.children("serial").forEach(CharacterDefaults::serialTarget);
    int number = 0;
    for (XmlElement console : devices.children("console")) {
      XmlElement target = console.childOrNew("target");
      DeviceDefaults.otherwise(target, "type", "serial");
      if (number > 0 || !target.attribute("type").equals("serial")) {
        target.set("port", number);
      }
      number++;
    }
  }

  /** Fills in the connection of one device. */
  static void complete(XmlElement device) {
    XmlElement holder = device.name().equals("rng") ? device.child("backend") : device;
    if (holder == null || !(KINDS.contains(device.name()) || device.name().equals("rng"))) {
      return;
    }
    if (device.name().equals("redirdev") && device.attribute("type") == null) {
      device.set("type", "spicevmc");
    }
    if ("tcp".equals(holder.attribute("type"))) {
      XmlElement protocol = holder.childOrNew("protocol");
      DeviceDefaults.otherwise(protocol, "type", "raw");
    }
    if (device.name().equals("console")) {
      device.set("tty", null);
    }
    if ("pty".equals(holder.attribute("type"))) {
      holder.remove("source");
    }
    if (device.name().equals("channel")
        && "unix".equals(device.attribute("type"))
        && device.attributeAt("source", "path") == null) {
      device.remove("source");
    }
    if (device.name().equals("channel")) {
      XmlElement target = device.childOrNew("target");
      target.set("state", null);
    }
  }

  /** The first console and the first serial port are one device. */
  static void twins(XmlElement devices) {
    XmlElement console = devices.child("console");
    XmlElement serial = devices.child("serial");
    boolean isSerial =
        console != null
            && (console.child("target") == null
                || console.child("target").attribute("type", "serial").equals("serial"));
    if (isSerial && serial == null) {
      XmlElement own = twin(console, "serial");
      own.append("target").set("type", "isa-serial").set("port", "0");
      devices.add(own);
      serial = own;
    }
    if (isSerial) {
      XmlElement own = twin(serial, "console");
      own.append("target").set("type", "serial").set("port", "0");
      if (console.child("alias") != null) {
        own.add(console.child("alias"));
      }
      devices.replace(console, own);
    } else if (console == null && serial != null && isIsa(serial)) {
      XmlElement own = twin(serial, "console");
      own.append("target").set("type", "serial").set("port", "0");
      devices.add(own);
    }
  }

  private static boolean isIsa(XmlElement serial) {
    String type = serial.attributeAt("target", "type");
    return type == null || type.equals("isa-serial");
  }

  /** The same connection under another name. */
  static XmlElement twin(XmlElement device, String name) {
    XmlElement twin = new XmlElement(name);
    device.attributes().forEach(twin::set);
    for (XmlElement child : device.children()) {
      if (Set.of("source", "protocol", "log").contains(child.name())) {
        twin.add(child.copy());
      }
    }
    return twin;
  }

  /** Numbers for those that have none, above the others. */
  private static void ports(XmlElement devices, String kind) {
    List<XmlElement> without = new ArrayList<>();
    int next = 0;
    for (XmlElement device : devices.children(kind)) {
      XmlElement target = device.childOrNew("target");
      if (target.attribute("port") == null && "isa-serial".equals(target.attribute("type"))) {
        target.set("port", 0);
      } else if (target.attribute("port") == null) {
        without.add(target);
      } else {
        next = Math.max(next, Values.integer(target.attribute("port")).orElse(0) + 1);
      }
    }
    for (XmlElement target : without) {
      target.set("port", next++);
    }
  }

  private static void serialTarget(XmlElement serial) {
    XmlElement target = serial.child("target");
    if (target.attribute("type") == null) {
      String address = serial.attributeAt("address", "type");
      target.set(
          "type",
          address == null
              ? "isa-serial"
              : switch (address) {
                case "pci" -> "pci-serial";
                case "usb" -> "usb-serial";
                default -> "isa-serial";
              });
    }
    if (target.child("model") == null) {
      String type = target.attribute("type");
      target.append("model").set("name", type.equals("isa-debug") ? "isa-debugcon" : type);
    }
  }
}
