package org.wardian.definition.domain;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlException.Kind;

/** What libvirt refuses of devices when a domain is defined, in its words. */
final class DeviceChecks {
  private static final int LONGEST_PASSWORD = 8;

  private static final Pattern MAC = Pattern.compile("([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}");
  private static final Pattern MODEL = Pattern.compile("[a-zA-Z0-9_-]*");

  private static final Set<String> CHARACTERS =
      Set.of(
          "null",
          "vc",
          "pty",
          "dev",
          "file",
          "pipe",
          "stdio",
          "udp",
          "tcp",
          "unix",
          "spicevmc",
          "spiceport",
          "nmdm",
          "qemu-vdagent",
          "dbus");

  private static final Map<String, Set<String>> CONTROLLERS =
      Map.of(
          "scsi",
              Set.of(
                  "auto",
                  "buslogic",
                  "lsilogic",
                  "lsisas1068",
                  "vmpvscsi",
                  "ibmvscsi",
                  "virtio-scsi",
                  "lsisas1078",
                  "virtio-transitional",
                  "virtio-non-transitional",
                  "ncr53c90",
                  "dc390",
                  "am53c974"),
          "usb",
              Set.of(
                  "piix3-uhci",
                  "piix4-uhci",
                  "ehci",
                  "ich9-ehci1",
                  "ich9-uhci1",
                  "ich9-uhci2",
                  "ich9-uhci3",
                  "vt82c686b-uhci",
                  "pci-ohci",
                  "nec-xhci",
                  "qusb1",
                  "qusb2",
                  "qemu-xhci",
                  "none"),
          "pci",
              Set.of(
                  "pci-root",
                  "pcie-root",
                  "pci-bridge",
                  "dmi-to-pci-bridge",
                  "pcie-root-port",
                  "pcie-switch-upstream-port",
                  "pcie-switch-downstream-port",
                  "pci-expander-bus",
                  "pcie-expander-bus",
                  "pcie-to-pci-bridge"),
          "virtio-serial", Set.of("virtio", "virtio-transitional", "virtio-non-transitional"));

  private static final Map<String, Set<String>> TARGETS =
      Map.of(
          "serial",
              Set.of(
                  "isa-serial",
                  "usb-serial",
                  "pci-serial",
                  "spapr-vio-serial",
                  "system-serial",
                  "sclp-serial",
                  "isa-debug"),
          "console", Set.of("serial", "xen", "uml", "virtio", "lxc", "openvz", "sclp", "sclplm"),
          "channel", Set.of("guestfwd", "virtio", "xen"));

  private DeviceChecks() {}

  /** Looks at what the document says of a device, before anything is filled in. */
  static void before(XmlElement device) throws XmlException {
    switch (device.name()) {
      case "disk" -> DiskChecks.before(device);
      case "interface" -> card(device);
      case "serial", "parallel", "console", "channel" -> character(device);
      case "graphics" -> graphics(device);
      case "video" -> {
        XmlElement model = device.child("model");
        if (model != null) {
          for (String key : List.of("ram", "vram", "vram64", "vgamem", "heads")) {
            String value = model.attribute(key);
            if (value != null && Values.number(value).orElse(-1) < 0) {
              throw new XmlException(
                  Kind.INTERNAL, "cannot parse video " + key + " '" + value + "'");
            }
          }
        }
      }
      case "input" -> {
        if ("tablet".equals(device.attribute("type")) && "ps2".equals(device.attribute("bus"))) {
          throw new XmlException(Kind.INTERNAL, "ps2 bus does not support tablet input device");
        }
      }
      case "controller" -> {
        String type = device.attribute("type");
        String model = device.attribute("model");
        Set<String> models = type == null ? null : CONTROLLERS.get(type);
        if (model != null && models != null && !models.contains(model)) {
          throw XmlException.unsupported("Unknown model type '" + model + "'");
        }
      }
      case "rng" -> {
        if (device.child("backend") == null) {
          throw XmlException.badContent("only one RNG backend is supported");
        }
      }
      case "tpm" -> {
        if (device.child("backend") == null) {
          throw XmlException.badContent("missing TPM device backend");
        }
      }
      case "vsock" -> {
        XmlElement cid = device.child("cid");
        if (cid != null
            && cid.attribute("address") != null
            && !"yes".equals(cid.attribute("auto"))
            && Values.number(cid.attribute("address")).orElse(0) < 3) {
          throw XmlException.unsupported("guest CIDs must be >= 3");
        }
      }
      case "filesystem" -> {
        String source =
            device.child("source") == null
                ? null
                : device.child("source").attributes().values().stream().findFirst().orElse(null);
        String target = device.attributeAt("target", "dir");
        if (target == null) {
          throw new XmlException(Kind.NO_TARGET, source == null ? "" : source);
        }
        if (source == null) {
          throw new XmlException(Kind.NO_SOURCE, target);
        }
      }
      case "hostdev" -> {
        String type = device.attribute("type");
        if (type == null
            || !Set.of("usb", "pci", "scsi", "scsi_host", "mdev", "misc", "storage", "net")
                .contains(type)) {
          throw XmlException.unsupported(
              "unknown host device source address type '" + (type == null ? "" : type) + "'");
        }
      }
      case "shmem" -> {
        if (device.attribute("name") == null) {
          throw XmlException.badContent("shmem element must contain 'name' attribute");
        }
      }
      default -> {
        // The table says all about the others.
      }
    }
  }

