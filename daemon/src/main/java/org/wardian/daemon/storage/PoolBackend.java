package org.wardian.daemon.storage;

import java.util.List;
import org.wardian.definition.storage.Permissions;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.libvirt.error.LibvirtException;

/** What a kind of pool does on the host. Every method may take its time; none holds a lock. */
interface PoolBackend {
  /**
   * What a pool holds.
   *
   * @param permissions of its folder
   */
  record Content(Usage usage, Permissions permissions, List<VolumeDefinition> volumes) {}

  /** Whether the host has what this kind of pool needs. */
  default boolean isSupported() {
    return true;
  }

  /** Makes what the pool needs. */
  void build(PoolDefinition pool, int flags) throws LibvirtException;

  /** Whether it is active already, as after a restart of the daemon. */
  boolean isActive(PoolDefinition pool);

  /** Makes its content reachable. */
  void start(PoolDefinition pool) throws LibvirtException;

  /** Looks at all that there is. */
  Content scan(PoolDefinition pool) throws LibvirtException;

  /** What is done to its volumes. */
  VolumeBackend volumes();

  /**
   * Whether {@link #usage} is asked whenever a client wants to know it. Otherwise, as it costs a
   * program's start, it is asked when volumes come and go.
   */
  default boolean isMeasuredAlways() {
    return true;
  }

  /** Bytes in all, used, free. */
  Usage usage(PoolDefinition pool) throws LibvirtException;

  /** Undoes {@link #start}. */
  void stop(PoolDefinition pool) throws LibvirtException;

  /** Removes what {@link #build} made. */
  void delete(PoolDefinition pool) throws LibvirtException;
}
