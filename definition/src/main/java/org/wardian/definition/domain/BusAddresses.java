package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/** Addresses for devices that are on no PCI bus: drives, virtio-serial ports, USB, smartcards. */
final class BusAddresses {
  /** Ports of a hub. */
  private static final int HUB_PORTS = 8;

  /** Ports of a virtio-serial controller that does not say how many it has. */
  private static final int SERIAL_PORTS = 31;

  /** Devices up to which hubs are added. */
  private static final int MOST_USB = 4096;

  private BusAddresses() {}

  static void complete(DomainDocument document) throws XmlException {
    XmlElement devices = document.devicesElement();
    for (XmlElement disk : devices.children("disk")) {
      drive(disk);
    }
    serialPorts(devices);
    smartcards(devices);
    usb(devices);
    memory(devices);
  }

  /** The place that a drive's name stands for. */
  static void drive(XmlElement disk) throws XmlException {
    if (disk.child("address") != null) {
      return;
    }
    String bus = disk.attributeAt("target", "bus");
    String name = disk.attributeAt("target", "dev");
    int index = DiskOrder.index(name);
    if (index < 0) {
      throw XmlException.badContent("Unknown disk name '" + name + "' and no address specified");
    }
    XmlElement address =
        switch (bus == null ? "" : bus) {
          case "ide" -> AddressForm.drive(index / 4, index % 4 / 2, index % 2);
          case "fdc" -> AddressForm.drive(index / 2, 0, index % 2);
          case "sata" -> AddressForm.drive(index / 6, 0, index % 6);
          case "scsi" -> AddressForm.drive(index / 7, 0, index % 7);
          default -> null;
        };
    if (address != null) {
      disk.add(address);
    }
  }

  private static boolean isVirtio(XmlElement channel) {
    return "virtio".equals(channel.attributeAt("target", "type"));
  }

  private static void serialPorts(XmlElement devices) throws XmlException {
    Map<Integer, BitSet> used = new TreeMap<>();
    for (XmlElement controller : devices.children("controller")) {
      if (controller.attribute("type").equals("virtio-serial")) {
        used.put(ImplicitDevices.index(controller), new BitSet());
      }
    }
    for (XmlElement channel : devices.children("channel")) {
      DeviceAddress address = DeviceAddress.of(channel).orElse(null);
      if (isVirtio(channel)
          && address instanceof DeviceAddress.VirtioSerial(int controller, int bus, int port)
          && port > 0
          && port < 32) {
        BitSet ports = used.get(controller);
        if (ports != null && ports.get(port)) {
          throw new XmlException(
              XmlException.Kind.BAD_CONTENT,
              "virtio serial port "
                  + port
                  + " on controller "
                  + controller
                  + " is already occupied");
        }
        if (ports != null) {
          ports.set(port);
        }
      }
    }
    for (XmlElement channel : devices.children("channel")) {
      DeviceAddress address = DeviceAddress.of(channel).orElse(null);
      boolean open =
          address == null
              || (address instanceof DeviceAddress.VirtioSerial virtio && virtio.port() == 0);
      if (isVirtio(channel) && open) {
        serialPort(channel, used, devices, address);
      }
    }
  }

  /**
   * Checks that a running domain has the port of virtio-serial that a channel or console wants: no
   * controller comes with it.
   *
   * @throws XmlException where it has not
   */
  static void requireSerialPort(DomainDocument document, XmlElement device) throws XmlException {
    Map<Integer, Integer> ports = new TreeMap<>();
    for (Controller controller : document.controllers()) {
      if (controller.type().equals("virtio-serial")) {
        ports.put(controller.index(), controller.ports().orElse(SERIAL_PORTS));
      }
    }
    if (ports.isEmpty()) {
      throw new XmlException(
          XmlException.Kind.INTERNAL,
          XmlException.QEMU_ORIGIN,
          "no virtio-serial controllers are available");
    }
    if (!(DeviceAddress.of(device).orElse(null)
        instanceof DeviceAddress.VirtioSerial(int controller, int bus, int port))) {
      long taken =
          document.devicesElement().children().stream()
              .filter(other -> Set.of("channel", "console").contains(other.name()))
              .filter(BusAddresses::isVirtio)
              .count();
      // Port 0 is a console's.
      if (taken >= ports.values().stream().mapToInt(count -> count - 1).sum()) {
        throw XmlException.badContent("Unable to find a free virtio-serial port");
      }
      return;
    }
    if (!ports.containsKey(controller)) {
      throw XmlException.badContent("virtio serial controller " + controller + " is missing");
    }
    if (port >= ports.get(controller)) {
      throw XmlException.badContent(
          "virtio serial controller " + controller + " does not have port " + port);
    }
  }

  private static void serialPort(
      XmlElement channel, Map<Integer, BitSet> used, XmlElement devices, DeviceAddress said) {
    for (Map.Entry<Integer, BitSet> controller : used.entrySet()) {
      if (said instanceof DeviceAddress.VirtioSerial(int wanted, int bus, int none)
          && wanted != controller.getKey()) {
        continue;
      }
      int port = controller.getValue().nextClearBit(1);
      if (port < 31) {
        controller.getValue().set(port);
        putSerial(channel, controller.getKey(), port);
        return;
      }
    }
    int index = used.keySet().stream().mapToInt(i -> i + 1).max().orElse(0);
    ImplicitDevices.maybe(devices, "virtio-serial", index, null);
    BitSet ports = new BitSet();
    ports.set(1);
    used.put(index, ports);
    putSerial(channel, index, 1);
  }

