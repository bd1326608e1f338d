package org.wardian.definition.storage;

import java.util.List;
import org.wardian.definition.xml.XmlElement;

/**
 * A part of a device that a volume is made of.
 *
 * @param device its path on the host
 * @param start its first byte
 * @param end the byte behind its last
 */
public record DeviceExtent(String device, long start, long end) {
  /** Adds a volume's source: each run of extents on one device below that device. */
  static void addTo(XmlElement volume, List<DeviceExtent> extents) {
    if (extents.isEmpty()) {
      return;
    }
    XmlElement source = volume.append("source");
    String device = null;
    XmlElement element = null;
    for (DeviceExtent extent : extents) {
      if (!extent.device().equals(device)) {
        device = extent.device();
        element = source.append("device").set("path", device);
      }
      element
          .append("extent")
          .set("start", Long.toString(extent.start()))
          .set("end", Long.toString(extent.end()));
    }
  }
}
