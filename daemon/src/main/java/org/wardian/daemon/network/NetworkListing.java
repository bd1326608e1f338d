package org.wardian.daemon.network;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.wardian.libvirt.constants.ConnectListAllNetworksFlags;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectListAllNetworksArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllNetworksRet;
import org.wardian.libvirt.wire.remote.ConnectListDefinedNetworksRet;
import org.wardian.libvirt.wire.remote.ConnectListNetworksRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfDefinedNetworksRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfNetworksRet;
import org.wardian.libvirt.wire.remote.NetworkDhcpLease;
import org.wardian.libvirt.wire.remote.NetworkGetDhcpLeasesArgs;
import org.wardian.libvirt.wire.remote.NetworkGetDhcpLeasesRet;
import org.wardian.libvirt.wire.remote.NetworkLookupByNameRet;
import org.wardian.libvirt.wire.remote.NetworkLookupByUuidRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Which networks there are, and what addresses they have given. */
final class NetworkListing implements HandlerFamily {
  private static final int FILTERS =
      ConnectListAllNetworksFlags.ACTIVE
          | ConnectListAllNetworksFlags.INACTIVE
          | ConnectListAllNetworksFlags.PERSISTENT
          | ConnectListAllNetworksFlags.TRANSIENT
          | ConnectListAllNetworksFlags.AUTOSTART
          | ConnectListAllNetworksFlags.NO_AUTOSTART;

  private final NetworkLifeCycle life;

  NetworkListing(NetworkLifeCycle life) {
    this.life = life;
  }

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.NETWORK_LOOKUP_BY_NAME,
        (call, a) -> new NetworkLookupByNameRet(life.registry().byName(a.name()).reference()));
    table.on(
        RemoteProgram.NETWORK_LOOKUP_BY_UUID,
        (call, a) ->
            new NetworkLookupByUuidRet(life.registry().byUuid(a.uuid(), null).reference()));
    table.on(
        RemoteProgram.CONNECT_NUM_OF_NETWORKS,
        (call, a) -> new ConnectNumOfNetworksRet(sorted(VirtualNetwork::active).size()));
    table.on(
        RemoteProgram.CONNECT_NUM_OF_DEFINED_NETWORKS,
        (call, a) -> new ConnectNumOfDefinedNetworksRet(sorted(one -> !one.active()).size()));
    table.on(
        RemoteProgram.CONNECT_LIST_NETWORKS,
        (call, a) -> new ConnectListNetworksRet(names(VirtualNetwork::active, a.maxnames())));
    table.on(
        RemoteProgram.CONNECT_LIST_DEFINED_NETWORKS,
        (call, a) -> new ConnectListDefinedNetworksRet(names(one -> !one.active(), a.maxnames())));
    table.on(RemoteProgram.CONNECT_LIST_ALL_NETWORKS, this::list);
    table.on(RemoteProgram.NETWORK_GET_DHCP_LEASES, this::leases);
  }

  private List<VirtualNetwork> sorted(Predicate<VirtualNetwork> wanted) {
    List<VirtualNetwork> found = new ArrayList<>();
    for (VirtualNetwork network : life.registry().all()) {
      // One that is just being made is not there yet.
      if (network.current() != null && wanted.test(network)) {
        found.add(network);
      }
    }
    found.sort(Comparator.comparing(VirtualNetwork::name));
    return found;
  }

  private List<String> names(Predicate<VirtualNetwork> wanted, int most) {
    return sorted(wanted).stream().map(VirtualNetwork::name).limit(Math.max(0, most)).toList();
  }

  private static boolean passes(int flags, int yes, int no, boolean is) {
    return (flags & (yes | no)) == 0 || (flags & (is ? yes : no)) != 0;
  }

  private ConnectListAllNetworksRet list(Call call, ConnectListAllNetworksArgs arguments)
      throws LibvirtException {
    int flags = arguments.flags();
    call.checkFlags(flags, FILTERS);
    List<VirtualNetwork> found =
        sorted(one ->
            passes(
                    flags,
                    ConnectListAllNetworksFlags.ACTIVE,
                    ConnectListAllNetworksFlags.INACTIVE,
                    one.active())
                && passes(
                    flags,
                    ConnectListAllNetworksFlags.PERSISTENT,
                    ConnectListAllNetworksFlags.TRANSIENT,
                    one.persistent() != null)
                && passes(
                    flags,
                    ConnectListAllNetworksFlags.AUTOSTART,
                    ConnectListAllNetworksFlags.NO_AUTOSTART,
                    one.autostart()));
    return new ConnectListAllNetworksRet(
        arguments.needResults() == 0
            ? List.of()
            : found.stream().map(VirtualNetwork::reference).toList(),
        found.size());
  }

  private NetworkGetDhcpLeasesRet leases(Call call, NetworkGetDhcpLeasesArgs arguments)
      throws LibvirtException {
    call.checkFlags(arguments.flags(), 0);
    VirtualNetwork network = life.registry().byUuid(arguments.net().uuid(), arguments.net().name());
    String mac = arguments.mac();
    if (mac != null && !mac.matches("\\p{XDigit}{1,2}(:\\p{XDigit}{1,2}){5}")) {
      throw new LibvirtException(ErrorNumber.INVALID_MAC, ErrorDomain.NETWORK, mac);
    }
    List<NetworkDhcpLease> found =
        network.live() == null || network.live().bridge() == null
            ? List.of()
            : LeaseReport.read(life.leases(network.live()), network.live(), mac);
    return new NetworkGetDhcpLeasesRet(
        arguments.needResults() == 0 ? List.of() : found, found.size());
  }
}
