package org.wardian.libvirt.client;

import java.util.List;
import java.util.UUID;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.NetworkCreateArgs;
import org.wardian.libvirt.wire.remote.NetworkDestroyArgs;
import org.wardian.libvirt.wire.remote.NetworkDhcpLease;
import org.wardian.libvirt.wire.remote.NetworkGetAutostartArgs;
import org.wardian.libvirt.wire.remote.NetworkGetBridgeNameArgs;
import org.wardian.libvirt.wire.remote.NetworkGetDhcpLeasesArgs;
import org.wardian.libvirt.wire.remote.NetworkGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.NetworkIsActiveArgs;
import org.wardian.libvirt.wire.remote.NetworkIsPersistentArgs;
import org.wardian.libvirt.wire.remote.NetworkRef;
import org.wardian.libvirt.wire.remote.NetworkSetAutostartArgs;
import org.wardian.libvirt.wire.remote.NetworkUndefineArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** A network that a daemon keeps or runs. */
public final class Network {
  private final Connection connection;
  private final NetworkRef ref;

  Network(Connection connection, NetworkRef ref) {
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
        .call(RemoteProgram.NETWORK_GET_XML_DESC, new NetworkGetXmlDescArgs(ref, 0))
        .xml();
  }

  /** Whether it runs. */
  public boolean isActive() throws LibvirtException {
    return connection.call(RemoteProgram.NETWORK_IS_ACTIVE, new NetworkIsActiveArgs(ref)).active()
        != 0;
  }

  /** Starts it. */
  public void start() throws LibvirtException {
    connection.call(RemoteProgram.NETWORK_CREATE, new NetworkCreateArgs(ref));
  }

  /** Stops it. */
  public void destroy() throws LibvirtException {
    connection.call(RemoteProgram.NETWORK_DESTROY, new NetworkDestroyArgs(ref));
  }

  /** Forgets its definition. */
  public void undefine() throws LibvirtException {
    connection.call(RemoteProgram.NETWORK_UNDEFINE, new NetworkUndefineArgs(ref));
  }

  /** Says whether it starts with the daemon. */
  public void autostart(boolean wanted) throws LibvirtException {
    connection.call(
        RemoteProgram.NETWORK_SET_AUTOSTART, new NetworkSetAutostartArgs(ref, wanted ? 1 : 0));
  }

  /** Whether it starts with the daemon. */
  public boolean autostart() throws LibvirtException {
    return connection
            .call(RemoteProgram.NETWORK_GET_AUTOSTART, new NetworkGetAutostartArgs(ref))
            .autostart()
        != 0;
  }

  /** Name of its bridge on the daemon's host. */
  public String bridge() throws LibvirtException {
    return connection
        .call(RemoteProgram.NETWORK_GET_BRIDGE_NAME, new NetworkGetBridgeNameArgs(ref))
        .name();
  }

  /** Addresses that it has given by DHCP. */
  public List<NetworkDhcpLease> leases() throws LibvirtException {
    return connection
        .call(RemoteProgram.NETWORK_GET_DHCP_LEASES, new NetworkGetDhcpLeasesArgs(ref, null, 1, 0))
        .leases();
  }

  /** Whether its definition is kept. */
  public boolean isPersistent() throws LibvirtException {
    return connection
            .call(RemoteProgram.NETWORK_IS_PERSISTENT, new NetworkIsPersistentArgs(ref))
            .persistent()
        != 0;
  }

  @Override
  public String toString() {
    return "Network[" + ref.name() + " " + ref.uuid() + "]";
  }
}
