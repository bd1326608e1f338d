package org.wardian.libvirt.client;

import java.util.List;
import java.util.UUID;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StoragePoolBuildArgs;
import org.wardian.libvirt.wire.remote.StoragePoolCreateArgs;
import org.wardian.libvirt.wire.remote.StoragePoolDeleteArgs;
import org.wardian.libvirt.wire.remote.StoragePoolDestroyArgs;
import org.wardian.libvirt.wire.remote.StoragePoolGetAutostartArgs;
import org.wardian.libvirt.wire.remote.StoragePoolGetInfoArgs;
import org.wardian.libvirt.wire.remote.StoragePoolGetInfoRet;
import org.wardian.libvirt.wire.remote.StoragePoolGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.StoragePoolIsActiveArgs;
import org.wardian.libvirt.wire.remote.StoragePoolIsPersistentArgs;
import org.wardian.libvirt.wire.remote.StoragePoolListAllVolumesArgs;
import org.wardian.libvirt.wire.remote.StoragePoolRef;
import org.wardian.libvirt.wire.remote.StoragePoolRefreshArgs;
import org.wardian.libvirt.wire.remote.StoragePoolSetAutostartArgs;
import org.wardian.libvirt.wire.remote.StoragePoolUndefineArgs;
import org.wardian.libvirt.wire.remote.StorageVolCreateXmlArgs;
import org.wardian.libvirt.wire.remote.StorageVolCreateXmlFromArgs;
import org.wardian.libvirt.wire.remote.StorageVolLookupByNameArgs;

/** A place for volumes that a daemon keeps. */
public final class StoragePool {
  private final Connection connection;
  private final StoragePoolRef ref;

  StoragePool(Connection connection, StoragePoolRef ref) {
    this.connection = connection;
    this.ref = ref;
  }

  /** Its name. */
  public String name() {
    return ref.name();
  }

  /** Its UUID. */
  public UUID uuid() {
    return ref.uuid();
  }

  /** Its description. */
  public String xml() throws LibvirtException {
    return connection
        .call(RemoteProgram.STORAGE_POOL_GET_XML_DESC, new StoragePoolGetXmlDescArgs(ref, 0))
        .xml();
  }

  /** State and bytes. */
  public StoragePoolGetInfoRet info() throws LibvirtException {
    return connection.call(RemoteProgram.STORAGE_POOL_GET_INFO, new StoragePoolGetInfoArgs(ref));
  }

  /**
   * Makes what it needs, such as its folder.
   *
   * @param flags of {@code StoragePoolBuildFlags}
   */
  public void build(int flags) throws LibvirtException {
    connection.call(RemoteProgram.STORAGE_POOL_BUILD, new StoragePoolBuildArgs(ref, flags));
  }

  /** Starts it. */
  public void start() throws LibvirtException {
    connection.call(RemoteProgram.STORAGE_POOL_CREATE, new StoragePoolCreateArgs(ref, 0));
  }

  /** Stops it; its volumes stay. */
  public void destroy() throws LibvirtException {
    connection.call(RemoteProgram.STORAGE_POOL_DESTROY, new StoragePoolDestroyArgs(ref));
  }

  /** Forgets its definition. */
  public void undefine() throws LibvirtException {
    connection.call(RemoteProgram.STORAGE_POOL_UNDEFINE, new StoragePoolUndefineArgs(ref));
  }

  /** Looks again which volumes there are. */
  public void refresh() throws LibvirtException {
    connection.call(RemoteProgram.STORAGE_POOL_REFRESH, new StoragePoolRefreshArgs(ref, 0));
  }

  /** All volumes. */
  public List<StorageVolume> volumes() throws LibvirtException {
    return connection
        .call(
            RemoteProgram.STORAGE_POOL_LIST_ALL_VOLUMES,
            new StoragePoolListAllVolumesArgs(ref, 1, 0))
        .vols()
        .stream()
        .map(volume -> new StorageVolume(connection, volume))
        .toList();
  }

  /** The volume of a name. */
  public StorageVolume volume(String name) throws LibvirtException {
    return new StorageVolume(
        connection,
        connection
            .call(
                RemoteProgram.STORAGE_VOL_LOOKUP_BY_NAME, new StorageVolLookupByNameArgs(ref, name))
            .vol());
  }

  /**
   * Makes a volume.
   *
   * @param flags of {@code StorageVolCreateFlags}
   */
  public StorageVolume createVolume(String xml, int flags) throws LibvirtException {
    return new StorageVolume(
        connection,
        connection
            .call(
                RemoteProgram.STORAGE_VOL_CREATE_XML, new StorageVolCreateXmlArgs(ref, xml, flags))
            .vol());
  }

  /**
   * Makes a volume with the content of another, which the daemon copies.
   *
   * @param flags of {@code StorageVolCreateFlags}
   */
  public StorageVolume createVolumeFrom(String xml, StorageVolume source, int flags)
      throws LibvirtException {
    return new StorageVolume(
        connection,
        connection
            .call(
                RemoteProgram.STORAGE_VOL_CREATE_XML_FROM,
                new StorageVolCreateXmlFromArgs(ref, xml, source.reference(), flags))
            .vol());
  }

  /** Whether it is started. */
  public boolean isActive() throws LibvirtException {
    return connection
            .call(RemoteProgram.STORAGE_POOL_IS_ACTIVE, new StoragePoolIsActiveArgs(ref))
            .active()
        != 0;
  }

  /** Whether its definition is kept. */
  public boolean isPersistent() throws LibvirtException {
    return connection
            .call(RemoteProgram.STORAGE_POOL_IS_PERSISTENT, new StoragePoolIsPersistentArgs(ref))
            .persistent()
        != 0;
  }

  /** Whether it starts with the daemon. */
  public boolean autostart() throws LibvirtException {
    return connection
            .call(RemoteProgram.STORAGE_POOL_GET_AUTOSTART, new StoragePoolGetAutostartArgs(ref))
            .autostart()
        != 0;
  }

  /** Says whether it starts with the daemon. */
  public void autostart(boolean wanted) throws LibvirtException {
    connection.call(
        RemoteProgram.STORAGE_POOL_SET_AUTOSTART,
        new StoragePoolSetAutostartArgs(ref, wanted ? 1 : 0));
  }

  /** Deletes what it stands on, such as its empty folder; it must not be started. */
  public void deleteStorage() throws LibvirtException {
    connection.call(RemoteProgram.STORAGE_POOL_DELETE, new StoragePoolDeleteArgs(ref, 0));
  }

  @Override
  public String toString() {
    return "StoragePool[" + ref.name() + " " + ref.uuid() + "]";
  }
}
