package org.wardian.daemon.storage;

import java.util.regex.Pattern;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Names that may be given to the tools of lvm2: by its rules for volume groups and logical volumes
 * (lvm(8), "Valid names"), so that none is an option, a tag, or a path to another group. Names that
 * lvm2 reserves are left for it to refuse.
 */
final class LogicalNames {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9+_.][a-zA-Z0-9+_.-]{0,126}");

  private LogicalNames() {}

  static boolean isName(String name) {
    return NAME.matcher(name).matches() && !name.equals(".") && !name.equals("..");
  }

  /** The volume group of a pool. */
  static String group(PoolDefinition pool) throws LibvirtException {
    String name = pool.source().name();
    if (!isName(name)) {
      throw StorageErrors.of(
          ErrorNumber.XML_ERROR, "'" + name + "' cannot be the name of a volume group: " + rule());
    }
    return name;
  }

  /** The name of a volume that is to be made. */
  static void requireVolume(String name) throws LibvirtException {
    if (!isName(name)) {
      throw StorageErrors.of(
          ErrorNumber.XML_ERROR,
          "'" + name + "' cannot be the name of a logical volume: " + rule());
    }
  }

  private static String rule() {
    return "1 to 127 of the characters a-z A-Z 0-9 + _ . - that do not begin with -";
  }

  /** A device of a pool's source. */
  static void requireDevice(String path) throws LibvirtException {
    if (!path.startsWith("/") || path.chars().anyMatch(c -> c < ' ')) {
      throw StorageErrors.of(
          ErrorNumber.XML_ERROR, "the device '" + path + "' of a volume group is no path from /");
    }
  }

  /**
   * The volume that a snapshot is of, which has to be in the same group: by another path the
   * snapshot would become part of another group.
   */
  static String requireOrigin(PoolDefinition pool, String path) throws LibvirtException {
    String folder = pool.target() + "/";
    if (!path.startsWith(folder) || !isName(path.substring(folder.length()))) {
      throw StorageErrors.unsupported(
          "the backing store '" + path + "' of a logical volume is no volume of " + pool.target());
    }
    return path;
  }
}
