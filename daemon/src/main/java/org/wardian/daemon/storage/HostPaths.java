package org.wardian.daemon.storage;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Paths of the host that clients name. */
final class HostPaths {
  private HostPaths() {}

  /** A path, which has to be one that the host can have. */
  static Path of(String text) throws LibvirtException {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw StorageErrors.of(ErrorNumber.INVALID_ARG, "no path of this host: " + e.getMessage());
    }
  }
}