  private static void card(XmlElement card) throws XmlException {
    String type = card.attribute("type", "ethernet");
    String mac = card.attributeAt("mac", "address");
    if (mac != null) {
      if (!MAC.matcher(mac).matches()) {
        throw XmlException.badContent("unable to parse mac address '" + mac + "'");
      }
      if ((Integer.parseInt(mac.substring(0, mac.indexOf(':')), 16) & 1) != 0) {
        throw XmlException.badContent(
            "expected unicast mac address, found multicast '" + mac + "'");
      }
    }
    boolean needsSource =
        Set.of(
                "network",
                "bridge",
                "direct",
                "mcast",
                "server",
                "client",
                "udp",
                "internal",
                "vhostuser",
                "vdpa",
                "hostdev")
            .contains(type);
    if (needsSource && card.child("source") == null) {
      throw XmlException.badContent("interface type='" + type + "' requires a 'source' element");
    }
    String required =
        switch (type) {
          case "network" -> "network";
          case "bridge" -> "bridge";
          case "direct" -> "dev";
          default -> null;
        };
    if (required != null && card.child("source").attribute(required) == null) {
      throw XmlException.badContent(
          "Missing required attribute '" + required + "' in element 'source'");
    }
    String model = card.attributeAt("model", "type");
    if (model != null && !MODEL.matcher(model).matches()) {
      throw new XmlException(Kind.INVALID_ARGUMENT, "Model name contains invalid characters");
    }
    String mtu = card.attributeAt("mtu", "size");
    if (card.child("mtu") != null && Values.integer(mtu).orElse(-1) < 0) {
      throw XmlException.badContent("malformed mtu size");
    }
    XmlElement inbound = card.find("bandwidth/inbound").orElse(null);
    if (inbound != null
        && inbound.attribute("average") == null
        && inbound.attribute("floor") == null) {
      throw new XmlException(Kind.NOT_WELL_FORMED, "Missing mandatory average or floor attributes");
    }
    if (inbound != null
        && inbound.attribute("floor") != null
        && !"network".equals(card.attribute("type"))) {
      throw XmlException.unsupported("floor attribute is not supported for this config");
    }
    XmlElement outbound = card.find("bandwidth/outbound").orElse(null);
    if (outbound != null && outbound.attribute("average") == null) {
      throw new XmlException(Kind.NOT_WELL_FORMED, "Missing mandatory average attribute");
    }
  }

  private static void character(XmlElement device) throws XmlException {
    String type = device.attribute("type", "null");
    if (!CHARACTERS.contains(type)) {
      throw XmlException.unsupported(
          "unknown type presented to host for character device: " + type);
    }
    XmlElement target = device.child("target");
    String targetType = target == null ? null : target.attribute("type");
    if (device.name().equals("channel") && targetType == null) {
      throw XmlException.badContent("target type must be specified for channel device");
    }
    Set<String> targets = TARGETS.get(device.name());
    if (targetType != null && targets != null && !targets.contains(targetType)) {
      throw XmlException.unsupported(
          "unknown target type '" + targetType + "' specified for character device");
    }
    connection(device, type);
  }

  /** What a connection must say. */
  private static void connection(XmlElement device, String type) throws XmlException {
    XmlElement source = device.child("source");
    boolean isAgent = device.name().equals("channel") && type.equals("unix");
    boolean needsPath = Set.of("dev", "file", "pipe", "unix").contains(type) && !isAgent;
    if (needsPath && (source == null || source.attribute("path") == null)) {
      throw new XmlException(Kind.INTERNAL, "Missing source path attribute for char device");
    }
    if (type.equals("tcp")) {
      if (source == null || source.attribute("host") == null) {
        throw new XmlException(Kind.INTERNAL, "Missing source host attribute for char device");
      }
      if (source.attribute("service") == null) {
        throw new XmlException(Kind.INTERNAL, "Missing source service attribute for char device");
      }
    }
    if (type.equals("udp")
        && device.children("source").stream().noneMatch(end -> end.attribute("service") != null)) {
      throw new XmlException(Kind.INTERNAL, "Missing source service attribute for char device");
    }
  }

  /** VNC takes eight characters, and a new client never ends the others. */
  private static void password(XmlElement graphics) throws XmlException {
    int length = graphics.attribute("passwd", "").length();
    if (length > LONGEST_PASSWORD) {
      throw XmlException.unsupported(
          "VNC password is " + length + " characters long, only 8 permitted");
    }
    if (!graphics.attribute("connected", "keep").equals("keep")) {
      throw XmlException.unsupported("VNC supports connected='keep' only");
    }
  }

