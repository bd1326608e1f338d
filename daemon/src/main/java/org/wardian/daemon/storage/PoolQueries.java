package org.wardian.daemon.storage;

import java.util.List;
import org.wardian.definition.storage.Paths;
import org.wardian.definition.storage.PoolCapabilities;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.definition.storage.PoolType;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StoragePoolState;
import org.wardian.libvirt.constants.StorageXmlFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectFindStoragePoolSourcesArgs;
import org.wardian.libvirt.wire.remote.ConnectFindStoragePoolSourcesRet;
import org.wardian.libvirt.wire.remote.ConnectGetStoragePoolCapabilitiesRet;
import org.wardian.libvirt.wire.remote.ConnectListAllStoragePoolsArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllStoragePoolsRet;
import org.wardian.libvirt.wire.remote.ConnectListDefinedStoragePoolsRet;
import org.wardian.libvirt.wire.remote.ConnectListStoragePoolsRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfDefinedStoragePoolsRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfStoragePoolsRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StoragePoolGetAutostartRet;
import org.wardian.libvirt.wire.remote.StoragePoolGetInfoArgs;
import org.wardian.libvirt.wire.remote.StoragePoolGetInfoRet;
import org.wardian.libvirt.wire.remote.StoragePoolGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.StoragePoolGetXmlDescRet;
import org.wardian.libvirt.wire.remote.StoragePoolIsActiveRet;
import org.wardian.libvirt.wire.remote.StoragePoolIsPersistentRet;
import org.wardian.libvirt.wire.remote.StoragePoolLookupByNameRet;
import org.wardian.libvirt.wire.remote.StoragePoolLookupByTargetPathArgs;
import org.wardian.libvirt.wire.remote.StoragePoolLookupByTargetPathRet;
import org.wardian.libvirt.wire.remote.StoragePoolLookupByUuidRet;
import org.wardian.libvirt.wire.remote.StoragePoolLookupByVolumeRet;
import org.wardian.libvirt.wire.remote.StoragePoolRef;

/** What clients ask about pools; no answer waits for a pool at work. */
final class PoolQueries implements HandlerFamily {
  private final PoolRegistry registry;
  private final PoolLookup lookup;

  PoolQueries(PoolRegistry registry, PoolLookup lookup) {
    this.registry = registry;
    this.lookup = lookup;
  }

