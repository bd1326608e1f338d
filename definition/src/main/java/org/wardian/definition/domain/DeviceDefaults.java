package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/** Fills in what each device leaves out. */
final class DeviceDefaults {
  private static final Set<String> MADE_TARGETS = Set.of("vnet", "macvtap", "macvlan");

  private DeviceDefaults() {}

  static void complete(DomainDocument document, DomainDefaults defaults) throws XmlException {
    XmlElement devices = document.devicesElement();
    XmlElement emulator = devices.child("emulator");
    if (emulator == null) {
      devices.add(0, new XmlElement("emulator").text(defaults.emulator()));
    }
    DiskOrder.sort(devices);
    boolean firstVideo = true;
    for (XmlElement device : devices.children()) {
      complete(device, document, defaults);
      if (device.name().equals("video")) {
        GraphicsDefaults.video(device, defaults.hardware().video(), firstVideo);
        firstVideo = false;
      }
    }
  }

  /** The same for one device that comes later. */
  static void complete(XmlElement device, DomainDocument document, DomainDefaults defaults)
      throws XmlException {
    AddressForm.normalize(device);
    switch (device.name()) {
      case "disk" -> disk(device);
      case "interface" -> card(device, defaults);
      case "graphics" -> GraphicsDefaults.graphics(device);
      case "input" -> input(device);
      case "hostdev" -> {
        if (device.attribute("managed") == null && !"mdev".equals(device.attribute("type"))) {
          device.set("managed", "no");
        }
        AddressForm.hostDevice(device);
      }
      case "filesystem" -> {
        otherwise(device, "type", "mount");
        otherwise(device, "accessmode", "passthrough");
      }
      case "watchdog" -> otherwise(device, "action", "reset");
      case "panic" -> {
        if (device.attribute("model", "default").equals("default")) {
          device.set("model", "isa");
        }
      }
      case "redirfilter" -> device.children().forEach(AddressForm::usbFilter);
      case "vsock" -> vsock(device);
      case "rng" -> {
        XmlElement backend = device.child("backend");
        if (backend != null
            && "random".equals(backend.attribute("model"))
            && backend.text().isEmpty()) {
          backend.text("/dev/random");
        }
      }
      case "tpm" -> {
        otherwise(device, "model", "tpm-tis");
        XmlElement backend = device.child("backend");
        if (backend != null
            && "emulator".equals(backend.attribute("type"))
            && backend.attribute("version") == null) {
          backend.set("version", "2.0");
        }
      }
      case "memory" -> {
        for (String size : List.of("size", "block", "requested", "label/size")) {
          XmlElement element = device.find("target/" + size).orElse(null);
          MachineDefaults.size(element, "target/" + size);
        }
        XmlElement page = device.find("source/pagesize").orElse(null);
        MachineDefaults.size(page, "source/pagesize");
      }
      default -> {
        // The others say all that they are.
      }
    }
  }

  static void otherwise(XmlElement element, String key, String value) {
    if (element.attribute(key) == null) {
      element.set(key, value);
    }
  }

  private static void disk(XmlElement disk) {
    otherwise(disk, "type", "file");
    otherwise(disk, "device", "disk");
    XmlElement target = disk.childOrNew("target");
    String dev = target.attribute("dev", "");
    if (target.attribute("bus") == null) {
      target.set("bus", bus(dev, disk.attribute("device")));
    }
    XmlElement driver = disk.child("driver");
    if (driver == null) {
      driver = new XmlElement("driver");
      disk.add(0, driver);
    }
    otherwise(driver, "name", "qemu");
    otherwise(driver, "type", "raw");
    if (disk.attribute("device").equals("cdrom")) {
      disk.childOrNew("readonly");
    }
    XmlElement source = disk.child("source");
    XmlElement encryption = source == null ? null : source.child("encryption");
    if (encryption != null && !"default".equals(encryption.attribute("format"))) {
      otherwise(encryption, "engine", "qemu");
    }
    if (source != null && source.attribute("index") != null) {
      source.set("index", null);
    }
    if (source != null && source.attributes().isEmpty() && source.children().isEmpty()) {
      disk.removeIf(child -> child == source);
    }
  }

  private static String bus(String dev, String device) {
    if (device.equals("floppy")) {
      return "fdc";
    }
    if (dev.startsWith("hd")) {
      return "ide";
    } else if (dev.startsWith("sd")) {
      return "scsi";
    } else if (dev.startsWith("vd")) {
      return "virtio";
    } else if (dev.startsWith("xvd")) {
      return "xen";
    } else if (dev.startsWith("ubd")) {
      return "uml";
    }
    return dev.startsWith("fd") ? "fdc" : "ide";
  }

  private static void card(XmlElement card, DomainDefaults defaults) {
    XmlElement mac = card.child("mac");
    if (mac == null) {
      mac = new XmlElement("mac");
      card.add(0, mac);
    }
    if (mac.attribute("address") == null) {
      mac.set("address", DomainCompletion.randomMac(defaults.random()));
    }
    mac.set("address", mac.attribute("address").toLowerCase(Locale.ROOT));
    otherwise(card, "type", "ethernet");
    String type = card.attribute("type");
    if (card.child("model") == null && !type.equals("hostdev")) {
      card.append("model").set("type", defaults.hardware().network());
    }
    XmlElement target = card.child("target");
    String dev = target == null ? null : target.attribute("dev");
    if (dev != null && isMadeTarget(dev)) {
      target.set("dev", null);
    }
    if (target != null && target.attributes().isEmpty()) {
      card.remove("target");
    }
    XmlElement source = card.child("source");
    if (source != null && type.equals("network")) {
      source.set("portid", null).set("bridge", null);
    }
    if (source != null && type.equals("user")) {
      card.remove("source");
    }
    List<XmlElement> addresses = new ArrayList<>(card.children("ip"));
    if (source != null) {
      addresses.addAll(source.children("ip"));
    }
    for (XmlElement address : addresses) {
      otherwise(
          address, "family", address.attribute("address", "").contains(":") ? "ipv6" : "ipv4");
    }
  }

  /** Whether a host's interface has a name that was made for a domain that ran. */
  static boolean isMadeTarget(String dev) {
    return MADE_TARGETS.stream().anyMatch(dev::startsWith);
  }

  private static void input(XmlElement input) {
    if (input.attribute("bus") == null) {
      switch (input.attribute("type")) {
        case "tablet" -> input.set("bus", "usb");
        case "mouse", "keyboard" -> input.set("bus", "ps2");
        case "passthrough" -> input.set("bus", "virtio");
        default -> {
          // An evdev is on no bus.
        }
      }
    }
  }

  private static void vsock(XmlElement vsock) {
    otherwise(vsock, "model", "virtio");
    XmlElement cid = vsock.child("cid");
    if (cid == null) {
      return;
    }
    if (cid.attribute("auto") == null) {
      cid.set("auto", cid.attribute("address") == null ? "yes" : "no");
    }
    if (cid.attribute("auto").equals("yes")) {
      cid.set("address", null);
    }
  }
}
