package org.wardian.daemon.node;

import java.nio.file.Path;
import java.util.List;
import org.wardian.definition.xml.XmlElement;

/**
 * A device of the host.
 *
 * @param name what libvirt calls it
 * @param path where it is in the kernel's tree; null for the computer
 * @param driver what drives it; null where nothing does
 * @param node its file in {@code /dev}, or null
 * @param kinds types of what it can do, the first that of the device itself
 * @param capability what it is
 */
record HostDevice(
    String name, Path path, String driver, String node, List<String> kinds, XmlElement capability) {
  /** The device's document. */
  String document(String parent) {
    XmlElement device = new XmlElement("device");
    device.append("name").text(name);
    if (path != null) {
      device.append("path").text(path.toString());
    }
    if (node != null) {
      device.append("devnode").set("type", "dev").text(node);
    }
    if (parent != null) {
      device.append("parent").text(parent);
    }
    if (driver != null) {
      device.append("driver").append("name").text(driver);
    }
    device.add(capability.copy());
    // libvirt closes this one by a tag of its own, empty or not.
    return device.toString().replace("    <firmware/>\n", "    <firmware>\n    </firmware>\n");
  }

  /** Letters and digits of a text, with underscores for the rest. */
  static String plain(String text) {
    return text.replaceAll("[^A-Za-z0-9]", "_");
  }
}
