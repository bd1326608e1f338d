package org.wardian.cli.manage;

import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.error.LibvirtException;

/** Descriptions of volumes that are to be made. */
final class VolumeXml {
  private VolumeXml() {}

  /**
   * A new volume.
   *
   * @param format such as {@code qcow2}, or null for what the pool's kind has
   * @param allocated whether all of its bytes are taken from the host at once
   */
  static XmlElement of(String name, long capacity, String format, boolean allocated) {
    XmlElement volume = new XmlElement("volume");
    volume.append("name").text(name);
    volume.append("capacity").set("unit", "bytes").text(Long.toString(capacity));
    volume.append("allocation").set("unit", "bytes").text(Long.toString(allocated ? capacity : 0));
    if (format != null) {
      volume.append("target").append("format").set("type", format);
    }
    return volume;
  }

  /** Has a volume stand on another, whose path and format are asked for. */
  static XmlElement on(XmlElement volume, StorageVolume base) throws LibvirtException {
    XmlElement backing = volume.append("backingStore");
    backing.append("path").text(base.path());
    backing.append("format").set("type", format(base));
    return volume;
  }

  /** A volume's format, as its pool tells it. */
  static String format(StorageVolume volume) throws LibvirtException {
    String format = XmlFile.parse(volume.name(), volume.xml()).attributeAt("target/format", "type");
    return format == null ? "raw" : format;
  }
}
