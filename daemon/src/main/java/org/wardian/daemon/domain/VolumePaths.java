package org.wardian.daemon.domain;

import java.nio.file.Path;
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
}
