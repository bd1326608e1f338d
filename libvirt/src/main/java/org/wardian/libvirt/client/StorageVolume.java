package org.wardian.libvirt.client;

import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StorageVolDeleteArgs;
import org.wardian.libvirt.wire.remote.StorageVolDownloadArgs;
import org.wardian.libvirt.wire.remote.StorageVolGetInfoArgs;
import org.wardian.libvirt.wire.remote.StorageVolGetInfoFlagsArgs;
import org.wardian.libvirt.wire.remote.StorageVolGetInfoFlagsRet;
import org.wardian.libvirt.wire.remote.StorageVolGetInfoRet;
import org.wardian.libvirt.wire.remote.StorageVolGetPathArgs;
import org.wardian.libvirt.wire.remote.StorageVolGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.StorageVolRef;
import org.wardian.libvirt.wire.remote.StorageVolResizeArgs;
import org.wardian.libvirt.wire.remote.StorageVolUploadArgs;
import org.wardian.libvirt.wire.remote.StorageVolWipePatternArgs;

/** A disk image or another volume of a storage pool. */
public final class StorageVolume {
  private final Connection connection;
  private final StorageVolRef ref;

  StorageVolume(Connection connection, StorageVolRef ref) {
    this.connection = connection;
    this.ref = ref;
  }

  /** Its name in its pool. */
  public String name() {
    return ref.name();
  }

  /** Name of its pool. */
  public String pool() {
    return ref.pool();
  }

  /** What identifies it on its host. */
  public String key() {
    return ref.key();
  }

  /** Its path on the daemon's host. */
  public String path() throws LibvirtException {
    return connection
        .call(RemoteProgram.STORAGE_VOL_GET_PATH, new StorageVolGetPathArgs(ref))
        .name();
  }

  /** Its description. */
  public String xml() throws LibvirtException {
    return connection
        .call(RemoteProgram.STORAGE_VOL_GET_XML_DESC, new StorageVolGetXmlDescArgs(ref, 0))
        .xml();
  }

  /** Kind and bytes. */
  public StorageVolGetInfoRet info() throws LibvirtException {
    return connection.call(RemoteProgram.STORAGE_VOL_GET_INFO, new StorageVolGetInfoArgs(ref));
  }

  /**
   * Gives it another size.
   *
   * @param flags of {@code StorageVolResizeFlags}
   */
  public void resize(long bytes, int flags) throws LibvirtException {
    connection.call(RemoteProgram.STORAGE_VOL_RESIZE, new StorageVolResizeArgs(ref, bytes, flags));
  }

  /** Deletes it. */
  public void delete() throws LibvirtException {
    connection.call(RemoteProgram.STORAGE_VOL_DELETE, new StorageVolDeleteArgs(ref, 0));
  }

  /**
   * Opens a stream into it.
   *
   * @param length bytes that come; 0 for as many as it has
   * @param flags of {@code StorageVolUploadFlags}
   */
  public ClientStream upload(long offset, long length, int flags) throws LibvirtException {
    return connection.stream(
        RemoteProgram.STORAGE_VOL_UPLOAD, new StorageVolUploadArgs(ref, offset, length, flags));
  }

  /**
   * Opens a stream of its content.
   *
   * @param length bytes that are wanted; 0 for all
   * @param flags of {@code StorageVolDownloadFlags}
   */
  public ClientStream download(long offset, long length, int flags) throws LibvirtException {
    return connection.stream(
        RemoteProgram.STORAGE_VOL_DOWNLOAD, new StorageVolDownloadArgs(ref, offset, length, flags));
  }

  /** What it is called by on the wire. */
  public StorageVolRef reference() {
    return ref;
  }

  /**
   * Kind and bytes, in another sense.
   *
   * @param flags of {@code StorageVolInfoFlags}: with {@code GET_PHYSICAL} the bytes of the file
   *     take the place of those that the host has given it
   */
  public StorageVolGetInfoFlagsRet info(int flags) throws LibvirtException {
    return connection.call(
        RemoteProgram.STORAGE_VOL_GET_INFO_FLAGS, new StorageVolGetInfoFlagsArgs(ref, flags));
  }

  /** Overwrites its content, so that nobody reads it from the medium any more. */
  public void wipe(StorageVolWipeAlgorithm algorithm) throws LibvirtException {
    connection.call(
        RemoteProgram.STORAGE_VOL_WIPE_PATTERN,
        new StorageVolWipePatternArgs(ref, algorithm.number(), 0));
  }

  @Override
  public String toString() {
    return "StorageVolume[" + ref.key() + "]";
  }
}
