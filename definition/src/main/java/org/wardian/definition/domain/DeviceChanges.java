package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlException.Kind;
import org.wardian.definition.xml.XmlReader;

/**
 * Puts devices into a document, takes them out and changes them, with libvirt's answers. A document
 * is changed in full or, where an exception is thrown, not at all.
 */
public final class DeviceChanges {
  private static final Set<String> KINDS =
      Set.of(
          "disk",
          "controller",
          "lease",
          "filesystem",
          "interface",
          "smartcard",
          "serial",
          "parallel",
          "console",
          "channel",
          "input",
          "tpm",
          "graphics",
          "sound",
          "audio",
          "video",
          "hostdev",
          "redirdev",
          "hub",
          "watchdog",
          "memballoon",
          "rng",
          "nvram",
          "panic",
          "shmem",
          "memory",
          "iommu",
          "vsock",
          "crypto");

  /** Devices that are neither attached nor detached. */
  private static final Set<String> FIXED =
      Set.of(
          "graphics",
          "hub",
          "memballoon",
          "tpm",
          "panic",
          "smartcard",
          "nvram",
          "video",
          "audio",
          "iommu",
          "crypto");

  private static final Set<String> CHARACTERS = Set.of("serial", "parallel", "console", "channel");

  private DeviceChanges() {}

  /**
   * A device that a client describes: checked and filled in, but without an address that it does
   * not say, and in no document yet.
   *
   * @throws XmlException where it is none
   */
  public static DomainDevice read(DomainDocument document, String xml, DomainDefaults defaults)
      throws XmlException {
    XmlElement device = XmlReader.read(xml);
    String kind = device.name();
    if (!KINDS.contains(kind)) {
      throw XmlException.unsupported("unknown device type '" + kind + "'");
    }
    String row = kind.equals("memory") ? "dimm" : kind;
    DomainForm.TABLE.arrange(device, row);
    DomainForm.TABLE.check(device, row);
    DeviceChecks.before(device);
    DeviceDefaults.complete(device, document, defaults);
    if (kind.equals("video")) {
      GraphicsDefaults.video(device, defaults.hardware().video(), false);
    }
    CharacterDefaults.complete(device);
    DomainForm.TABLE.arrange(device, row);
    return DomainDocument.view(device);
  }

  /**
   * Puts a device into a document.
   *
   * @param live whether the document is a running domain's: the device gets a name
   * @return the device as it is in the document, with its address
   * @throws XmlException where it cannot be there
   */
  public static DomainDevice attach(
      DomainDocument document, String xml, DomainDefaults defaults, boolean live)
      throws XmlException {
    XmlElement device = read(document, xml, defaults).element();
    String kind = device.name();
    attachable(document, device, live);
    DomainDocument changed = document.copy();
    XmlElement devices = changed.devicesElement();
    if (kind.equals("disk")) {
      List<XmlElement> all = new ArrayList<>(devices.children());
      List<XmlElement> disks = new ArrayList<>(devices.children("disk"));
      all.removeAll(disks);
      DiskOrder.insert(disks, device);
      all.addAll(disks);
      devices.replaceChildren(all);
    } else {
      devices.add(device);
    }
    settle(changed, defaults, live);
    if (live) {
      Aliases.assign(changed);
    }
    DomainForm.TABLE.arrange(changed.root());
    adopt(document, changed);
    return DomainDocument.view(device);
  }

