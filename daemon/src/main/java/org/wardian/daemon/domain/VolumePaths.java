package org.wardian.daemon.domain;

import java.nio.file.Path;
import java.util.List;
import org.wardian.libvirt.error.LibvirtException;

/** What a domain asks of the storage pools: where the volume of a disk is. */
@FunctionalInterface
public interface VolumePaths {
  /** None: there are no pools. */
  VolumePaths NONE =
      (pool, volume) -> {
        throw new LibvirtException(
            org.wardian.libvirt.constants.ErrorNumber.NO_STORAGE_POOL,
            org.wardian.libvirt.constants.ErrorDomain.STORAGE,
            "no storage pool with matching name '" + pool + "'");
      };

  /**
   * The file of a volume.
   *
   * @throws LibvirtException where the pool is not there or not active, or has no such volume
   */
  Path path(String pool, String volume) throws LibvirtException;

  /**
   * A volume that is an image with perhaps another one beneath it.
   *
   * @param owner which volume of which pool, for messages
   */
  record Layered(Path file, String owner) {}

  /** All such volumes of active pools, as they were when their pools were looked through last. */
  default List<Layered> layered() {
    return List.of();
  }
}