  private static void putSerial(XmlElement channel, int controller, int port) {
    channel.remove("address");
    channel.add(
        new XmlElement("address")
            .set("type", "virtio-serial")
            .set("controller", controller)
            .set("bus", 0)
            .set("port", port));
  }

  private static void smartcards(XmlElement devices) {
    int slot = 0;
    for (XmlElement card : devices.children("smartcard")) {
      if (card.child("address") == null) {
        card.add(
            new XmlElement("address").set("type", "ccid").set("controller", 0).set("slot", slot++));
      }
    }
  }

  private static void memory(XmlElement devices) {
    int slot = 0;
    for (XmlElement memory : devices.children("memory")) {
      String model = memory.attribute("model");
      if (memory.child("address") == null && (model.equals("dimm") || model.equals("nvdimm"))) {
        memory.add(new XmlElement("address").set("type", "dimm").set("slot", slot));
      }
      slot++;
    }
  }

  /** Ports of a USB controller, by its model where the document does not say. */
  private static int usbPorts(XmlElement controller) {
    int said = Values.integer(controller.attribute("ports")).orElse(0);
    if (said > 0) {
      return Math.min(said, 127);
    }
    return switch (controller.attribute("model", "")) {
      case "piix3-uhci", "piix4-uhci" -> 2;
      case "ich9-ehci1", "ich9-ehci2", "ehci" -> 6;
      case "vt82c686b-uhci", "ich9-uhci1", "ich9-uhci2", "ich9-uhci3" -> 2;
      case "pci-ohci" -> 3;
      case "none" -> 0;
      default -> 4;
    };
  }

  private static boolean isUsb(XmlElement device) {
    return switch (device.name()) {
      case "hub", "redirdev" -> true;
      case "hostdev" -> "usb".equals(device.attribute("type"));
      case "disk" -> "usb".equals(device.attributeAt("target", "bus"));
      case "controller" -> device.attribute("type").equals("ccid");
      case "input" -> "usb".equals(device.attribute("bus"));
      case "serial" -> "usb-serial".equals(device.attributeAt("target", "type"));
      case "sound" -> "usb".equals(device.attribute("model"));
      default -> false;
    };
  }

  private static void usb(XmlElement devices) {
    // Free ports in the order in which they are taken: those of controllers, then those of hubs.
    Map<Integer, List<String>> free = new TreeMap<>();
    for (XmlElement controller : devices.children("controller")) {
      if (controller.attribute("type").equals("usb") && controller.child("master") == null) {
        List<String> ports = new ArrayList<>();
        for (int port = 1; port <= usbPorts(controller); port++) {
          ports.add(Integer.toString(port));
        }
        free.put(ImplicitDevices.index(controller), ports);
      }
    }
    List<XmlElement> ordered = new ArrayList<>();
    for (String kind :
        List.of("hub", "hostdev", "disk", "controller", "input", "serial", "sound", "redirdev")) {
      devices.children(kind).stream().filter(BusAddresses::isUsb).forEach(ordered::add);
    }
    for (XmlElement device : ordered) {
      if (DeviceAddress.of(device).orElse(null) instanceof DeviceAddress.Usb(int bus, String port)
          && !port.isEmpty()) {
        take(free, bus, port, device);
      }
    }
    long waiting = ordered.stream().filter(device -> isOpen(device)).count();
    long room =
        free.values().stream().mapToLong(List::size).sum()
            + HUB_PORTS
                * ordered.stream()
                    .filter(device -> device.name().equals("hub") && isOpen(device))
                    .count();
    while (waiting > room && room > 0 && waiting < MOST_USB) {
      XmlElement hub = new XmlElement("hub").set("type", "usb");
      devices.add(hub);
      ordered.add((int) ordered.stream().filter(d -> d.name().equals("hub")).count(), hub);
      waiting++;
      room += HUB_PORTS;
    }
    for (XmlElement device : ordered) {
      if (isOpen(device)) {
        put(device, free);
      }
    }
  }

  private static boolean isOpen(XmlElement device) {
    return device.child("address") == null
        || (DeviceAddress.of(device).orElse(null) instanceof DeviceAddress.Usb usb
            && usb.port().isEmpty());
  }

  private static void take(
      Map<Integer, List<String>> free, int bus, String port, XmlElement device) {
    List<String> ports = free.get(bus);
    if (ports != null) {
      ports.remove(port);
      if (device.name().equals("hub")) {
        for (int i = 1; i <= HUB_PORTS; i++) {
          ports.add(port + "." + i);
        }
      }
    }
  }

  private static void put(XmlElement device, Map<Integer, List<String>> free) {
    String wanted = device.attributeAt("address", "bus");
    for (Map.Entry<Integer, List<String>> bus : free.entrySet()) {
      if (bus.getValue().isEmpty()
          || (wanted != null && Values.integer(wanted).orElse(0) != bus.getKey())) {
        continue;
      }
      String port = bus.getValue().get(0);
      device.remove("address");
      device.add(
          new XmlElement("address").set("type", "usb").set("bus", bus.getKey()).set("port", port));
      take(free, bus.getKey(), port, device);
      return;
    }
  }
}
