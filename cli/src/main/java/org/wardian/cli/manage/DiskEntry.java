package org.wardian.cli.manage;

import java.util.ArrayList;
import java.util.List;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * A disk of a machine's description.
 *
 * @param element the {@code <disk>}
 * @param target such as {@code vda}
 * @param source a path, {@code pool/volume}, or an address; null where there is no medium
 */
record DiskEntry(XmlElement element, String target, String source) {
  /** All disks of a {@code <domain>}. */
  static List<DiskEntry> of(XmlElement domain) {
    List<DiskEntry> disks = new ArrayList<>();
    domain
        .find("devices")
        .ifPresent(devices ->
            devices
                .children("disk")
                .forEach(disk ->
                    disks.add(
                        new DiskEntry(
                            disk,
                            String.valueOf(disk.attributeAt("target", "dev")),
                            source(disk)))));
    return disks;
  }

  private static String source(XmlElement disk) {
    XmlElement source = disk.child("source");
    if (source == null) {
      return null;
    }
    if (source.attribute("pool") != null) {
      return source.attribute("pool") + "/" + source.attribute("volume");
    }
    for (String key : new String[] {"file", "dev", "dir"}) {
      if (source.attribute(key) != null) {
        return source.attribute(key);
      }
    }
    return source.attribute("name") == null
        ? null
        : source.attribute("protocol", "network") + ":" + source.attribute("name");
  }

  /** {@code disk}, {@code cdrom}, {@code floppy} or {@code lun}. */
  String device() {
    return element.attribute("device", "disk");
  }

  /** Format of the image, or null where it is not said. */
  String format() {
    return element.attributeAt("driver", "type");
  }

  /** Whether it is this machine's alone, to write on. */
  boolean isOwn() {
    return device().equals("disk")
        && source != null
        && element.child("readonly") == null
        && element.child("shareable") == null;
  }

  /** The volume that it is; null where it is in no pool. */
  StorageVolume volume(Connection connection) throws LibvirtException {
    try {
      XmlElement at = element.child("source");
      if (at.attribute("pool") != null) {
        return connection.storagePool(at.attribute("pool")).volume(at.attribute("volume"));
      }
      return source.startsWith("/") ? connection.volumeByPath(source) : null;
    } catch (LibvirtException e) {
      if (e.is(ErrorNumber.NO_STORAGE_VOL) || e.is(ErrorNumber.NO_STORAGE_POOL)) {
        return null;
      }
      throw e;
    }
  }
}
