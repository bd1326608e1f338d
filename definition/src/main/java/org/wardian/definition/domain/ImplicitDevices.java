package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** Adds the devices that a board has whether a document names them or not. */
final class ImplicitDevices {
  /** How many units a controller has, by its type. */
  private static final Map<String, Integer> UNITS =
      Map.of("scsi", 7, "fdc", 2, "ide", 4, "sata", 6);

  /** Controllers of one type; a place on a later one is none. */
  static final int MOST_CONTROLLERS = 256;

  private ImplicitDevices() {}

  static void complete(DomainDocument document, DomainDefaults defaults) {
    XmlElement devices = document.devicesElement();
    DomainDefaults.Hardware hardware = defaults.hardware();
    graphicsCard(devices, hardware);
    indices(devices);
    sortControllers(devices);
    boolean q35 = document.os().isQ35();
    if (hardware.usb()) {
      maybe(devices, "usb", 0, q35 ? "qemu-xhci" : "piix3-uhci");
    }
    if (q35) {
      maybe(devices, "sata", 0, null);
    }
    maybe(devices, "pci", 0, q35 ? "pcie-root" : "pci-root");
    for (String type : List.of("scsi", "fdc", "ide", "sata")) {
      int most = highest(devices, type);
      for (int index = 0; index <= most; index++) {
        maybe(devices, type, index, type.equals("scsi") ? hardware.scsi() : null);
      }
    }
    serialControllers(devices);
    if (devices.child("smartcard") != null) {
      maybe(devices, "ccid", 0, null);
    }
    models(devices, document, hardware);
    controllerOptions(devices);
    inputs(devices);
    audio(devices);
    if (devices.child("memballoon") == null) {
      devices.append("memballoon").set("model", "virtio");
    }
  }

  private static void graphicsCard(XmlElement devices, DomainDefaults.Hardware hardware) {
    if (devices.child("graphics") != null && devices.child("video") == null) {
      GraphicsDefaults.video(devices.append("video"), hardware.video(), true);
    }
  }

  /** Numbers for controllers that have none. */
  private static void indices(XmlElement devices) {
    Map<String, Integer> next = new HashMap<>();
    for (XmlElement controller : devices.children("controller")) {
      DeviceDefaults.otherwise(controller, "type", "ide");
      if (index(controller) < 0) {
        controller.set("index", null);
      }
      if (controller.attribute("index") != null) {
        next.merge(
            controller.attribute("type"),
            Values.integer(controller.attribute("index")).orElse(0) + 1,
            Math::max);
      }
    }
    int usb = 0;
    for (XmlElement controller : devices.children("controller")) {
      boolean isUsb = controller.attribute("type").equals("usb");
      boolean isCompanion = isUsb && controller.child("master") != null;
      if (controller.attribute("index") == null && isCompanion) {
        // It is part of the controller before it.
        controller.set("index", usb);
      } else if (controller.attribute("index") == null) {
        int index = next.getOrDefault(controller.attribute("type"), 0);
        controller.set("index", index);
        next.put(controller.attribute("type"), index + 1);
      }
      usb = isUsb ? index(controller) : usb;
    }
  }

  private static void sortControllers(XmlElement devices) {
    List<XmlElement> sorted = new ArrayList<>();
    for (XmlElement controller : devices.children("controller")) {
      insert(sorted, controller);
    }
    List<XmlElement> all = new ArrayList<>(devices.children());
    all.removeIf(child -> child.name().equals("controller"));
    all.addAll(sorted);
    devices.replaceChildren(all);
  }

  /** Puts a controller among others: by number within its type, types as they come. */
  private static void insert(List<XmlElement> controllers, XmlElement controller) {
    int at = controllers.size();
    boolean found = false;
    for (int i = controllers.size() - 1; i >= 0; i--) {
      XmlElement other = controllers.get(i);
      if (!other.attribute("type").equals(controller.attribute("type"))) {
        continue;
      }
      if (index(other) > index(controller)) {
        at = i;
        found = true;
      } else {
        at = found ? at : i + 1;
        break;
      }
    }
    controllers.add(at, controller);
  }

  static int index(XmlElement controller) {
    return Values.integer(controller.attribute("index")).orElse(0);
  }

