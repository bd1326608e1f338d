package org.wardian.daemon.node;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.definition.xml.XmlElement;

/** Devices on PCI: {@code Documentation/ABI/testing/sysfs-bus-pci} of the kernel. */
final class PciScan {
  private static final int STATUS = 6;
  private static final int HAS_CAPABILITIES = 0x10;
  private static final int CAPABILITIES = 0x34;
  private static final int EXPRESS = 0x10;
  private static final int ROOT_COMPLEX_ENDPOINT = 9;
  private static final int ROOT_COMPLEX_COLLECTOR = 10;
  private static final String[] SPEEDS = {null, "2.5", "5", "8", "16", "32"};

  private PciScan() {}

  static void scan(SysTree tree, List<HostDevice> to) {
    for (String address : tree.list("bus/pci/devices")) {
      Path path = tree.real("bus/pci/devices/" + address);
      if (path != null
          && address.matches("\\p{XDigit}{4,}:\\p{XDigit}{2}:\\p{XDigit}{2}\\.[0-7]")) {
        to.add(device(tree, address, path));
      }
    }
  }

  private static HostDevice device(SysTree tree, String address, Path path) {
    List<String> kinds = new ArrayList<>(List.of("pci"));
    XmlElement pci = new XmlElement("capability").set("type", "pci");
    add(pci, "class", SysTree.text(path, "class"));
    String[] parts = address.split("[:.]");
    String[] names = {"domain", "bus", "slot", "function"};
    for (int i = 0; i < 4; i++) {
      pci.append(names[i]).text(Integer.toString(Integer.parseInt(parts[i], 16)));
    }
    pci.append("product").set("id", SysTree.text(path, "device"));
    pci.append("vendor").set("id", SysTree.text(path, "vendor"));
    String functions = SysTree.text(path, "sriov_totalvfs");
    if (functions != null && !functions.equals("0")) {
      kinds.add("virt_functions");
      pci.append("capability").set("type", "virt_functions").set("maxCount", functions);
    }
    byte[] config = SysTree.bytes(path, "config");
    if (config.length > 0xe && (config[0xe] & 0x7f) == 1) {
      kinds.add("pci-bridge");
      pci.append("capability").set("type", "pci-bridge");
    }
    String group = SysTree.link(path, "iommu_group");
    if (group != null) {
      group(tree, pci, group);
    }
    String numa = SysTree.text(path, "numa_node");
    if (numa != null && !numa.startsWith("-")) {
      pci.append("numa").set("node", numa);
    }
    express(pci, config);
    String name = "pci_" + HostDevice.plain(address);
    return new HostDevice(name, path, SysTree.link(path, "driver"), null, kinds, pci);
  }

  private static void add(XmlElement to, String name, String text) {
    if (text != null) {
      to.append(name).text(text);
    }
  }

  private static void group(SysTree tree, XmlElement pci, String group) {
    XmlElement element = pci.append("iommuGroup").set("number", group);
    for (String member : tree.list("kernel/iommu_groups/" + group + "/devices")) {
      String[] parts = member.split("[:.]");
      if (parts.length == 4) {
        element
            .append("address")
            .set("domain", "0x" + parts[0])
            .set("bus", "0x" + parts[1])
            .set("slot", "0x" + parts[2])
            .set("function", "0x" + parts[3]);
      }
    }
  }

  /** PCI Express base specification §7.5.3: the capability, and its link where it has one. */
  private static void express(XmlElement pci, byte[] config) {
    if (config.length < 64 || (config[STATUS] & HAS_CAPABILITIES) == 0) {
      return;
    }
    int at = config[CAPABILITIES] & 0xfc;
    for (int i = 0; at >= 0x40 && at + 0x14 <= config.length && i < 48; i++) {
      if (config[at] == EXPRESS) {
        XmlElement express = pci.append("pci-express");
        int kind = config[at + 2] >> 4 & 0xf;
        if (kind != ROOT_COMPLEX_ENDPOINT && kind != ROOT_COMPLEX_COLLECTOR) {
          int can = word(config, at + 0xc);
          int is = word(config, at + 0x12);
          link(express, "cap", can).set("port", null);
          link(express, "sta", is);
        }
        return;
      }
      at = config[at + 1] & 0xfc;
    }
  }

  private static XmlElement link(XmlElement express, String validity, int bits) {
    XmlElement link = express.append("link").set("validity", validity);
    int speed = bits & 0xf;
    if (speed > 0 && speed < SPEEDS.length) {
      link.set("speed", SPEEDS[speed]);
    }
    return link.set("width", bits >> 4 & 0x3f);
  }

  private static int word(byte[] bytes, int at) {
    return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8;
  }
}
