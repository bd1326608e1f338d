package org.wardian.cli.manage;

import java.util.UUID;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.error.LibvirtException;

/** A verb that does the same to each of several networks. */
abstract class NetAction extends EachAction<Network> {
  @Override
  final Network find(Connection connection, String text) throws LibvirtException {
    return Lookup.network(connection, text);
  }

  @Override
  final String name(Network network) {
    return network.name();
  }

  @Override
  final UUID uuid(Network network) {
    return network.uuid();
  }
}
