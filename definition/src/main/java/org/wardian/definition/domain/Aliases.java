package org.wardian.definition.domain;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** The names of a running domain's devices, as libvirt gives them to QEMU. */
public final class Aliases {
  /** What starts a name that a document chose itself. */
  public static final String OWN = "ua-";

  private static final Set<String> WITHOUT =
      Set.of("emulator", "graphics", "audio", "redirfilter", "lease", "nvram");

  private Aliases() {}

  /** Gives a name to each device that has none. */
  public static void assign(DomainDocument document) {
    for (XmlElement device : document.devicesElement().children()) {
      assign(document, device);
    }
  }

  /** Gives a name to one device, which may be in the document or is to come into it. */
  public static void assign(DomainDocument document, XmlElement device) {
    if (device.child("alias") != null || WITHOUT.contains(device.name())) {
      return;
    }
    String alias = alias(document, device);
    if (alias != null) {
      device.append("alias").set("name", alias);
      DomainForm.TABLE.arrange(device, device.name().equals("memory") ? "dimm" : device.name());
    }
  }

  private static String alias(DomainDocument document, XmlElement device) {
    return switch (device.name()) {
      case "disk" -> disk(document, device);
      case "controller" -> controller(document, device);
      case "interface" ->
          next(document, device, "hostdev".equals(device.attribute("type")) ? "hostdev" : "net");
      case "filesystem" -> next(document, device, "fs");
      case "redirdev" -> next(document, device, "redir");
      case "console" -> console(document, device);
      case "panic" ->
          device.child("address") != null || "pvpanic".equals(device.attribute("model"))
              ? next(document, device, "panic")
              : null;
      case "memballoon" -> "none".equals(device.attribute("model")) ? null : "balloon0";
      case "memory" -> {
        String slot = device.attributeAt("address", "slot");
        yield slot == null
            ? next(document, device, device.attribute("model", "dimm").replace("-", ""))
            : device.attribute("model", "dimm") + slot;
      }
      case "vsock", "iommu" -> device.name() + "0";
      case "serial",
          "parallel",
          "channel",
          "smartcard",
          "input",
          "tpm",
          "sound",
          "video",
          "hostdev",
          "hub",
          "watchdog",
          "rng",
          "shmem",
          "crypto" ->
          next(document, device, device.name());
      default -> null;
    };
  }

  /** The first number above those in use. */
  private static String next(DomainDocument document, XmlElement device, String prefix) {
    Set<String> used = new HashSet<>();
    int next = 0;
    for (XmlElement other : document.devicesElement().children()) {
      String alias = other == device ? null : other.attributeAt("alias", "name");
      if (alias != null && alias.startsWith(prefix)) {
        used.add(alias);
        next = Math.max(next, Values.integer(alias.substring(prefix.length())).orElse(-1) + 1);
      }
    }
    while (used.contains(prefix + next)) {
      next++;
    }
    return prefix + next;
  }

  private static String disk(DomainDocument document, XmlElement disk) {
    String bus = disk.attributeAt("target", "bus");
    if (DeviceAddress.of(disk).orElse(null)
        instanceof DeviceAddress.Drive(int controller, int line, int target, int unit)) {
      if (bus.equals("scsi") && !isLsi(document, controller)) {
        return "scsi" + controller + "-" + line + "-" + target + "-" + unit;
      }
      return bus + controller + "-" + line + "-" + unit;
    }
    return bus + "-disk" + Math.max(0, DiskOrder.index(disk.attributeAt("target", "dev")));
  }

  private static boolean isLsi(DomainDocument document, int index) {
    return document.controllers().stream()
        .filter(controller -> controller.type().equals("scsi") && controller.index() == index)
        .anyMatch(controller -> controller.model().filter("lsilogic"::equals).isPresent());
  }

  private static String controller(DomainDocument document, XmlElement controller) {
    String type = controller.attribute("type");
    int index = ImplicitDevices.index(controller);
    boolean q35 = document.os().isQ35();
    return switch (type) {
      case "pci" ->
          controller.attribute("model", "").equals("pcie-root") ? "pcie." + index : "pci." + index;
      case "ide" -> index == 0 && !q35 ? "ide" : "ide" + index;
      case "sata" -> index == 0 && q35 ? "ide" : "sata" + index;
      case "usb" -> index == 0 ? "usb" : "usb" + index;
      default -> type + index;
    };
  }

  private static String console(DomainDocument document, XmlElement console) {
    List<XmlElement> consoles = document.devicesElement().children("console");
    if (!"serial".equals(console.attributeAt("target", "type"))) {
      int index = consoles.indexOf(console);
      return "console" + (index < 0 ? consoles.size() : index);
    }
    XmlElement serial = document.devicesElement().child("serial");
    String twin = serial == null ? null : serial.attributeAt("alias", "name");
    return twin == null ? "serial0" : twin;
  }
}
