package org.wardian.daemon.node;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.definition.xml.XmlElement;

/** All devices of the host, found in the kernel's tree. */
final class DeviceScan {
  private static final long SECTOR = 512;

  private final SysTree tree;
  private final List<HostDevice> found = new ArrayList<>();

  private DeviceScan(SysTree tree) {
    this.tree = tree;
  }

  static List<HostDevice> scan(SysTree tree) {
    DeviceScan scan = new DeviceScan(tree);
    scan.computer();
    PciScan.scan(tree, scan.found);
    scan.usb();
    scan.scsi();
    scan.net();
    scan.storage();
    return scan.found;
  }

  /** The device above another one: the nearest that is known; null for the computer. */
  static String parent(List<HostDevice> all, HostDevice device) {
    if (device.path() == null) {
      return null;
    }
    for (Path above = device.path().getParent(); above != null; above = above.getParent()) {
      for (HostDevice one : all) {
        if (above.equals(one.path())) {
          return one.name();
        }
      }
    }
    return "computer";
  }

  private void add(String name, Path path, String node, String kind, XmlElement capability) {
    found.add(
        new HostDevice(name, path, SysTree.link(path, "driver"), node, List.of(kind), capability));
  }

  private static XmlElement capability(String type) {
    return new XmlElement("capability").set("type", type);
  }

  private static void put(XmlElement to, String name, String text) {
    if (text != null) {
      to.append(name).text(text);
    }
  }

  private void computer() {
    XmlElement system = capability("system");
    Path dmi = tree.real("class/dmi/id");
    put(system, "product", dmi == null ? null : SysTree.text(dmi, "product_name"));
    XmlElement hardware = system.append("hardware");
    String uuid = null;
    if (dmi != null) {
      put(hardware, "vendor", SysTree.text(dmi, "sys_vendor"));
      put(hardware, "version", SysTree.text(dmi, "product_version"));
      put(hardware, "serial", SysTree.text(dmi, "product_serial"));
      uuid = SysTree.text(dmi, "product_uuid");
    }
    hardware.append("uuid").text(uuid == null ? "00000000-0000-0000-0000-000000000000" : uuid);
    XmlElement firmware = system.append("firmware");
    if (dmi != null) {
      put(firmware, "vendor", SysTree.text(dmi, "bios_vendor"));
      put(firmware, "version", SysTree.text(dmi, "bios_version"));
      put(firmware, "release_date", SysTree.text(dmi, "bios_date"));
    }
    found.add(new HostDevice("computer", null, null, null, List.of("system"), system));
  }

  private void usb() {
    for (String name : tree.list("bus/usb/devices")) {
      Path path = tree.real("bus/usb/devices/" + name);
      if (path == null) {
        continue;
      }
      if (name.indexOf(':') >= 0) {
        XmlElement usb = capability("usb");
        put(usb, "number", decimal(SysTree.text(path, "bInterfaceNumber")));
        put(usb, "class", decimal(SysTree.text(path, "bInterfaceClass")));
        put(usb, "subclass", decimal(SysTree.text(path, "bInterfaceSubClass")));
        put(usb, "protocol", decimal(SysTree.text(path, "bInterfaceProtocol")));
        add("usb_" + HostDevice.plain(name), path, null, "usb", usb);
      } else {
        XmlElement usb = capability("usb_device");
        String bus = SysTree.text(path, "busnum");
        String device = SysTree.text(path, "devnum");
        put(usb, "bus", bus);
        put(usb, "device", device);
        identity(usb, "product", SysTree.text(path, "idProduct"), SysTree.text(path, "product"));
        identity(usb, "vendor", SysTree.text(path, "idVendor"), SysTree.text(path, "manufacturer"));
        String node =
            bus == null || device == null
                ? null
                : String.format(
                    "/dev/bus/usb/%03d/%03d", Integer.parseInt(bus), Integer.parseInt(device));
        add("usb_" + HostDevice.plain(name), path, node, "usb_device", usb);
      }
    }
  }

  private static String decimal(String hex) {
    return hex == null || !hex.matches("\\p{XDigit}{1,4}")
        ? null
        : Integer.toString(Integer.parseInt(hex, 16));
  }

  private static void identity(XmlElement to, String name, String id, String text) {
    XmlElement element = to.append(name).set("id", id == null ? null : "0x" + id);
    if (text != null) {
      element.text(text);
    }
  }

