package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StorageVolDownloadFlags;
import org.wardian.libvirt.constants.StorageVolUploadFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.StreamItem;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.server.ServerStream;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StorageVolDownloadArgs;
import org.wardian.libvirt.wire.remote.StorageVolUploadArgs;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageInUseException;
import org.wardian.storage.NoSpaceException;

/** Streams into volumes and out of them. */
final class VolumeStreams implements HandlerFamily {
  private static final int CHUNK = 256 << 10;

  private final PoolLookup lookup;
  private final PoolEvents events;

  VolumeStreams(PoolLookup lookup, PoolEvents events) {
    this.lookup = lookup;
    this.events = events;
  }

  @Override
  public void register(HandlerTable table) {
    table.act(RemoteProgram.STORAGE_VOL_UPLOAD, this::upload);
    table.act(RemoteProgram.STORAGE_VOL_DOWNLOAD, this::download);
  }

  private static void checkRange(long offset, long length) throws LibvirtException {
    if (offset < 0 || length < 0 || offset + length < 0) {
      throw StorageErrors.of(
          ErrorNumber.OVERFLOW, "a volume has no byte " + Long.toUnsignedString(offset));
    }
  }

  private void upload(Call call, StorageVolUploadArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), StorageVolUploadFlags.SPARSE_STREAM);
    checkRange(args.offset(), args.length());
    Pool pool = lookup.pool(args.vol().pool());
    Volume volume = pool.volume(args.vol().name());
    synchronized (pool) {
      volume.requireFree();
    }
    requireStream(volume.definition(), args.offset(), true);
    call.openStream(stream -> {
      Volume used = pool.beginUse(volume.name(), true);
      try {
        receive(used, args.offset(), args.length(), stream);
      } finally {
        pool.endUse(used);
        lookAgain(pool, used);
      }
    });
  }

  private static void requireStream(VolumeDefinition volume, long offset, boolean writable)
      throws LibvirtException {
    if (volume.kind() == VolumeDefinition.Kind.DIR) {
      throw new LibvirtException(
          ErrorNumber.SYSTEM_ERROR,
          ErrorDomain.STREAMS,
          "Unable to open stream for '" + volume.target().path() + "': Is a directory");
    }
    if (volume.kind() == VolumeDefinition.Kind.BLOCK) {
      requireWithin(HostPaths.of(volume.target().path()), offset, writable);
    }
  }

  /** A device does not grow, so what lies behind its end is refused before anything is sent. */
  private static void requireWithin(Path path, long offset, boolean writable)
      throws LibvirtException {
    try (FileStore device = open(path, writable)) {
      if (offset > device.size()) {
        throw new LibvirtException(
            ErrorNumber.SYSTEM_ERROR,
            ErrorDomain.STREAMS,
            "Unable to seek " + path + " to " + offset + ": Invalid argument");
      }
    } catch (IOException e) {
      throw StorageErrors.system("Unable to open stream for '" + path + "'", e);
    }
  }

  /** What was written may be of another format and size. */
  private void lookAgain(Pool pool, Volume volume) {
    try {
      VolumeDefinition now = pool.backend.volumes().look(volume.definition());
      if (now != null) {
        volume.definition(now);
      }
    } catch (IOException | LibvirtException e) {
      System.getLogger(VolumeStreams.class.getName())
          .log(System.Logger.Level.WARNING, volume.name() + " cannot be looked at", e);
    }
    events.refreshed(pool);
  }

  private static void receive(Volume volume, long offset, long length, ServerStream stream)
      throws IOException, LibvirtException {
    Path path = HostPaths.of(volume.definition().target().path());
    long end = length == 0 ? Long.MAX_VALUE : offset + length;
    long at = offset;
    try (FileStore file = open(path, true)) {
      if (file.size() < offset && volume.definition().kind() == VolumeDefinition.Kind.FILE) {
        write(() -> file.resize(offset));
      }
      while (true) {
        switch (stream.receive()) {
          case StreamItem.Data data -> {
            long from = at;
            if (data.bytes().length > end - from) {
              throw full();
            }
            write(() -> file.write(from, ByteBuffer.wrap(data.bytes())));
            at += data.bytes().length;
          }
          case StreamItem.Hole hole -> {
            long from = at;
            if (hole.length() < 0 || hole.length() > end - from) {
              throw full();
            }
            write(() -> file.writeZeroes(from, hole.length(), true));
            at += hole.length();
          }
          case StreamItem.End last -> {
            write(file::flush);
            return;
          }
        }
      }
    }
  }

  private interface Write {
    void run() throws IOException;
  }

  /** An error of the host is the client's to know; one of the stream is not. */
  private static void write(Write write) throws LibvirtException {
    try {
      write.run();
    } catch (NoSpaceException e) {
      throw full();
    } catch (IOException e) {
      throw StorageErrors.system("cannot write to stream", e);
    }
  }

  private static LibvirtException full() {
    return new LibvirtException(
        ErrorNumber.SYSTEM_ERROR,
        ErrorDomain.STREAMS,
        "cannot write to stream: No space left on device");
  }

  private static FileStore open(Path path, boolean writable) throws LibvirtException {
    try {
      return FileStore.open(path, writable, writable);
    } catch (ImageInUseException e) {
      throw StorageErrors.invalid("volume '" + path.getFileName() + "' is still in use.");
    } catch (IOException e) {
      throw StorageErrors.system("Unable to open stream for '" + path + "'", e);
    }
  }

  private void download(Call call, StorageVolDownloadArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), StorageVolDownloadFlags.SPARSE_STREAM);
    checkRange(args.offset(), args.length());
    Pool pool = lookup.pool(args.vol().pool());
    Volume volume = pool.volume(args.vol().name());
    volume.requireBuilt();
    requireStream(volume.definition(), args.offset(), false);
    boolean sparse = (args.flags() & StorageVolDownloadFlags.SPARSE_STREAM) != 0;
    call.openStream(stream -> {
      Volume used = pool.beginUse(volume.name(), false);
      try {
        send(used, args.offset(), args.length(), sparse, stream);
      } finally {
        pool.endUse(used);
      }
    });
  }

  private static void send(
      Volume volume, long offset, long length, boolean sparse, ServerStream stream)
      throws IOException, LibvirtException {
    Path path = HostPaths.of(volume.definition().target().path());
    byte[] chunk = new byte[CHUNK];
    try (FileStore file = open(path, false)) {
      long size = file.size();
      long end = length == 0 ? size : Math.min(size, offset + length);
      long at = offset;
      while (at < end) {
        long data = sparse ? Math.min(end, file.nextData(at)) : at;
        if (data > at) {
          stream.sendHole(data - at);
          at = data;
          continue;
        }
        long hole = sparse ? Math.min(end, Math.max(at + 1, file.nextHole(at))) : end;
        while (at < hole) {
          ByteBuffer buffer = ByteBuffer.wrap(chunk, 0, (int) Math.min(CHUNK, hole - at));
          int read = file.read(at, buffer);
          if (read <= 0) {
            return;
          }
          stream.send(chunk, 0, read);
          at += read;
        }
      }
    }
  }
}
