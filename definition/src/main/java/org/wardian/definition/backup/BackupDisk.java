package org.wardian.definition.backup;

import java.util.regex.Pattern;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * What a backup does with a disk.
 *
 * @param name the disk's target
 * @param included whether it is in the backup; null where a request leaves it open
 * @param since the checkpoint from which on changes are in it; null for all, or where it is open
 * @param mode full or incremental; null where a request leaves it open
 * @param exportName by which it is fetched, or null
 * @param exportBitmap by which its changes are asked for, or null
 * @param store where it is written, or what is overwritten meanwhile; null where it is open
 */
public record BackupDisk(
    String name,
    Boolean included,
    String since,
    String mode,
    String exportName,
    String exportBitmap,
    Store store) {
  private static final Pattern NAME =
      Pattern.compile("(ioemu:)?(fd|hd|sd|vd|xvd|ubd)[a-zA-Z0-9_]+");

  /** The word for a backup of all that a disk has. */
  public static final String FULL = "full";

  /** The word for one of what was changed since a checkpoint. */
  public static final String INCREMENTAL = "incremental";

  /**
   * An image that a backup writes.
   *
   * @param type file or block
   * @param path of the file or device; null where a request leaves it open
   * @param format of the image; null where it is open
   * @param index its number in the running domain; -1 where it has none
   */
  public record Store(String type, String path, String format, int index) {}

  static BackupDisk of(XmlElement element, boolean pull) throws XmlException {
    String name = element.attribute("name", "");
    String word = element.attribute("backup");
    String mode = element.attribute("backupmode");
    String since = element.attribute("incremental");
    String exportName = element.attribute("exportname");
    String exportBitmap = element.attribute("exportbitmap");
    boolean badMode =
        mode != null && !mode.equals(FULL) && !mode.equals(INCREMENTAL)
            || FULL.equals(mode) && since != null;
    boolean badExport = !pull && (exportName != null || exportBitmap != null);
    boolean badWord = word != null && !word.equals("yes") && !word.equals("no");
    if (!NAME.matcher(name).matches() || badMode || badExport || badWord) {
      throw BackupDocument.notOfSchema("disks");
    }
    if ("no".equals(word)) {
      return new BackupDisk(name, false, null, null, null, null, null);
    }
    return new BackupDisk(name, true, since, mode, exportName, exportBitmap, store(element, pull));
  }

  private static Store store(XmlElement element, boolean pull) throws XmlException {
    XmlElement place = element.child(pull ? "scratch" : "target");
    String type = element.attribute("type");
    boolean known = type == null ? pull : type.equals("file") || type.equals("block");
    if (!known || element.child(pull ? "target" : "scratch") != null) {
      throw BackupDocument.notOfSchema("disks");
    }
    if (place != null && place.child("encryption") != null) {
      throw XmlException.unsupported("backups are not encrypted by this machine");
    }
    boolean block = "block".equals(type);
    String path = place == null ? null : place.attribute(block ? "dev" : "file");
    if (place != null && (path == null || !path.startsWith("/"))) {
      throw BackupDocument.notOfSchema("disks");
    }
    String format = element.attributeAt("driver", "type");
    if (pull && format != null && !format.equals("qcow2")) {
      throw BackupDocument.notOfSchema("disks");
    }
    if (format != null && !format.equals("raw") && !format.equals("qcow2")) {
      throw XmlException.unsupported("a backup in the format '" + format + "' is not written");
    }
    String number = element.attribute("index", "");
    int index = number.matches("[0-9]{1,9}") ? Integer.parseInt(number) : -1;
    return type == null && path == null && format == null
        ? null
        : new Store(block ? "block" : "file", path, format, index);
  }

  /** The same with its image. */
  public BackupDisk withStore(Store value) {
    return new BackupDisk(name, included, since, mode, exportName, exportBitmap, value);
  }

  /** Whether it is in the backup. */
  public boolean isIncluded() {
    return Boolean.TRUE.equals(included);
  }

  void addTo(XmlElement disks, boolean pull) {
    XmlElement disk = disks.append("disk").set("name", name);
    disk.set("backup", isIncluded() ? "yes" : "no");
    if (!isIncluded()) {
      return;
    }
    disk.set("type", store == null ? null : store.type());
    disk.set("backupmode", mode).set("incremental", since);
    disk.set("exportname", exportName).set("exportbitmap", exportBitmap);
    if (store == null) {
      return;
    }
    if (store.index() >= 0) {
      disk.set("index", store.index());
    }
    if (store.format() != null) {
      disk.append("driver").set("type", store.format());
    }
    if (store.path() != null) {
      disk.append(pull ? "scratch" : "target")
          .set(store.type().equals("block") ? "dev" : "file", store.path());
    }
  }
}