  @Override
  public void register(HandlerTable table) {
    lists(table);
    lookups(table);
    table.on(RemoteProgram.STORAGE_POOL_GET_INFO, this::info);
    table.on(RemoteProgram.STORAGE_POOL_GET_XML_DESC, this::xml);
    table.on(
        RemoteProgram.STORAGE_POOL_GET_AUTOSTART,
        (call, args) ->
            new StoragePoolGetAutostartRet(lookup.pool(args.pool()).autostart() ? 1 : 0));
    table.on(
        RemoteProgram.STORAGE_POOL_IS_ACTIVE,
        (call, args) -> new StoragePoolIsActiveRet(lookup.pool(args.pool()).active() ? 1 : 0));
    table.on(
        RemoteProgram.STORAGE_POOL_IS_PERSISTENT,
        (call, args) ->
            new StoragePoolIsPersistentRet(lookup.pool(args.pool()).persistent() ? 1 : 0));
    table.on(RemoteProgram.CONNECT_FIND_STORAGE_POOL_SOURCES, PoolQueries::findSources);
    table.on(
        RemoteProgram.CONNECT_GET_STORAGE_POOL_CAPABILITIES,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          return new ConnectGetStoragePoolCapabilitiesRet(
              PoolCapabilities.document(PoolRegistry.supported()));
        });
  }

  private void lists(HandlerTable table) {
    table.on(
        RemoteProgram.CONNECT_NUM_OF_STORAGE_POOLS,
        (call, nothing) -> new ConnectNumOfStoragePoolsRet(names(true).size()));
    table.on(
        RemoteProgram.CONNECT_LIST_STORAGE_POOLS,
        (call, args) ->
            new ConnectListStoragePoolsRet(
                names(true).stream().limit(Math.max(0, args.maxnames())).toList()));
    table.on(
        RemoteProgram.CONNECT_NUM_OF_DEFINED_STORAGE_POOLS,
        (call, nothing) -> new ConnectNumOfDefinedStoragePoolsRet(names(false).size()));
    table.on(
        RemoteProgram.CONNECT_LIST_DEFINED_STORAGE_POOLS,
        (call, args) ->
            new ConnectListDefinedStoragePoolsRet(
                names(false).stream().limit(Math.max(0, args.maxnames())).toList()));
    table.on(RemoteProgram.CONNECT_LIST_ALL_STORAGE_POOLS, this::list);
  }

  private List<String> names(boolean active) {
    return registry.all().stream().filter(pool -> pool.active() == active).map(Pool::name).toList();
  }

  private ConnectListAllStoragePoolsRet list(Call call, ConnectListAllStoragePoolsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), PoolFilter.ALL);
    PoolFilter filter = new PoolFilter(args.flags());
    List<StoragePoolRef> pools =
        registry.all().stream().filter(filter::shows).map(Pool::ref).toList();
    return new ConnectListAllStoragePoolsRet(
        args.needResults() != 0 ? pools : List.of(), pools.size());
  }

  private void lookups(HandlerTable table) {
    table.on(
        RemoteProgram.STORAGE_POOL_LOOKUP_BY_NAME,
        (call, args) -> new StoragePoolLookupByNameRet(lookup.pool(args.name()).ref()));
    table.on(
        RemoteProgram.STORAGE_POOL_LOOKUP_BY_UUID,
        (call, args) -> new StoragePoolLookupByUuidRet(lookup.pool(args.uuid(), null).ref()));
    table.on(
        RemoteProgram.STORAGE_POOL_LOOKUP_BY_VOLUME,
        (call, args) -> new StoragePoolLookupByVolumeRet(lookup.pool(args.vol().pool()).ref()));
    table.on(RemoteProgram.STORAGE_POOL_LOOKUP_BY_TARGET_PATH, this::byTarget);
  }

  private StoragePoolLookupByTargetPathRet byTarget(
      Call call, StoragePoolLookupByTargetPathArgs args) throws LibvirtException {
    String path = Paths.clean(args.path());
    for (Pool pool : registry.all()) {
      if (pool.active() && path.equals(pool.definition().target())) {
        return new StoragePoolLookupByTargetPathRet(pool.ref());
      }
    }
    throw PoolLookup.missing("no storage pool with matching target path '" + args.path() + "'");
  }

  private StoragePoolGetInfoRet info(Call call, StoragePoolGetInfoArgs args)
      throws LibvirtException {
    Pool pool = lookup.pool(args.pool());
    if (pool.backend.isMeasuredAlways()) {
      measure(pool);
    }
    Usage usage = pool.usage();
    StoragePoolState state = pool.active() ? StoragePoolState.RUNNING : StoragePoolState.INACTIVE;
    return new StoragePoolGetInfoRet(
        state.number(), usage.capacity(), usage.allocation(), usage.available());
  }

  /** Asks the host how full it is now. */
  static void measure(Pool pool) {
    if (pool.active()) {
      try {
        Usage now = pool.backend.usage(pool.definition());
        synchronized (pool) {
          if (pool.active()) {
            pool.usage(now);
          }
        }
      } catch (LibvirtException unreachable) {
        // What was seen last is still the best answer.
      }
    }
  }

  private StoragePoolGetXmlDescRet xml(Call call, StoragePoolGetXmlDescArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), StorageXmlFlags.INACTIVE);
    Pool pool = lookup.pool(args.pool());
    if (pool.backend.isMeasuredAlways()) {
      measure(pool);
    }
    return new StoragePoolGetXmlDescRet(
        pool.document((args.flags() & StorageXmlFlags.INACTIVE) != 0));
  }

  private static ConnectFindStoragePoolSourcesRet findSources(
      Call call, ConnectFindStoragePoolSourcesArgs args) throws LibvirtException {
    PoolType type =
        PoolType.of(args.type())
            .orElseThrow(() ->
                StorageErrors.of(
                    ErrorNumber.INTERNAL_ERROR, "unknown storage pool type " + args.type()));
    call.checkFlags(args.flags(), 0);
    PoolRegistry.requireSupported(type);
    if (type == PoolType.LOGICAL) {
      return new ConnectFindStoragePoolSourcesRet(LogicalSources.document(PoolRegistry.LOGICAL));
    }
    if (type != PoolType.NETFS) {
      throw StorageErrors.noSupport(
          "pool type '" + type.text() + "' does not support source discovery");
    }
    return new ConnectFindStoragePoolSourcesRet(NetworkSources.document(args.srcSpec()));
  }
}
