package org.wardian.libvirt.memory;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.StreamItem;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.server.ServerStream;
import org.wardian.libvirt.wire.remote.ConnectListAllStoragePoolsRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StoragePoolGetAutostartRet;
import org.wardian.libvirt.wire.remote.StoragePoolGetInfoRet;
import org.wardian.libvirt.wire.remote.StoragePoolIsActiveRet;
import org.wardian.libvirt.wire.remote.StoragePoolIsPersistentRet;
import org.wardian.libvirt.wire.remote.StoragePoolListAllVolumesRet;
import org.wardian.libvirt.wire.remote.StoragePoolLookupByNameRet;
import org.wardian.libvirt.wire.remote.StoragePoolRef;
import org.wardian.libvirt.wire.remote.StorageVolCreateXmlArgs;
import org.wardian.libvirt.wire.remote.StorageVolCreateXmlRet;
import org.wardian.libvirt.wire.remote.StorageVolDownloadArgs;
import org.wardian.libvirt.wire.remote.StorageVolGetInfoRet;
import org.wardian.libvirt.wire.remote.StorageVolGetPathRet;
import org.wardian.libvirt.wire.remote.StorageVolLookupByNameRet;
import org.wardian.libvirt.wire.remote.StorageVolRef;
import org.wardian.libvirt.wire.remote.StorageVolUploadArgs;

/** One storage pool whose volumes are arrays; zeros are sent as holes where that is asked for. */
public final class MemoryPool implements HandlerFamily {
  private static final Pattern NAME = Pattern.compile("<name>([^<]+)</name>");
  private static final int BLOCK = 65_536;
  private static final int MOST = 64 << 20;
  private static final int SPARSE = 1;
  private static final StoragePoolRef POOL = new StoragePoolRef("memory", new UUID(7, 7));

  private final Map<String, byte[]> volumes = new LinkedHashMap<>();

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.CONNECT_LIST_ALL_STORAGE_POOLS,
        (call, args) -> new ConnectListAllStoragePoolsRet(List.of(POOL), 1));
    table.on(
        RemoteProgram.STORAGE_POOL_LOOKUP_BY_NAME,
        (call, args) -> {
          if (!args.name().equals(POOL.name())) {
            throw new LibvirtException(
                ErrorNumber.NO_STORAGE_POOL,
                ErrorDomain.STORAGE,
                "no storage pool with matching name '" + args.name() + "'");
          }
          return new StoragePoolLookupByNameRet(POOL);
        });
    table.on(
        RemoteProgram.STORAGE_POOL_GET_INFO,
        (call, args) -> new StoragePoolGetInfoRet(2, MOST, 0, MOST));
    table.on(
        RemoteProgram.STORAGE_POOL_GET_AUTOSTART,
        (call, args) -> new StoragePoolGetAutostartRet(0));
    table.on(RemoteProgram.STORAGE_POOL_IS_ACTIVE, (call, args) -> new StoragePoolIsActiveRet(1));
    table.on(
        RemoteProgram.STORAGE_POOL_IS_PERSISTENT,
        (call, args) -> new StoragePoolIsPersistentRet(1));
    table.on(RemoteProgram.STORAGE_POOL_LIST_ALL_VOLUMES, (call, args) -> list());
    table.on(
        RemoteProgram.STORAGE_VOL_LOOKUP_BY_NAME,
        (call, args) -> {
          content(args.name());
          return new StorageVolLookupByNameRet(ref(args.name()));
        });
    table.on(
        RemoteProgram.STORAGE_VOL_GET_PATH,
        (call, args) -> new StorageVolGetPathRet("/memory/" + args.vol().name()));
    table.on(
        RemoteProgram.STORAGE_VOL_GET_INFO,
        (call, args) ->
            new StorageVolGetInfoRet(
                0, content(args.vol().name()).length, content(args.vol().name()).length));
    table.on(RemoteProgram.STORAGE_VOL_CREATE_XML, this::create);
    table.act(RemoteProgram.STORAGE_VOL_UPLOAD, this::upload);
    table.act(RemoteProgram.STORAGE_VOL_DOWNLOAD, this::download);
  }

  private static StorageVolRef ref(String name) {
    return new StorageVolRef(POOL.name(), name, "/memory/" + name);
  }

  private synchronized StoragePoolListAllVolumesRet list() {
    return new StoragePoolListAllVolumesRet(
        volumes.keySet().stream().map(MemoryPool::ref).toList(), volumes.size());
  }

  private synchronized byte[] content(String name) throws LibvirtException {
    byte[] content = volumes.get(name);
    if (content == null) {
      throw new LibvirtException(
          ErrorNumber.NO_STORAGE_VOL,
          ErrorDomain.STORAGE,
          "no storage vol with matching name '" + name + "'");
    }
    return content;
  }

  private synchronized StorageVolCreateXmlRet create(Call call, StorageVolCreateXmlArgs args)
      throws LibvirtException {
    Matcher name = NAME.matcher(args.xml());
    if (!name.find()) {
      throw new LibvirtException(ErrorNumber.XML_ERROR, ErrorDomain.STORAGE, "missing name");
    }
    if (volumes.putIfAbsent(name.group(1), new byte[0]) != null) {
      throw new LibvirtException(ErrorNumber.STORAGE_VOL_EXIST, ErrorDomain.STORAGE, name.group(1));
    }
    return new StorageVolCreateXmlRet(ref(name.group(1)));
  }

  private void upload(Call call, StorageVolUploadArgs args) throws LibvirtException {
    content(args.vol().name());
    call.openStream(stream -> store(args.vol().name(), stream));
  }

  private void store(String name, ServerStream stream) throws IOException, LibvirtException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    while (true) {
      switch (stream.receive()) {
        case StreamItem.Data data -> content.writeBytes(data.bytes());
        case StreamItem.Hole hole -> {
          requireRoom(content.size() + hole.length());
          content.writeBytes(new byte[(int) hole.length()]);
        }
        case StreamItem.End end -> {
          synchronized (this) {
            volumes.put(name, content.toByteArray());
          }
          return;
        }
      }
      requireRoom(content.size());
    }
  }

  private static void requireRoom(long size) throws LibvirtException {
    if (size > MOST || size < 0) {
      throw new LibvirtException(
          ErrorNumber.OPERATION_FAILED, ErrorDomain.STORAGE, "no room for " + size + " bytes");
    }
  }

  private void download(Call call, StorageVolDownloadArgs args) throws LibvirtException {
    byte[] content = content(args.vol().name());
    boolean sparse = (args.flags() & SPARSE) != 0;
    call.openStream(stream -> send(content, sparse, stream));
  }

  private static void send(byte[] content, boolean sparse, ServerStream stream) throws IOException {
    for (int at = 0; at < content.length; at += BLOCK) {
      int length = Math.min(BLOCK, content.length - at);
      boolean zero = true;
      for (int i = at; i < at + length; i++) {
        zero &= content[i] == 0;
      }
      if (sparse && zero) {
        stream.sendHole(length);
      } else {
        stream.send(content, at, length);
      }
    }
  }
}
