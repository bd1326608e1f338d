package org.wardian.daemon.storage;

import java.util.Collections;
import java.util.Objects;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolSource;
import org.wardian.definition.storage.PoolType;

/** Whether two pools would manage the same volumes. */
final class PoolConflicts {
  private PoolConflicts() {}

  static boolean between(PoolDefinition one, PoolDefinition other) {
    PoolSource source = one.source();
    PoolSource otherSource = other.source();
    boolean sameDevice = !Collections.disjoint(source.devices(), otherSource.devices());
    if (one.type() != other.type()) {
      // A device is used up by one pool, of whatever kind that is.
      return sameDevice && usesDevice(one.type()) && usesDevice(other.type());
    }
    return switch (one.type()) {
      case DIR -> Objects.equals(one.target(), other.target());
      case FS, DISK, LOGICAL -> sameDevice || sameName(one, other);
      case NETFS ->
          Objects.equals(source.dir(), otherSource.dir())
              && !source.hosts().isEmpty()
              && !otherSource.hosts().isEmpty()
              && source.hosts().getFirst().equals(otherSource.hosts().getFirst());
      default -> false;
    };
  }

  private static boolean sameName(PoolDefinition one, PoolDefinition other) {
    return one.type() == PoolType.LOGICAL
        && Objects.equals(one.source().name(), other.source().name());
  }

  private static boolean usesDevice(PoolType type) {
    return type == PoolType.FS || type == PoolType.DISK || type == PoolType.LOGICAL;
  }
}
