package org.wardian.boot.catalogue;

import java.nio.file.Path;

/** Makes a system's disk by running a machine. */
public interface SystemBuilder {
  /**
   * Makes the disk.
   *
   * @param media what the machine starts from
   * @param disk the qcow2 image to make; it does not exist
   * @param progress hears of steps
   * @throws CatalogueException of kind {@link CatalogueException.Kind#BUILD_FAILED} if it does not
   *     come to its end
   */
  void build(SystemMedia media, Path disk, ProgressListener progress) throws CatalogueException;
}
