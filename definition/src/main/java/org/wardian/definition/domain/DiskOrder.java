package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.List;
import org.wardian.definition.xml.XmlElement;

/** The order of disks in a document, and the numbers that their names stand for. */
final class DiskOrder {
  private DiskOrder() {}

  /** The number of a name such as vda (0), sdb (1), hdaa (26); -1 for a name that has none. */
  static int index(String name) {
    int start = -1;
    for (String prefix : new String[] {"fd", "hd", "vd", "sd", "xvd", "ubd"}) {
      if (name.startsWith(prefix)) {
        start = prefix.length();
        break;
      }
    }
    if (start < 0) {
      return -1;
    }
    int index = 0;
    int letters = 0;
    int i = start;
    while (i < name.length() && name.charAt(i) >= 'a' && name.charAt(i) <= 'z') {
      if (++letters > 5) {
        return -1;
      }
      index = (index + (letters > 1 ? 1 : 0)) * 26 + name.charAt(i) - 'a';
      i++;
    }
    // A partition's number may follow; nothing else may.
    for (int digit = i; digit < name.length(); digit++) {
      if (name.charAt(digit) < '0' || name.charAt(digit) > '9') {
        return -1;
      }
    }
    return letters == 0 ? -1 : index;
  }

  /** Puts the disks in order: by name among those whose buses the document says the same of. */
  static void sort(XmlElement devices) {
    List<XmlElement> disks = devices.children("disk");
    if (disks.size() > 1) {
      List<XmlElement> all = new ArrayList<>(devices.children());
      all.removeIf(child -> child.name().equals("disk"));
      List<XmlElement> sorted = new ArrayList<>();
      disks.forEach(disk -> insert(sorted, disk));
      all.addAll(0, sorted);
      devices.replaceChildren(all);
    }
  }

  /** Puts a disk among others. */
  static void insert(List<XmlElement> disks, XmlElement disk) {
    int at = disks.size();
    boolean found = false;
    for (int i = disks.size() - 1; i >= 0; i--) {
      XmlElement other = disks.get(i);
      if (bus(other).equals(bus(disk))) {
        if (index(name(other)) > index(name(disk))) {
          at = i;
          found = true;
        } else if (!found) {
          at = i + 1;
          break;
        } else {
          break;
        }
      }
    }
    disks.add(at, disk);
  }

  private static String bus(XmlElement disk) {
    String bus = disk.attributeAt("target", "bus");
    return bus == null ? "" : bus;
  }

  private static String name(XmlElement disk) {
    String name = disk.attributeAt("target", "dev");
    return name == null ? "" : name;
  }
}
