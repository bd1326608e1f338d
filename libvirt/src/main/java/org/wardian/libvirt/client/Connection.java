package org.wardian.libvirt.client;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.wardian.libvirt.constants.DrvFeature;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.wire.remote.ConnectGetAllDomainStatsArgs;
import org.wardian.libvirt.wire.remote.ConnectGetDomainCapabilitiesArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllDomainsArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllNetworksArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllNodeDevicesArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllNwfiltersArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllSecretsArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllStoragePoolsArgs;
import org.wardian.libvirt.wire.remote.DomainCreateXmlArgs;
import org.wardian.libvirt.wire.remote.DomainDefineXmlFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainLookupByIdArgs;
import org.wardian.libvirt.wire.remote.DomainLookupByNameArgs;
import org.wardian.libvirt.wire.remote.DomainLookupByUuidArgs;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.DomainRestoreFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainStatsRecord;
import org.wardian.libvirt.wire.remote.NetworkCreateXmlArgs;
import org.wardian.libvirt.wire.remote.NetworkDefineXmlArgs;
import org.wardian.libvirt.wire.remote.NetworkLookupByNameArgs;
import org.wardian.libvirt.wire.remote.NodeDeviceLookupByNameArgs;
import org.wardian.libvirt.wire.remote.NodeGetInfoRet;
import org.wardian.libvirt.wire.remote.NwfilterDefineXmlArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.SecretDefineXmlArgs;
import org.wardian.libvirt.wire.remote.StoragePoolDefineXmlArgs;
import org.wardian.libvirt.wire.remote.StoragePoolLookupByNameArgs;
import org.wardian.libvirt.wire.remote.StorageVolLookupByPathArgs;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * A connection to a libvirt daemon. Safe for any number of threads; each call waits for its answer,
 * and calls of different threads overlap.
 *
 * <pre>{@code
 * try (Connection connection = Connection.open("qemu:///system")) {
 *   for (Domain domain : connection.domains()) {
 *     System.out.println(domain.name() + " " + domain.state());
 *   }
 * }
 * }</pre>
 *
 * <p>Where a daemon refuses, methods throw {@link LibvirtException} with libvirt's own number. What
 * has no method here can be called by {@link #call}.
 */
public final class Connection implements AutoCloseable {
  private final RpcClient rpc;
  private final ConnectionUri uri;
  private final EventClient events;

  Connection(RpcClient rpc, ConnectionUri uri) {
    this.rpc = rpc;
    this.uri = uri;
    events = new EventClient(rpc);
  }

  /** Connects, to read and write. */
  public static Connection open(String uri) throws LibvirtException {
    return open(uri, ConnectOptions.DEFAULT);
  }

  /**
   * Connects.
   *
   * @param uri such as {@code qemu:///system}, {@code qemu+tls://host/system}, {@code
   *     qemu+ssh://user@host/system} or {@code qemu+unix:///system?socket=/path}
   * @throws LibvirtException where nobody answers, or the daemon refuses
   */
  public static Connection open(String uri, ConnectOptions options) throws LibvirtException {
    return Opening.open(uri, options);
  }

  /**
   * Calls any procedure.
   *
   * @throws LibvirtException what the daemon answered instead
   */
  public <A extends XdrStruct, R extends XdrStruct> R call(Procedure<A, R> procedure, A arguments)
      throws LibvirtException {
    return rpc.call(procedure, arguments);
  }

  /** Calls a procedure that opens a stream. */
  public <A extends XdrStruct, R extends XdrStruct> ClientStream stream(
      Procedure<A, R> procedure, A arguments) throws LibvirtException {
    return rpc.call(procedure, arguments, List.of(), true).stream();
  }

  RpcClient rpc() {
    return rpc;
  }

  /** Whether the daemon, or its driver, can do something. */
  public boolean supports(DrvFeature feature) throws LibvirtException {
    return Opening.supports(rpc, feature);
  }

  /** Whether it lasts. */
  public boolean isAlive() {
    return rpc.connection().ending() == null;
  }

  /** Calls {@code action} once when it ends, with the reason in words; at once where it has. */
  public void whenClosed(Consumer<String> action) {
    rpc.connection().whenClosed(() -> action.accept(rpc.connection().cause()));
  }

  /** The URI that the daemon has opened. */
  public String uri() throws LibvirtException {
    return call(RemoteProgram.CONNECT_GET_URI, Nothing.NOTHING).uri();
  }

  /** What it was opened with. */
  public ConnectionUri parsedUri() {
    return uri;
  }

  /** The kind of hypervisor, such as {@code QEMU}. */
  public String type() throws LibvirtException {
    return call(RemoteProgram.CONNECT_GET_TYPE, Nothing.NOTHING).type();
  }

  /** Version of the hypervisor: major * 1,000,000 + minor * 1,000 + micro. */
  public long version() throws LibvirtException {
    return call(RemoteProgram.CONNECT_GET_VERSION, Nothing.NOTHING).hvVer();
  }

  /** Version of the daemon: major * 1,000,000 + minor * 1,000 + micro. */
  public long libraryVersion() throws LibvirtException {
    return call(RemoteProgram.CONNECT_GET_LIB_VERSION, Nothing.NOTHING).libVer();
  }

  /** Name of the daemon's host. */
  public String hostname() throws LibvirtException {
    return call(RemoteProgram.CONNECT_GET_HOSTNAME, Nothing.NOTHING).hostname();
  }

  /** What host and hypervisor can do, as XML. */
  public String capabilities() throws LibvirtException {
    return call(RemoteProgram.CONNECT_GET_CAPABILITIES, Nothing.NOTHING).capabilities();
  }

  /**
   * What a domain can have, as XML.
   *
   * @param emulator path, or null
   * @param architecture such as {@code x86_64}, or null
   * @param machine type, or null
   * @param virtualization such as {@code kvm}, or null
   */
  public String domainCapabilities(
      String emulator, String architecture, String machine, String virtualization)
      throws LibvirtException {
    return call(
            RemoteProgram.CONNECT_GET_DOMAIN_CAPABILITIES,
            new ConnectGetDomainCapabilitiesArgs(
                emulator, architecture, machine, virtualization, 0))
        .capabilities();
  }

  /** Processors and memory of the host. */
  public NodeGetInfoRet nodeInfo() throws LibvirtException {
    return call(RemoteProgram.NODE_GET_INFO, Nothing.NOTHING);
  }

  /** Events, to be subscribed to. */
  public EventClient events() {
    return events;
  }

  // Domains.

  /** All domains. */
  public List<Domain> domains() throws LibvirtException {
    return domains(0);
  }

  /**
   * Domains.
   *
   * @param flags of {@code ConnectListAllDomainsFlags}; 0 for all
   */
  public List<Domain> domains(int flags) throws LibvirtException {
    return call(RemoteProgram.CONNECT_LIST_ALL_DOMAINS, new ConnectListAllDomainsArgs(1, flags))
        .domains()
        .stream()
        .map(this::domain)
        .toList();
  }

  Domain domain(DomainRef ref) {
    return new Domain(this, ref);
  }

  /** The domain of a name. */
  public Domain domain(String name) throws LibvirtException {
    return domain(
        call(RemoteProgram.DOMAIN_LOOKUP_BY_NAME, new DomainLookupByNameArgs(name)).dom());
  }

  /** The domain of a UUID. */
  public Domain domain(UUID uuid) throws LibvirtException {
    return domain(
        call(RemoteProgram.DOMAIN_LOOKUP_BY_UUID, new DomainLookupByUuidArgs(uuid)).dom());
  }

  /** The running domain of an id. */
  public Domain domain(int id) throws LibvirtException {
    return domain(call(RemoteProgram.DOMAIN_LOOKUP_BY_ID, new DomainLookupByIdArgs(id)).dom());
  }

  /** Keeps a domain, which does not start. */
  public Domain defineDomain(String xml) throws LibvirtException {
    return domain(
        call(RemoteProgram.DOMAIN_DEFINE_XML_FLAGS, new DomainDefineXmlFlagsArgs(xml, 0)).dom());
  }

  /**
   * Starts a domain that is forgotten when it stops.
   *
   * @param flags of {@code DomainCreateFlags}
   */
  public Domain createDomain(String xml, int flags) throws LibvirtException {
    return domain(call(RemoteProgram.DOMAIN_CREATE_XML, new DomainCreateXmlArgs(xml, flags)).dom());
  }

  /** Starts a domain from a file that {@link Domain#save} wrote, a path on the daemon's host. */
  public void restoreDomain(String path) throws LibvirtException {
    call(RemoteProgram.DOMAIN_RESTORE_FLAGS, new DomainRestoreFlagsArgs(path, null, 0));
  }

  /**
   * Statistics of all domains.
   *
   * @param groups of {@code DomainStatsTypes}; 0 for all
   * @param flags of {@code ConnectGetAllDomainStatsFlags}
   */
  public Map<Domain, Map<String, Object>> domainStatistics(int groups, int flags)
      throws LibvirtException {
    Map<Domain, Map<String, Object>> all = new LinkedHashMap<>();
    for (DomainStatsRecord one :
        call(
                RemoteProgram.CONNECT_GET_ALL_DOMAIN_STATS,
                new ConnectGetAllDomainStatsArgs(List.of(), groups, flags))
            .retStats()) {
      all.put(domain(one.dom()), TypedParameters.toMap(one.params()));
    }
    return all;
  }

  // Networks.

  /** All networks. */
  public List<Network> networks() throws LibvirtException {
    return call(RemoteProgram.CONNECT_LIST_ALL_NETWORKS, new ConnectListAllNetworksArgs(1, 0))
        .nets()
        .stream()
        .map(ref -> new Network(this, ref))
        .toList();
  }

  /** The network of a name. */
  public Network network(String name) throws LibvirtException {
    return new Network(
        this, call(RemoteProgram.NETWORK_LOOKUP_BY_NAME, new NetworkLookupByNameArgs(name)).net());
  }

  /** Keeps a network, which does not start. */
  public Network defineNetwork(String xml) throws LibvirtException {
    return new Network(
        this, call(RemoteProgram.NETWORK_DEFINE_XML, new NetworkDefineXmlArgs(xml)).net());
  }

  /** Starts a network that is forgotten when it stops. */
  public Network createNetwork(String xml) throws LibvirtException {
    return new Network(
        this, call(RemoteProgram.NETWORK_CREATE_XML, new NetworkCreateXmlArgs(xml)).net());
  }

  // Storage.

  /** All storage pools. */
  public List<StoragePool> storagePools() throws LibvirtException {
    return call(
            RemoteProgram.CONNECT_LIST_ALL_STORAGE_POOLS, new ConnectListAllStoragePoolsArgs(1, 0))
        .pools()
        .stream()
        .map(ref -> new StoragePool(this, ref))
        .toList();
  }

  /** The storage pool of a name. */
  public StoragePool storagePool(String name) throws LibvirtException {
    return new StoragePool(
        this,
        call(RemoteProgram.STORAGE_POOL_LOOKUP_BY_NAME, new StoragePoolLookupByNameArgs(name))
            .pool());
  }

  /** Keeps a storage pool, which does not start. */
  public StoragePool defineStoragePool(String xml) throws LibvirtException {
    return new StoragePool(
        this,
        call(RemoteProgram.STORAGE_POOL_DEFINE_XML, new StoragePoolDefineXmlArgs(xml, 0)).pool());
  }

  /** The volume of a path on the daemon's host. */
  public StorageVolume volumeByPath(String path) throws LibvirtException {
    return new StorageVolume(
        this,
        call(RemoteProgram.STORAGE_VOL_LOOKUP_BY_PATH, new StorageVolLookupByPathArgs(path)).vol());
  }

  // The host's devices, secrets, filters.

  /** All devices of the host. */
  public List<NodeDevice> nodeDevices() throws LibvirtException {
    return call(
            RemoteProgram.CONNECT_LIST_ALL_NODE_DEVICES, new ConnectListAllNodeDevicesArgs(1, 0))
        .devices()
        .stream()
        .map(ref -> new NodeDevice(this, ref))
        .toList();
  }

  /** The device of a name. */
  public NodeDevice nodeDevice(String name) throws LibvirtException {
    return new NodeDevice(
        this,
        call(RemoteProgram.NODE_DEVICE_LOOKUP_BY_NAME, new NodeDeviceLookupByNameArgs(name)).dev());
  }

  /** All secrets. */
  public List<Secret> secrets() throws LibvirtException {
    return call(RemoteProgram.CONNECT_LIST_ALL_SECRETS, new ConnectListAllSecretsArgs(1, 0))
        .secrets()
        .stream()
        .map(ref -> new Secret(this, ref))
        .toList();
  }

  /** Keeps a secret, whose value comes later. */
  public Secret defineSecret(String xml) throws LibvirtException {
    return new Secret(
        this, call(RemoteProgram.SECRET_DEFINE_XML, new SecretDefineXmlArgs(xml, 0)).secret());
  }

  /** All network filters. */
  public List<NwFilter> nwFilters() throws LibvirtException {
    return call(RemoteProgram.CONNECT_LIST_ALL_NWFILTERS, new ConnectListAllNwfiltersArgs(1, 0))
        .filters()
        .stream()
        .map(ref -> new NwFilter(this, ref))
        .toList();
  }

  /** Keeps a network filter. */
  public NwFilter defineNwFilter(String xml) throws LibvirtException {
    return new NwFilter(
        this, call(RemoteProgram.NWFILTER_DEFINE_XML, new NwfilterDefineXmlArgs(xml)).nwfilter());
  }

  /** Takes leave of the daemon; streams and subscriptions end. */
  @Override
  public void close() {
    try {
      if (isAlive()) {
        call(RemoteProgram.CONNECT_CLOSE, Nothing.NOTHING);
      }
    } catch (LibvirtException e) {
      // It ends either way.
    } finally {
      rpc.close();
    }
  }

  @Override
  public String toString() {
    return "Connection[" + rpc.connection().peer().address() + " " + uri.name() + "]";
  }
}
