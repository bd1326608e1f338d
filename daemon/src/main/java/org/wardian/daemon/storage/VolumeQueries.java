package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.wardian.definition.storage.Paths;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StorageVolInfoFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StoragePoolListAllVolumesArgs;
import org.wardian.libvirt.wire.remote.StoragePoolListAllVolumesRet;
import org.wardian.libvirt.wire.remote.StoragePoolListVolumesRet;
import org.wardian.libvirt.wire.remote.StoragePoolNumOfVolumesRet;
import org.wardian.libvirt.wire.remote.StorageVolGetInfoFlagsArgs;
import org.wardian.libvirt.wire.remote.StorageVolGetInfoFlagsRet;
import org.wardian.libvirt.wire.remote.StorageVolGetInfoRet;
import org.wardian.libvirt.wire.remote.StorageVolGetPathRet;
import org.wardian.libvirt.wire.remote.StorageVolGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.StorageVolGetXmlDescRet;
import org.wardian.libvirt.wire.remote.StorageVolLookupByKeyArgs;
import org.wardian.libvirt.wire.remote.StorageVolLookupByKeyRet;
import org.wardian.libvirt.wire.remote.StorageVolLookupByNameRet;
import org.wardian.libvirt.wire.remote.StorageVolLookupByPathArgs;
import org.wardian.libvirt.wire.remote.StorageVolLookupByPathRet;
import org.wardian.libvirt.wire.remote.StorageVolRef;

/** What clients ask about volumes. */
final class VolumeQueries implements HandlerFamily {
  private final PoolRegistry registry;
  private final PoolLookup lookup;

  VolumeQueries(PoolRegistry registry, PoolLookup lookup) {
    this.registry = registry;
    this.lookup = lookup;
  }

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.STORAGE_POOL_NUM_OF_VOLUMES,
        (call, args) -> new StoragePoolNumOfVolumesRet(lookup.pool(args.pool()).volumes().size()));
    table.on(
        RemoteProgram.STORAGE_POOL_LIST_VOLUMES,
        (call, args) ->
            new StoragePoolListVolumesRet(
                lookup.pool(args.pool()).volumes().stream()
                    .map(Volume::name)
                    .limit(Math.max(0, args.maxnames()))
                    .toList()));
    table.on(RemoteProgram.STORAGE_POOL_LIST_ALL_VOLUMES, this::list);
    table.on(
        RemoteProgram.STORAGE_VOL_LOOKUP_BY_NAME,
        (call, args) ->
            new StorageVolLookupByNameRet(
                lookup.pool(args.pool()).volume(args.name()).ref(args.pool().name())));
    table.on(RemoteProgram.STORAGE_VOL_LOOKUP_BY_KEY, this::byKey);
    table.on(RemoteProgram.STORAGE_VOL_LOOKUP_BY_PATH, this::byPath);
    table.on(
        RemoteProgram.STORAGE_VOL_GET_PATH,
        (call, args) -> new StorageVolGetPathRet(volume(args.vol()).definition().target().path()));
    table.on(
        RemoteProgram.STORAGE_VOL_GET_INFO,
        (call, args) -> {
          VolumeDefinition now = measured(args.vol());
          return new StorageVolGetInfoRet(now.kind().ordinal(), now.capacity(), now.allocation());
        });
    table.on(RemoteProgram.STORAGE_VOL_GET_INFO_FLAGS, this::info);
    table.on(RemoteProgram.STORAGE_VOL_GET_XML_DESC, this::xml);
  }

  private StoragePoolListAllVolumesRet list(Call call, StoragePoolListAllVolumesArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Pool pool = lookup.pool(args.pool());
    List<StorageVolRef> volumes =
        pool.volumes().stream().map(volume -> volume.ref(pool.name())).toList();
    return new StoragePoolListAllVolumesRet(
        args.needResults() != 0 ? volumes : List.of(), volumes.size());
  }

  private StorageVolRef find(String path) {
    int slash = path.lastIndexOf('/');
    for (Pool pool : slash < 0 ? List.<Pool>of() : registry.all()) {
      Volume volume = pool.findVolume(path.substring(slash + 1));
      if (volume != null && path.equals(volume.definition().target().path())) {
        return volume.ref(pool.name());
      }
    }
    return null;
  }

  /** The volume of a key, which is a path or, of a device, what its host knows it by. */
  private StorageVolRef findKey(String key) {
    StorageVolRef found = find(key);
    if (found != null && found.key().equals(key)) {
      return found;
    }
    for (Pool pool : registry.all()) {
      Volume volume = pool.definition().type().hasFiles() ? null : pool.findKey(key);
      if (volume != null) {
        return volume.ref(pool.name());
      }
    }
    return null;
  }

  private StorageVolLookupByKeyRet byKey(Call call, StorageVolLookupByKeyArgs args)
      throws LibvirtException {
    StorageVolRef found = findKey(args.key());
    if (found == null) {
      throw StorageErrors.of(
          ErrorNumber.NO_STORAGE_VOL, "no storage vol with matching key " + args.key());
    }
    return new StorageVolLookupByKeyRet(found);
  }

  private StorageVolLookupByPathRet byPath(Call call, StorageVolLookupByPathArgs args)
      throws LibvirtException {
    StorageVolRef found = find(Paths.clean(args.path()));
    if (found == null) {
      throw StorageErrors.of(
          ErrorNumber.NO_STORAGE_VOL, "no storage vol with matching path '" + args.path() + "'");
    }
    return new StorageVolLookupByPathRet(found);
  }

  private Volume volume(StorageVolRef ref) throws LibvirtException {
    return lookup.pool(ref.pool()).volume(ref.name());
  }

  /** The volume as it is now: the host is asked, unless the volume is still being made. */
  private VolumeDefinition measured(StorageVolRef ref) throws LibvirtException {
    Pool pool = lookup.pool(ref.pool());
    Volume volume = pool.volume(ref.name());
    if (volume.building()) {
      return volume.progress();
    }
    Path path = HostPaths.of(volume.definition().target().path());
    try {
      VolumeDefinition now = pool.backend.volumes().look(volume.definition());
      if (now != null) {
        volume.definition(now);
        return now;
      }
    } catch (IOException e) {
      throw StorageErrors.system("cannot open volume '" + path + "'", e);
    }
    throw StorageErrors.of(
        ErrorNumber.NO_STORAGE_VOL, "volume '" + path + "' is not a file any more");
  }

  private StorageVolGetInfoFlagsRet info(Call call, StorageVolGetInfoFlagsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), StorageVolInfoFlags.GET_PHYSICAL);
    VolumeDefinition now = measured(args.vol());
    boolean physical = (args.flags() & StorageVolInfoFlags.GET_PHYSICAL) != 0;
    return new StorageVolGetInfoFlagsRet(
        now.kind().ordinal(), now.capacity(), physical ? now.physical() : now.allocation());
  }

  private StorageVolGetXmlDescRet xml(Call call, StorageVolGetXmlDescArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    return new StorageVolGetXmlDescRet(measured(args.vol()).document());
  }
}
