package org.wardian.cli.manage;

import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.wardian.definition.xml.XmlElement;

/**
 * A machine's description, changed so that it is another's: what must not be there twice is new.
 */
final class CloneXml {
  private CloneXml() {}

  /**
   * Where a disk of the clone is.
   *
   * @param path on the daemon's host
   * @param format of the image
   */
  record NewDisk(String path, String format) {}

  /**
   * The description of a clone.
   *
   * @param source as it is kept, not as it runs
   * @param macs a new address at each call, such as {@code 52:54:00:12:34:56}
   * @param disks by target, such as {@code vda}; the others stay what they are
   */
  static XmlElement of(
      XmlElement source,
      String name,
      UUID uuid,
      Supplier<String> macs,
      Map<String, NewDisk> disks) {
    XmlElement domain = source.copy();
    domain.set("id", null);
    domain.childOrNew("name").text(name);
    if (domain.child("uuid") == null) {
      domain.add(1, new XmlElement("uuid"));
    }
    domain.child("uuid").text(uuid.toString());
    domain.remove("genid");
    // Of the firmware's variables the daemon makes new ones, of its template.
    domain.find("os").ifPresent(os -> renew(os.child("nvram")));
    domain
        .find("devices")
        .ifPresent(devices -> {
          devices.children("interface").forEach(card -> renewCard(card, macs));
          devices.children("channel").forEach(CloneXml::renewSocket);
          for (DiskEntry disk : DiskEntry.of(domain)) {
            if (disks.containsKey(disk.target())) {
              replace(disk.element(), disks.get(disk.target()));
            }
          }
        });
    return domain;
  }

  private static void renew(XmlElement nvram) {
    if (nvram != null) {
      nvram.text("");
      nvram.remove("source");
      nvram.set("type", null);
    }
  }

  private static void renewCard(XmlElement card, Supplier<String> macs) {
    card.childOrNew("mac").set("address", macs.get());
    // The host's end of it is one machine's.
    card.remove("target");
  }

  /** A socket that the machine listens at is named after it; the daemon finds another name. */
  private static void renewSocket(XmlElement channel) {
    if ("unix".equals(channel.attribute("type"))
        && "bind".equals(channel.attributeAt("source", "mode"))) {
      channel.child("source").set("path", null);
    }
  }

  private static void replace(XmlElement disk, NewDisk made) {
    disk.set("type", "file");
    disk.childOrNew("driver").set("type", made.format());
    disk.childOrNew("source").replaceAttributes(Map.of("file", made.path()));
    disk.remove("backingStore");
  }

  /** What a clone's disk is called: as the old one, with the machine's new name in its name. */
  static String volumeName(String old, String machine, String clone, String target, String format) {
    if (old.contains(machine)) {
      return old.replace(machine, clone);
    }
    return clone + "-" + target + (format.equals("raw") ? ".img" : "." + format);
  }
}
