package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** Which devices have a PCI address, in the order in which they get it, and what kind of slot. */
final class PciNeeds {
  private static final Set<String> EXPRESS_CARDS = Set.of("e1000e", "igb", "vmxnet3");

  private PciNeeds() {}

  /** The devices that need an address, PCI controllers left out. */
  static List<XmlElement> ordered(XmlElement devices) {
    List<XmlElement> ordered = new ArrayList<>();
    for (String kind :
        List.of(
            "filesystem",
            "interface",
            "sound",
            "controller",
            "disk",
            "hostdev",
            "memballoon",
            "rng",
            "watchdog",
            "video",
            "shmem",
            "input",
            "serial",
            "vsock",
            "crypto",
            "memory",
            "iommu",
            "panic")) {
      for (XmlElement device : devices.children(kind)) {
        if (isPci(device)) {
          ordered.add(device);
        }
      }
    }
    return ordered;
  }

  private static boolean isPci(XmlElement device) {
    return switch (device.name()) {
      case "filesystem", "rng", "shmem", "vsock", "crypto" -> true;
      case "interface" -> !"usb-net".equals(device.attributeAt("model", "type"));
      case "sound" -> !Set.of("usb", "pcspk", "sb16").contains(device.attribute("model"));
      case "controller" ->
          switch (device.attribute("type")) {
            case "usb" -> !"none".equals(device.attribute("model"));
            case "scsi" ->
                !Set.of("ibmvscsi", "ncr53c90", "am53c974-isa").contains(device.attribute("model"));
            case "sata", "virtio-serial", "ide" -> true;
            default -> false;
          };
      case "disk" -> "virtio".equals(device.attributeAt("target", "bus"));
      case "hostdev" -> Set.of("pci", "mdev", "scsi_host").contains(device.attribute("type", ""));
      case "memballoon" -> !Set.of("none", "xen").contains(device.attribute("model"));
      case "watchdog" -> "i6300esb".equals(device.attribute("model"));
      case "video" -> !Set.of("none", "ramfb").contains(device.attributeAt("model", "type"));
      case "input" -> "virtio".equals(device.attribute("bus"));
      case "serial" -> "pci-serial".equals(device.attributeAt("target", "type"));
      case "memory" -> device.attribute("model").startsWith("virtio-");
      case "iommu" -> "virtio".equals(device.attribute("model"));
      case "panic" -> "pvpanic".equals(device.attribute("model"));
      default -> false;
    };
  }

  /** The slot that a device needs on a board with PCI Express. */
  static PciBus.Kind kind(XmlElement device) {
    return switch (device.name()) {
      case "interface" -> {
        String model = device.attributeAt("model", "type");
        yield model == null
                || model.startsWith("virtio")
                || EXPRESS_CARDS.contains(model)
                || "hostdev".equals(device.attribute("type"))
            ? virtio(model)
            : PciBus.Kind.PCI;
      }
      case "controller" ->
          switch (device.attribute("type")) {
            case "usb" ->
                Set.of("qemu-xhci", "nec-xhci").contains(device.attribute("model", ""))
                    ? PciBus.Kind.EXPRESS
                    : PciBus.Kind.PCI;
            case "scsi" -> {
              String model = device.attribute("model", "");
              yield model.startsWith("virtio-") || model.equals("lsisas1078x")
                  ? virtio(model)
                  : PciBus.Kind.PCI;
            }
            case "virtio-serial" -> virtio(device.attribute("model"));
            default -> PciBus.Kind.PCI;
          };
      case "video" -> {
        String type = device.attributeAt("model", "type");
        yield Set.of("virtio", "bochs").contains(type) ? PciBus.Kind.EXPRESS : PciBus.Kind.PCI;
      }
      case "sound", "watchdog", "shmem", "serial", "panic" -> PciBus.Kind.PCI;
      case "iommu" -> PciBus.Kind.ROOT;
      default -> virtio(device.attribute("model"));
    };
  }

  private static PciBus.Kind virtio(String model) {
    return model != null && model.endsWith("virtio-transitional") && !model.contains("-non-")
        ? PciBus.Kind.PCI
        : PciBus.Kind.EXPRESS;
  }

  /** Whether a device is one of the four functions of an ICH9's USB 2. */
  static boolean isIch9Usb(XmlElement device) {
    return device.name().equals("controller")
        && "usb".equals(device.attribute("type"))
        && device.attribute("model", "").startsWith("ich9-");
  }

  /** The function that such a part has. */
  static int ich9Function(XmlElement device) {
    return switch (device.attribute("model", "")) {
      case "ich9-ehci1", "ich9-ehci2" -> 7;
      case "ich9-uhci2", "ich9-uhci5" -> 1;
      case "ich9-uhci3", "ich9-uhci6" -> 2;
      default -> 0;
    };
  }
}