  private void scsi() {
    for (String name : tree.list("class/scsi_host")) {
      Path path = tree.real("class/scsi_host/" + name);
      if (path != null && name.matches("host\\d+")) {
        XmlElement host = capability("scsi_host");
        put(host, "host", name.substring("host".length()));
        put(host, "unique_id", SysTree.text(path, "unique_id"));
        // The class's folder lies in the device's.
        Path device = path.getParent().getParent();
        add("scsi_" + name, device, null, "scsi_host", host);
      }
    }
    for (String name : tree.list("bus/scsi/devices")) {
      Path path = tree.real("bus/scsi/devices/" + name);
      if (path == null) {
        continue;
      }
      if (name.matches("target\\d+:\\d+:\\d+")) {
        XmlElement target = capability("scsi_target");
        put(target, "target", name);
        add("scsi_" + HostDevice.plain(name), path, null, "scsi_target", target);
      } else if (name.matches("\\d+:\\d+:\\d+:\\d+")) {
        XmlElement scsi = capability("scsi");
        String[] parts = name.split(":");
        put(scsi, "host", parts[0]);
        put(scsi, "bus", parts[1]);
        put(scsi, "target", parts[2]);
        put(scsi, "lun", parts[3]);
        put(scsi, "type", "5".equals(SysTree.text(path, "type")) ? "cdrom" : "disk");
        add("scsi_" + HostDevice.plain(name), path, null, "scsi", scsi);
      }
    }
  }

  private void net() {
    for (String name : tree.list("class/net")) {
      Path path = tree.real("class/net/" + name);
      String address = path == null ? null : SysTree.text(path, "address");
      if (address == null) {
        continue;
      }
      XmlElement net = capability("net");
      put(net, "interface", name);
      put(net, "address", address);
      XmlElement link = net.append("link");
      String speed = SysTree.text(path, "speed");
      boolean known = speed != null && speed.matches("[1-9]\\d*");
      link.set("speed", known ? speed : null);
      link.set("state", SysTree.text(path, "operstate"));
      boolean wireless = SysTree.link(path, "phy80211") != null;
      String kind = wireless ? "80211" : "80203";
      net.append("capability").set("type", kind);
      found.add(
          new HostDevice(
              "net_" + HostDevice.plain(name) + "_" + HostDevice.plain(address),
              path,
              SysTree.link(path, "driver"),
              null,
              List.of("net", kind),
              net));
    }
  }

  private void storage() {
    for (String name : tree.list("class/block")) {
      Path path = tree.real("class/block/" + name);
      // Partitions, and what is made of files and memory, are no devices of the host.
      if (path == null
          || SysTree.text(path, "partition") != null
          || path.toString().contains("/devices/virtual/")) {
        continue;
      }
      XmlElement storage = capability("storage");
      put(storage, "block", "/dev/" + name);
      String type = name.startsWith("sr") ? "cdrom" : name.startsWith("fd") ? "floppy" : "disk";
      put(storage, "drive_type", type);
      put(storage, "model", SysTree.text(path, "device/model"));
      put(storage, "vendor", SysTree.text(path, "device/vendor"));
      String serial = SysTree.text(path, "serial");
      put(storage, "serial", serial);
      size(storage, path);
      String suffix = serial == null ? "" : "_" + HostDevice.plain(serial);
      add("block_" + HostDevice.plain(name) + suffix, path, "/dev/" + name, "storage", storage);
    }
  }

  private static void size(XmlElement storage, Path path) {
    String sectors = SysTree.text(path, "size");
    String block = SysTree.text(path, "queue/logical_block_size");
    XmlElement to = storage;
    if ("1".equals(SysTree.text(path, "removable"))) {
      to = storage.append("capability").set("type", "removable");
      put(to, "media_available", "0".equals(sectors) ? "0" : "1");
    }
    if (sectors != null && sectors.matches("\\d{1,18}") && block != null && block.matches("\\d+")) {
      long bytes = Long.parseLong(sectors) * SECTOR;
      String name = to.equals(storage) ? "size" : "media_size";
      put(to, name, Long.toString(bytes));
      put(to, "logical_block_size", block);
      put(to, "num_blocks", Long.toString(bytes / Math.max(1, Long.parseLong(block))));
    }
  }
}