  private static void graphics(XmlElement graphics) throws XmlException {
    String type = graphics.attribute("type");
    String port = graphics.attribute("port");
    if (port != null && Values.integer(port).isEmpty()) {
      throw new XmlException(Kind.INTERNAL, "cannot parse " + type + " port " + port);
    }
    String valid = graphics.attribute("passwdValidTo");
    if (valid != null && !valid.matches("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}")) {
      throw new XmlException(
          Kind.INTERNAL,
          "cannot parse password validity time '" + valid + "', expect YYYY-MM-DDTHH:MM:SS");
    }
    if ("vnc".equals(type)) {
      password(graphics);
    }
    String listen = graphics.attribute("listen");
    XmlElement first = graphics.child("listen");
    String address = first == null ? null : first.attribute("address");
    if (listen != null && address != null && !listen.equals(address)) {
      throw XmlException.unsupported(
          "graphics 'listen' attribute '"
              + listen
              + "' must match 'address' attribute of first listen element (found '"
              + address
              + "')");
    }
  }

  /** Looks at devices together, when all is filled in. */
  static void after(DomainDocument document) throws XmlException {
    XmlElement devices = document.devicesElement();
    controllers(document);
    DiskChecks.after(document);
    int consoles = 0;
    for (XmlElement console : devices.children("console")) {
      if (consoles++ > 0 && "serial".equals(console.attributeAt("target", "type"))) {
        throw XmlException.unsupported("Only the first console can be a serial port");
      }
    }
    Set<String> aliases = new HashSet<>();
    Map<Integer, Integer> orders = new HashMap<>();
    for (XmlElement device : devices.children()) {
      String alias = device.attributeAt("alias", "name");
      boolean isTwin =
          device.name().equals("console") && "serial".equals(device.attributeAt("target", "type"));
      if (alias != null && alias.startsWith(Aliases.OWN) && !isTwin && !aliases.add(alias)) {
        throw XmlException.unsupported("non unique alias detected: " + alias);
      }
      String order = device.attributeAt("boot", "order");
      if (order != null && orders.merge(Values.integer(order).orElse(0), 1, Integer::sum) > 1) {
        throw XmlException.unsupported("boot order '" + order + "' used for more than one device");
      }
    }
    if (!orders.isEmpty() && document.os().element().child("boot") != null) {
      throw XmlException.unsupported(
          "per-device boot elements cannot be used together with os/boot elements");
    }
    List<Video> videos = document.videos();
    if (videos.size() > 1 && videos.stream().anyMatch(video -> video.model().equals("none"))) {
      throw XmlException.unsupported(
          "a 'none' video type must be the only video device defined for the domain");
    }
    for (XmlElement iommu : devices.children("iommu")) {
      iommu(document, iommu);
    }
    for (XmlElement video : devices.children("video")) {
      if (video != devices.child("video")) {
        secondaryVideo(video);
      }
    }
  }

  /** Looks at a graphics card that is not the first. */
  static void secondaryVideo(XmlElement video) throws XmlException {
    String type = video.attributeAt("model", "type");
    if (!Set.of("qxl", "virtio", "none").contains(type)) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "video type '" + type + "' is only valid as primary video device");
    }
  }

  /** Looks at an I/O memory management unit. */
  static void iommu(DomainDocument document, XmlElement iommu) throws XmlException {
    if ("intel".equals(iommu.attribute("model")) && !document.os().isQ35()) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "IOMMU device: 'intel' is only supported with Q35 machines");
    }
  }

  private static void controllers(DomainDocument document) throws XmlException {
    Set<String> seen = new HashSet<>();
    boolean usb = true;
    for (Controller controller : document.controllers()) {
      boolean isCompanion =
          controller.element().child("master") != null
              || controller.model().filter(model -> model.startsWith("ich9-")).isPresent();
      if (!isCompanion && !seen.add(controller.type() + controller.index())) {
        throw XmlException.badContent(
            "Multiple '"
                + controller.type()
                + "' controllers with index '"
                + controller.index()
                + "'");
      }
      if (controller.type().equals("usb")
          && controller.model().filter("none"::equals).isPresent()) {
        usb = false;
      }
      if (controller.type().equals("ide") && document.os().isQ35()) {
        throw new XmlException(
            Kind.UNSUPPORTED,
            XmlException.QEMU_ORIGIN,
            "IDE controllers are unsupported for this QEMU binary or machine type");
      }
      String root = document.os().isQ35() ? "pcie-root" : "pci-root";
      if (controller.type().equals("pci")
          && controller.index() == 0
          && !controller.model().filter(root::equals).isPresent()) {
        throw new XmlException(
            Kind.BAD_CONTENT,
            XmlException.QEMU_ORIGIN,
            "The PCI controller with index='0' must be model='"
                + root
                + "' for this machine type, but model='"
                + controller.model().orElse("")
                + "' was found instead");
      }
    }
    if (!usb && document.inputs().stream().anyMatch(input -> input.bus().equals("usb"))) {
      throw XmlException.unsupported("Can't add USB input device. USB bus is disabled");
    }
  }
}
