package org.wardian.daemon.storage;

import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeDefinition.Capacity;
import org.wardian.definition.storage.VolumeFormat;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StorageVolCreateFlags;
import org.wardian.libvirt.constants.StorageVolDeleteFlags;
import org.wardian.libvirt.constants.StorageVolResizeFlags;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StorageVolCreateXmlArgs;
import org.wardian.libvirt.wire.remote.StorageVolCreateXmlFromArgs;
import org.wardian.libvirt.wire.remote.StorageVolCreateXmlFromRet;
import org.wardian.libvirt.wire.remote.StorageVolCreateXmlRet;
import org.wardian.libvirt.wire.remote.StorageVolDeleteArgs;
import org.wardian.libvirt.wire.remote.StorageVolResizeArgs;
import org.wardian.libvirt.wire.remote.StorageVolWipeArgs;
import org.wardian.libvirt.wire.remote.StorageVolWipePatternArgs;

/** What changes volumes. */
final class VolumeProcedures implements HandlerFamily {
  private static final int CREATE_FLAGS =
      StorageVolCreateFlags.PREALLOC_METADATA
          | StorageVolCreateFlags.REFLINK
          | StorageVolCreateFlags.VALIDATE;

  private final PoolLookup lookup;
  private final VolumeWork work;

  VolumeProcedures(PoolLookup lookup, VolumeWork work) {
    this.lookup = lookup;
    this.work = work;
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.STORAGE_VOL_CREATE_XML, this::create);
    table.on(RemoteProgram.STORAGE_VOL_CREATE_XML_FROM, this::createFrom);
    table.act(RemoteProgram.STORAGE_VOL_DELETE, this::delete);
    table.act(RemoteProgram.STORAGE_VOL_WIPE, this::wipe);
    table.act(RemoteProgram.STORAGE_VOL_WIPE_PATTERN, this::wipePattern);
    table.act(RemoteProgram.STORAGE_VOL_RESIZE, this::resize);
  }

  private static VolumeDefinition parse(Pool pool, String xml, Capacity capacity)
      throws LibvirtException {
    try {
      // A device has no format, and none is asked for, as in libvirt.
      VolumeFormat usual = pool.definition().type().hasFiles() ? VolumeFormat.RAW : null;
      return VolumeDefinition.parse(xml, usual, capacity);
    } catch (XmlException e) {
      throw StorageErrors.of(e, "storage_volume_definition");
    }
  }

  private StorageVolCreateXmlRet create(Call call, StorageVolCreateXmlArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), CREATE_FLAGS);
    Pool pool = lookup.pool(args.pool());
    pool.requireActive();
    VolumeDefinition wanted = parse(pool, args.xml(), Capacity.OF_BACKING);
    if (wanted.allocation() < 0 && wanted.capacity() >= 0) {
      wanted = wanted.withSizes(wanted.capacity(), wanted.capacity(), 0);
    }
    Volume made = work.create(pool, wanted, metadata(args.flags()));
    return new StorageVolCreateXmlRet(made.ref(pool.name()));
  }

  private static boolean metadata(int flags) {
    return (flags & StorageVolCreateFlags.PREALLOC_METADATA) != 0;
  }

  private StorageVolCreateXmlFromRet createFrom(Call call, StorageVolCreateXmlFromArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), CREATE_FLAGS);
    Pool pool = lookup.pool(args.pool());
    Pool source = lookup.pool(args.clonevol().pool());
    pool.requireActive();
    source.requireActive();
    if ((args.flags() & StorageVolCreateFlags.REFLINK) != 0) {
      throw StorageErrors.unsupported("copies that share blocks are not made here");
    }
    Volume original = source.volume(args.clonevol().name());
    VolumeDefinition wanted = parse(pool, args.xml(), Capacity.OPTIONAL);
    Volume made = work.copy(pool, wanted, source, original.name(), metadata(args.flags()));
    return new StorageVolCreateXmlFromRet(made.ref(pool.name()));
  }

  private void delete(Call call, StorageVolDeleteArgs args) throws LibvirtException {
    Pool pool = lookup.pool(args.vol().pool());
    pool.volume(args.vol().name());
    call.checkFlags(args.flags(), StorageVolDeleteFlags.NORMAL);
    work.delete(pool, args.vol().name());
  }

  private void wipe(Call call, StorageVolWipeArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    work.wipe(lookup.pool(args.vol().pool()), args.vol().name(), StorageVolWipeAlgorithm.ZERO);
  }

  private void wipePattern(Call call, StorageVolWipePatternArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    StorageVolWipeAlgorithm algorithm = StorageVolWipeAlgorithm.of(args.algorithm());
    if (algorithm == null) {
      throw StorageErrors.of(
          ErrorNumber.INVALID_ARG, "wiping algorithm " + args.algorithm() + " not supported");
    }
    Pool pool = lookup.pool(args.vol().pool());
    pool.volume(args.vol().name());
    work.wipe(pool, args.vol().name(), algorithm);
  }

  private void resize(Call call, StorageVolResizeArgs args) throws LibvirtException {
    call.checkFlags(
        args.flags(),
        StorageVolResizeFlags.ALLOCATE
            | StorageVolResizeFlags.DELTA
            | StorageVolResizeFlags.SHRINK);
    work.resize(lookup.pool(args.vol().pool()), args.vol().name(), args.capacity(), args.flags());
  }
}
