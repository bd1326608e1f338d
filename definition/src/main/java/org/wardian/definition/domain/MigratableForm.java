package org.wardian.definition.domain;

import java.util.List;
import org.wardian.definition.xml.XmlElement;

/**
 * A document as a host of an older release can read it ({@code VIR_DOMAIN_XML_MIGRATABLE}): without
 * the devices that every release adds by itself, as libvirt 9.0 leaves them out.
 */
final class MigratableForm {
  private MigratableForm() {}

  /** Takes out what a document need not say; it is a definition, without names of devices. */
  static void reduce(XmlElement root) {
    XmlElement cpu = root.child("cpu");
    if (cpu != null && "Icelake-Server".equals(cpu.textAt("model"))) {
      // Older models of this name were without it, and had to have it switched off.
      new Cpu(cpu).setPolicy("pconfig", "disable");
      DomainForm.TABLE.arrange(root);
    }
    XmlElement devices = root.child("devices");
    if (devices == null) {
      return;
    }
    String board = root.find("os/type").map(type -> type.attribute("machine", "")).orElse("");
    boolean isOldBoard = board.equals("pc") || board.startsWith("pc-i440fx-");
    XmlElement usb = onlyController(devices, "usb");
    XmlElement pci = onlyController(devices, "pci");
    boolean withoutUsb = isOldBoard && usb != null && isUsual(usb, "piix3-uhci");
    boolean withoutPci = pci != null && isUsual(pci, "pci-root") && pci.child("pcihole64") == null;
    XmlElement audio = implicitAudio(devices);
    devices.removeIf(device ->
        device == audio
            || withoutUsb && device == usb
            || withoutPci && device == pci
            || device.name().equals("input")
                && "keyboard".equals(device.attribute("type"))
                && "ps2".equals(device.attribute("bus")));
    devices.children("graphics").forEach(MigratableForm::listens);
  }

  /** The controller of a type, where there is exactly one. */
  private static XmlElement onlyController(XmlElement devices, String type) {
    List<XmlElement> all =
        devices.children("controller").stream()
            .filter(controller -> type.equals(controller.attribute("type")))
            .toList();
    return all.size() == 1 ? all.get(0) : null;
  }

  private static boolean isUsual(XmlElement controller, String model) {
    return "0".equals(controller.attribute("index"))
        && model.equals(controller.attribute("model"))
        && controller.child("alias") == null;
  }

  /** The audio device that comes by itself with the graphics that a document has. */
  private static XmlElement implicitAudio(XmlElement devices) {
    List<XmlElement> all = devices.children("audio");
    if (all.size() != 1) {
      return null;
    }
    XmlElement audio = all.get(0);
    boolean isSpice =
        devices.children("graphics").stream()
            .anyMatch(one -> "spice".equals(one.attribute("type")));
    boolean isUsual =
        (isSpice ? "spice" : "none").equals(audio.attribute("type"))
            && "1".equals(audio.attribute("id"))
            && audio.attributes().size() == 2
            && audio.children().isEmpty();
    return isUsual ? audio : null;
  }

  /** What older releases do not know of where a screen is shown: they read the attributes. */
  private static void listens(XmlElement graphics) {
    XmlElement listen = graphics.child("listen");
    String type = listen == null ? "" : listen.attribute("type", "");
    if (type.equals("socket") && graphics.attribute("socket") != null) {
      graphics.remove("listen");
    } else if (type.equals("none") && "spice".equals(graphics.attribute("type"))) {
      graphics.remove("listen");
      graphics.set("autoport", "no");
      DomainForm.TABLE.arrange(graphics, "graphics");
    }
  }
}
