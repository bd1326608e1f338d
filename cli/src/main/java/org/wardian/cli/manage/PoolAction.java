package org.wardian.cli.manage;

import java.util.UUID;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.error.LibvirtException;

/** A verb that does the same to each of several storage pools. */
abstract class PoolAction extends EachAction<StoragePool> {
  @Override
  final StoragePool find(Connection connection, String text) throws LibvirtException {
    return Lookup.pool(connection, text);
  }

  @Override
  final String name(StoragePool pool) {
    return pool.name();
  }

  @Override
  final UUID uuid(StoragePool pool) {
    return pool.uuid();
  }
}
