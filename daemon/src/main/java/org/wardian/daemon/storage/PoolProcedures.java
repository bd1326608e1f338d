package org.wardian.daemon.storage;

import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StoragePoolBuildFlags;
import org.wardian.libvirt.constants.StoragePoolCreateFlags;
import org.wardian.libvirt.constants.StoragePoolDefineFlags;
import org.wardian.libvirt.constants.StoragePoolDeleteFlags;
import org.wardian.libvirt.constants.StoragePoolEventLifecycleType;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StoragePoolBuildArgs;
import org.wardian.libvirt.wire.remote.StoragePoolCreateArgs;
import org.wardian.libvirt.wire.remote.StoragePoolCreateXmlArgs;
import org.wardian.libvirt.wire.remote.StoragePoolCreateXmlRet;
import org.wardian.libvirt.wire.remote.StoragePoolDefineXmlArgs;
import org.wardian.libvirt.wire.remote.StoragePoolDefineXmlRet;
import org.wardian.libvirt.wire.remote.StoragePoolDeleteArgs;
import org.wardian.libvirt.wire.remote.StoragePoolRefreshArgs;
import org.wardian.libvirt.wire.remote.StoragePoolSetAutostartArgs;

/** What changes pools. */
final class PoolProcedures implements HandlerFamily {
  static final String DOCUMENT = "storage_pool_definition";

  private static final int CREATE_FLAGS =
      StoragePoolCreateFlags.WITH_BUILD
          | StoragePoolCreateFlags.WITH_BUILD_OVERWRITE
          | StoragePoolCreateFlags.WITH_BUILD_NO_OVERWRITE;

  private final PoolRegistry registry;
  private final PoolLookup lookup;
  private final PoolLifecycle lifecycle;
  private final PoolEvents events;

  PoolProcedures(
      PoolRegistry registry, PoolLookup lookup, PoolLifecycle lifecycle, PoolEvents events) {
    this.registry = registry;
    this.lookup = lookup;
    this.lifecycle = lifecycle;
    this.events = events;
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.STORAGE_POOL_CREATE_XML, this::createXml);
    table.on(RemoteProgram.STORAGE_POOL_DEFINE_XML, this::define);
    table.act(RemoteProgram.STORAGE_POOL_CREATE, this::create);
    table.act(RemoteProgram.STORAGE_POOL_BUILD, this::build);
    table.act(
        RemoteProgram.STORAGE_POOL_DESTROY,
        (call, args) -> lifecycle.stop(lookup.pool(args.pool())));
    table.act(RemoteProgram.STORAGE_POOL_DELETE, this::delete);
    table.act(
        RemoteProgram.STORAGE_POOL_UNDEFINE,
        (call, args) -> lifecycle.undefine(lookup.pool(args.pool())));
    table.act(RemoteProgram.STORAGE_POOL_REFRESH, this::refresh);
    table.act(RemoteProgram.STORAGE_POOL_SET_AUTOSTART, this::setAutostart);
  }

  private static PoolDefinition parse(String xml) throws LibvirtException {
    try {
      PoolDefinition definition = PoolDefinition.parse(xml);
      PoolRegistry.requireSupported(definition.type());
      return definition;
    } catch (XmlException e) {
      throw StorageErrors.of(e, DOCUMENT);
    }
  }

  private StoragePoolCreateXmlRet createXml(Call call, StoragePoolCreateXmlArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), CREATE_FLAGS);
    PoolLifecycle.buildFlags(args.flags());
    PoolDefinition definition = parse(args.xml());
    Pool pool = registry.add(definition, true);
    try {
      pool.requireInactive("already");
      pool.propose(definition);
      lifecycle.start(pool, args.flags());
    } finally {
      pool.withdraw();
      registry.removeIfUnused(pool);
    }
    return new StoragePoolCreateXmlRet(pool.ref());
  }

  private StoragePoolDefineXmlRet define(Call call, StoragePoolDefineXmlArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), StoragePoolDefineFlags.VALIDATE);
    PoolDefinition definition = parse(args.xml());
    Pool pool = registry.add(definition, false);
    try {
      registry.keep(pool, definition);
    } finally {
      registry.removeIfUnused(pool);
    }
    events.lifecycle(pool, StoragePoolEventLifecycleType.DEFINED);
    return new StoragePoolDefineXmlRet(pool.ref());
  }

  private void create(Call call, StoragePoolCreateArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), CREATE_FLAGS);
    lifecycle.start(lookup.pool(args.pool()), args.flags());
  }

  private void build(Call call, StoragePoolBuildArgs args) throws LibvirtException {
    call.checkFlags(
        args.flags(),
        StoragePoolBuildFlags.REPAIR
            | StoragePoolBuildFlags.RESIZE
            | StoragePoolBuildFlags.NO_OVERWRITE
            | StoragePoolBuildFlags.OVERWRITE);
    Pool pool = lookup.pool(args.pool());
    call.checkFlags(
        args.flags(), StoragePoolBuildFlags.NO_OVERWRITE | StoragePoolBuildFlags.OVERWRITE);
    lifecycle.build(pool, args.flags());
  }

  private void delete(Call call, StoragePoolDeleteArgs args) throws LibvirtException {
    Pool pool = lookup.pool(args.pool());
    call.checkFlags(args.flags(), StoragePoolDeleteFlags.NORMAL);
    lifecycle.delete(pool);
  }

  private void refresh(Call call, StoragePoolRefreshArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    lifecycle.refresh(lookup.pool(args.pool()));
  }

  private void setAutostart(Call call, StoragePoolSetAutostartArgs args) throws LibvirtException {
    Pool pool = lookup.pool(args.pool());
    if (!pool.persistent()) {
      throw StorageErrors.of(ErrorNumber.INTERNAL_ERROR, "pool has no config file");
    }
    registry.setAutostart(pool, args.autostart() != 0);
  }
}