  private static void attachable(DomainDocument document, XmlElement device, boolean live)
      throws XmlException {
    XmlElement devices = document.devicesElement();
    String kind = device.name();
    switch (kind) {
      case "disk" -> {
        String target = device.attributeAt("target", "dev");
        if (document.disks().stream().anyMatch(disk -> disk.target().equals(target))) {
          throw invalid("target " + target + " already exists");
        }
      }
      case "channel", "serial", "parallel" -> character(document, device, live);
      case "video" -> DeviceChecks.secondaryVideo(device);
      case "console" -> {
        String type = device.attributeAt("target", "type");
        if (live && "serial".equals(type)) {
          throw XmlException.unsupported("unsupported console target type serial");
        }
        if (!"virtio".equals(type)) {
          throw unsupportedOperation("attaching serial console is not supported");
        }
        character(document, device, live);
      }
      case "watchdog" -> {
        if (devices.child("watchdog") != null) {
          throw invalid("domain already has a watchdog");
        }
      }
      case "vsock" -> {
        if (devices.child("vsock") != null) {
          throw invalid("domain already has a vsock device");
        }
      }
      case "controller" -> {
        String index = device.attribute("index");
        boolean there =
            index != null
                && devices.children("controller").stream()
                    .anyMatch(other ->
                        other.attribute("type").equals(device.attribute("type"))
                            && index.equals(other.attribute("index")));
        if (there) {
          throw invalid("controller index='" + index + "' already exists");
        }
      }
      case "filesystem" -> {
        String target = device.attributeAt("target", "dir");
        if (document.filesystems().stream().anyMatch(other -> other.target().equals(target))) {
          throw invalid("Target already exists");
        }
      }
      case "audio" -> {
        if (devices.children("audio").stream()
            .anyMatch(audio -> device.attribute("id").equals(audio.attribute("id")))) {
          throw XmlException.badContent(
              "audio ID " + device.attribute("id") + " is used multiple times");
        }
      }
      case "iommu" -> DeviceChecks.iommu(document, device);
      case "memory" -> {
        if (document.root().child("maxMemory") == null) {
          throw XmlException.unsupported(
              "cannot use/hotplug a memory device when domain 'maxMemory' is not defined");
        }
      }
      default -> {
        // There may be any number of the others.
      }
    }
    if (FIXED.contains(kind)) {
      throw unsupportedOperation(
          (live ? "live" : "persistent") + " attach of device '" + kind + "' is not supported");
    }
    DeviceAddress address = DeviceAddress.of(device).orElse(null);
    if (address instanceof DeviceAddress.Pci pci
        && document.devices().stream()
            .anyMatch(other ->
                other.address().orElse(null) instanceof DeviceAddress.Pci taken
                    && taken.bus() == pci.bus()
                    && taken.slot() == pci.slot()
                    && taken.function() == pci.function())) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "a device with the same address already exists ");
    }
  }

  private static void character(DomainDocument document, XmlElement device, boolean live)
      throws XmlException {
    if (document.devicesElement().children(device.name()).stream()
        .anyMatch(other -> DeviceMatch.isThere(other, device))) {
      throw invalid("chardev already exists");
    }
    if (live && "virtio".equals(device.attributeAt("target", "type"))) {
      BusAddresses.requireSerialPort(document, device);
    }
  }

  /**
   * Takes a device out of a document.
   *
   * @param xml describes it: of a disk the target, of a network card the hardware address, ...
   * @return the device as it was
   * @throws XmlException where there is none such
   */
  public static DomainDevice detach(
      DomainDocument document, String xml, DomainDefaults defaults, boolean live)
      throws XmlException {
    XmlElement device = find(document, xml, defaults, live).element();
    DomainDocument changed = document.copy();
    int at = document.devicesElement().children().indexOf(device);
    List<XmlElement> all = new ArrayList<>(changed.devicesElement().children());
    all.remove(at);
    if (device.name().equals("serial") && device == document.devicesElement().child("serial")) {
      all.removeIf(other ->
          other.name().equals("console") && "serial".equals(other.attributeAt("target", "type")));
    }
    changed.devicesElement().replaceChildren(all);
    if (!live) {
      settle(changed, defaults, false);
    }
    DomainForm.TABLE.arrange(changed.root());
    adopt(document, changed);
    return DomainDocument.view(device);
  }

  /**
   * The device of a document that a client means, where it may be taken out.
   *
   * @throws XmlException where there is none such, or it may not
   */
  public static DomainDevice find(
      DomainDocument document, String xml, DomainDefaults defaults, boolean live)
      throws XmlException {
    XmlElement pattern = pattern(document, xml, defaults, live);
    String kind = pattern.name();
    if (FIXED.contains(kind)) {
      throw unsupportedOperation(
          (live ? "live" : "persistent") + " detach of device '" + kind + "' is not supported");
    }
    if (kind.equals("console") && !"virtio".equals(pattern.attributeAt("target", "type"))) {
      throw invalid("detaching serial console is not supported");
    }
    return DomainDocument.view(DeviceMatch.find(document, pattern, live));
  }

  /** A description of a device that is there; what it leaves out is not looked at. */
  private static XmlElement pattern(
      DomainDocument document, String xml, DomainDefaults defaults, boolean live)
      throws XmlException {
    XmlElement given = XmlReader.read(xml);
    boolean isDisk = given.name().equals("disk");
    if (isDisk && given.child("source") == null && given.attributeAt("target", "dev") != null) {
      // A source is not needed to name a disk.
      given.set("type", "file");
      given.append("source").set("file", "/");
    }
    final XmlElement source = given.child("source");
    boolean hasMac = given.attributeAt("mac", "address") != null;
    XmlElement pattern = read(document, given.toString(), defaults).element();
    if (pattern.name().equals("interface") && !hasMac) {
      pattern.remove("mac");
    }
    if (live
        && CHARACTERS.contains(pattern.name())
        && source != null
        && pattern.child("source") == null) {
      // The terminal of a running domain's device is part of what it is.
      pattern.add(0, source.copy());
    }
    if (pattern.name().equals("serial") && pattern.child("target") == null) {
      pattern.append("target");
    }
    return pattern;
  }

  /**
   * Changes a device of a document: a drive (by its target), a network card (by its hardware
   * address), a screen (by its type); in a running domain also what else the process can change.
   *
   * @return the device as it is now
   * @throws XmlException where there is none such, or it cannot be changed
   */
  public static DomainDevice update(
      DomainDocument document, String xml, DomainDefaults defaults, boolean live)
      throws XmlException {
    XmlElement device = read(document, xml, defaults).element();
    XmlElement old =
        switch (device.name()) {
          case "disk" -> {
            String target = device.attributeAt("target", "dev");
            yield document.disks().stream()
                .filter(disk -> disk.target().equals(target))
                .findFirst()
                .map(DomainDevice::element)
                .orElseThrow(() ->
                    new XmlException(
                        Kind.INVALID_ARGUMENT,
                        XmlException.QEMU_ORIGIN,
                        "target " + target + " doesn't exist."));
          }
          case "interface" ->
              DeviceMatch.find(document, pattern(document, xml, defaults, live), live);
          case "graphics" -> {
            String type = device.attribute("type");
            yield document.graphics().stream()
                .filter(graphics -> graphics.type().equals(type))
                .findFirst()
                .map(DomainDevice::element)
                .orElseThrow(() ->
                    live
                        ? new XmlException(
                            Kind.NO_DEVICE,
                            XmlException.QEMU_ORIGIN,
                            "cannot find existing graphics device to modify of type '" + type + "'")
                        : new XmlException(
                            Kind.INVALID_ARGUMENT,
                            XmlException.QEMU_ORIGIN,
                            "cannot find existing graphics type '" + type + "' device to modify"));
          }
          default ->
              throw unsupportedOperation(
                  (live ? "live" : "persistent")
                      + " update of device '"
                      + (CHARACTERS.contains(device.name()) ? "chr" : device.name())
                      + "' is not supported");
        };
    if (live && device.name().equals("graphics")) {
      device = LiveGraphics.changed(old, device);
    } else {
      keep(old, device);
    }
    DomainDocument changed = document.copy();
    int at = document.devicesElement().children().indexOf(old);
    List<XmlElement> all = new ArrayList<>(changed.devicesElement().children());
    all.set(at, device);
    changed.devicesElement().replaceChildren(all);
    settle(changed, defaults, live);
    DomainForm.TABLE.arrange(changed.root());
    adopt(document, changed);
    return DomainDocument.view(device);
  }

  /** What stays of a device whose description does not say it. */
  private static void keep(XmlElement old, XmlElement device) {
    boolean sameBus =
        !device.name().equals("disk")
            || old.attributeAt("target", "bus").equals(device.attributeAt("target", "bus"));
    if (device.child("address") == null && old.child("address") != null && sameBus) {
      device.add(old.child("address").copy());
    }
    if (device.child("alias") == null && old.child("alias") != null) {
      device.add(old.child("alias").copy());
    }
    if (device.name().equals("interface")) {
      if (device.child("mac") != null) {
        device.child("mac").set("address", old.attributeAt("mac", "address"));
      }
      String made = old.attributeAt("target", "dev");
      if (made != null && device.child("target") == null && DeviceDefaults.isMadeTarget(made)) {
        device.add(old.child("target").copy());
      }
    }
  }

  /** Adds what a changed document needs, and looks at it as a whole. */
  private static void settle(DomainDocument document, DomainDefaults defaults, boolean live)
      throws XmlException {
    ImplicitDevices.complete(document, defaults);
    if (!live) {
      CharacterDefaults.twins(document.devicesElement());
    }
    CharacterDefaults.numbers(document);
    BusAddresses.complete(document);
    PciPlan.complete(document);
    DomainForm.TABLE.arrange(document.root());
    DomainChecks.after(document, defaults);
    DeviceChecks.after(document);
  }

  private static void adopt(DomainDocument document, DomainDocument changed) {
    XmlElement root = document.root();
    root.replaceChildren(changed.root().children());
  }

  private static XmlException invalid(String words) {
    return new XmlException(Kind.OPERATION_INVALID, XmlException.QEMU_ORIGIN, words);
  }

  private static XmlException unsupportedOperation(String words) {
    return new XmlException(Kind.OPERATION_UNSUPPORTED, XmlException.QEMU_ORIGIN, words);
  }
}