  /** Adds a controller where there is none of its type and number; returns the one there is. */
  static XmlElement maybe(XmlElement devices, String type, int index, String model) {
    for (XmlElement controller : devices.children("controller")) {
      if (type.equals(controller.attribute("type")) && index(controller) == index) {
        return controller;
      }
    }
    XmlElement controller =
        new XmlElement("controller").set("type", type).set("index", index).set("model", model);
    devices.add(controller);
    return controller;
  }

  /** The highest controller that a disk of a type is on, or -1. */
  private static int highest(XmlElement devices, String type) {
    int most = -1;
    for (XmlElement disk : devices.children("disk")) {
      if (type.equals(disk.attributeAt("target", "bus"))) {
        String said = disk.attributeAt("address", "controller");
        int index = DiskOrder.index(disk.attributeAt("target", "dev"));
        most =
            Math.max(
                most,
                Math.min(
                    said == null
                        ? Math.max(index, 0) / UNITS.get(type)
                        : Values.integer(said).orElse(0),
                    MOST_CONTROLLERS - 1));
      }
    }
    return most;
  }

  private static void serialControllers(XmlElement devices) {
    int most = -1;
    for (XmlElement device : devices.children()) {
      boolean isVirtio =
          (device.name().equals("channel") || device.name().equals("console"))
              && "virtio".equals(device.attributeAt("target", "type"));
      if (isVirtio) {
        String said = device.attributeAt("address", "controller");
        most =
            Math.max(
                most,
                said == null ? 0 : Math.min(Values.integer(said).orElse(0), MOST_CONTROLLERS - 1));
      }
    }
    for (int index = 0; index <= most; index++) {
      maybe(devices, "virtio-serial", index, null);
    }
  }

  private static void models(
      XmlElement devices, DomainDocument document, DomainDefaults.Hardware hardware) {
    boolean q35 = document.os().isQ35();
    for (XmlElement controller : devices.children("controller")) {
      String model = controller.attribute("model");
      if (model == null) {
        switch (controller.attribute("type")) {
          case "usb" -> controller.set("model", q35 ? "qemu-xhci" : "piix3-uhci");
          case "scsi" -> controller.set("model", hardware.scsi());
          case "pci" -> {
            if (index(controller) == 0) {
              controller.set("model", q35 ? "pcie-root" : "pci-root");
            } else {
              controller.set("model", q35 ? "pcie-root-port" : "pci-bridge");
            }
          }
          default -> {
            // The others have one model.
          }
        }
      }
    }
  }

  /** The chips that stand for PCI bridges and ports. */
  static void controllerOptions(XmlElement devices) {
    for (XmlElement controller : devices.children("controller")) {
      if (!controller.attribute("type").equals("pci") || controller.child("model") != null) {
        continue;
      }
      String chip =
          switch (controller.attribute("model", "")) {
            case "pcie-root-port" -> "pcie-root-port";
            case "pcie-to-pci-bridge" -> "pcie-pci-bridge";
            case "pci-bridge" -> "pci-bridge";
            case "dmi-to-pci-bridge" -> "i82801b11-bridge";
            case "pcie-switch-upstream-port" -> "x3130-upstream";
            case "pcie-switch-downstream-port" -> "xio3130-downstream";
            case "pci-expander-bus" -> "pxb";
            case "pcie-expander-bus" -> "pxb-pcie";
            default -> null;
          };
      if (chip != null) {
        controller.add(0, new XmlElement("model").set("name", chip));
      }
    }
  }

  private static void inputs(XmlElement devices) {
    for (String type : List.of("mouse", "keyboard")) {
      boolean there =
          devices.children("input").stream()
              .anyMatch(input ->
                  type.equals(input.attribute("type")) && "ps2".equals(input.attribute("bus")));
      if (!there) {
        devices.append("input").set("type", type).set("bus", "ps2");
      }
    }
  }

  private static void audio(XmlElement devices) {
    if (devices.child("audio") == null) {
      Set<String> shown = new HashSet<>();
      devices.children("graphics").forEach(graphics -> shown.add(graphics.attribute("type")));
      devices
          .append("audio")
          .set("id", "1")
          .set("type", shown.contains("spice") ? "spice" : "none");
    }
  }
}
