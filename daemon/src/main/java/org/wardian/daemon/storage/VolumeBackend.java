package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;

/** What is done to the volumes of a kind of pool. Every method may take its time. */
interface VolumeBackend {
  /**
   * Refuses what cannot be made here, before anything is touched.
   *
   * @param metadata whether tables are to be made at once
   */
  void check(VolumeDefinition wanted, boolean metadata) throws LibvirtException;

  /** The path that a new volume will have; refuses names that it cannot have. */
  Path place(PoolDefinition pool, VolumeDefinition wanted) throws LibvirtException;

  /** Where a volume is while it is made: its own path, or another until it is whole. */
  Path workplace(VolumeDefinition wanted);

  /**
   * Makes a volume; where that fails nothing of it is left.
   *
   * @param wanted with its path
   * @param workplace where it is until it is whole
   * @param source whose content it gets; null for an empty one
   * @param metadata whether tables are to be made at once
   * @return the volume as it is then
   */
  VolumeDefinition make(
      PoolDefinition pool,
      VolumeDefinition wanted,
      Path workplace,
      VolumeDefinition source,
      boolean metadata)
      throws IOException, LibvirtException;

  /**
   * A volume as it is now; null where it is none any more.
   *
   * @param known as it was
   * @throws IOException where it cannot be looked at
   */
  VolumeDefinition look(VolumeDefinition known) throws IOException, LibvirtException;

  /** Overwrites all of it. */
  void wipe(VolumeDefinition volume, StorageVolWipeAlgorithm algorithm)
      throws IOException, LibvirtException;

  /**
   * Gives it another size.
   *
   * @param bytes that it is to hold
   * @param flags of {@code StorageVolResizeFlags}
   * @param usage of its pool
   */
  void resize(VolumeDefinition volume, long bytes, int flags, Usage usage)
      throws IOException, LibvirtException;

  /** Removes it. */
  void delete(PoolDefinition pool, VolumeDefinition volume) throws LibvirtException;
}
