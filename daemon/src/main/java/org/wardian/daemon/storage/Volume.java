package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.StorageVolRef;

/**
 * A volume of a pool. What it is made of is replaced as a whole; who works on it is counted under
 * the lock of its {@link Pool}.
 */
final class Volume {
  private final String name;
  private volatile VolumeDefinition definition;
  private volatile boolean building;
  private volatile Path unfinished;
  private int users;

  Volume(VolumeDefinition definition, boolean building) {
    name = definition.name();
    this.definition = definition;
    this.building = building;
  }

  String name() {
    return name;
  }

  /** As it was when it was last looked at. */
  VolumeDefinition definition() {
    return definition;
  }

  void definition(VolumeDefinition value) {
    definition = value;
  }

  /** Whether it is still being made. */
  boolean building() {
    return building;
  }

  void built() {
    building = false;
    unfinished = null;
  }

  /** Where it is being made. */
  void madeIn(Path file) {
    unfinished = file;
  }

  /** What it takes so far, while it is being made. */
  VolumeDefinition progress() {
    VolumeDefinition known = definition;
    Path file = unfinished;
    try {
      return file == null
          ? known.withSizes(known.capacity(), 0, 0)
          : known.withSizes(known.capacity(), FileStatus.of(file).stored(), 0);
    } catch (IOException notYet) {
      return known.withSizes(known.capacity(), 0, 0);
    }
  }

  /** Whether somebody works on it; called with the pool's lock held. */
  boolean busy() {
    return users > 0;
  }

  /** Counts one who works on it, or one fewer; called with the pool's lock held. */
  void use(int change) {
    users += change;
  }

  /** For what changes it: nobody else may be at it. Called with the pool's lock held. */
  void requireFree() throws LibvirtException {
    if (users > 0) {
      throw StorageErrors.invalid("volume '" + name + "' is still in use.");
    }
    requireBuilt();
  }

  void requireBuilt() throws LibvirtException {
    if (building) {
      throw StorageErrors.invalid("volume '" + name + "' is still being allocated.");
    }
  }

  StorageVolRef ref(String pool) {
    return new StorageVolRef(pool, name, definition.key());
  }
}
