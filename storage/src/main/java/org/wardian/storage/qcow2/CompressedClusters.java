package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.wardian.storage.FileStore;

/**
 * Packs and unpacks compressed clusters (qcow2 specification, "Compressed Clusters Descriptor"):
 * raw deflate, or Zstandard frames. The clusters that were unpacked last are kept, for a guest
 * reads a cluster in several requests.
 */
final class CompressedClusters {
  static final int ZLIB = 0;
  static final int ZSTD = 1;

  /** Bytes of unpacked clusters that are kept. */
  private static final int KEPT = 4 << 20;

  private final FileStore file;
  private final Geometry geometry;
  private final int type;
  private final LinkedHashMap<Long, byte[]> kept;

  CompressedClusters(FileStore file, Geometry geometry, int type) {
    this.file = file;
    this.geometry = geometry;
    this.type = type;
    int most = Math.max(4, Math.min(256, KEPT / geometry.clusterSize()));
    kept =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
            return size() > most;
          }
        };
  }

  /** The bytes of the cluster that {@code entry} describes; not to be changed. */
  ByteBuffer read(long entry) throws IOException {
    synchronized (kept) {
      byte[] cluster = kept.get(entry);
      if (cluster != null) {
        return ByteBuffer.wrap(cluster);
      }
    }
    int bytes = geometry.compressedBytes(entry);
    long offset = geometry.compressedOffset(entry);
    if (offset >= file.size()) {
      throw new CorruptMappingException(
          "a compressed cluster at offset " + offset + ", behind the end of the file");
    }
    ByteBuffer packed = ByteBuffer.allocate(bytes);
    file.readPadded(offset, packed);
    byte[] cluster = unpack(packed.array(), offset);
    synchronized (kept) {
      kept.put(entry, cluster);
    }
    return ByteBuffer.wrap(cluster);
  }

  /** Forgets all: clusters of the file are given to others. */
  void forget() {
    synchronized (kept) {
      kept.clear();
    }
  }

  private byte[] unpack(byte[] packed, long offset) throws CorruptMappingException {
    byte[] cluster = new byte[geometry.clusterSize()];
    boolean whole = type == ZLIB ? inflate(packed, cluster) : ZstdClusters.unpack(packed, cluster);
    if (!whole) {
      throw new CorruptMappingException(
          "a compressed cluster at offset " + offset + " that does not unpack to a cluster");
    }
    return cluster;
  }

  private static boolean inflate(byte[] packed, byte[] cluster) {
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(packed);
      int size = 0;
      while (size < cluster.length) {
        int step = inflater.inflate(cluster, size, cluster.length - size);
        if (step == 0) {
          return false;
        }
        size += step;
      }
      return true;
    } catch (DataFormatException e) {
      return false;
    } finally {
      inflater.end();
    }
  }

  /**
   * Packs a cluster.
   *
   * @return the packed bytes, or null where they would not be smaller
   */
  byte[] pack(byte[] cluster) {
    byte[] out = new byte[cluster.length - 1];
    int size = type == ZLIB ? deflate(cluster, out) : ZstdClusters.pack(cluster, out);
    return size < 0 ? null : java.util.Arrays.copyOf(out, size);
  }

  private static int deflate(byte[] cluster, byte[] out) {
    Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    try {
      deflater.setInput(cluster);
      deflater.finish();
      int size = deflater.deflate(out);
      return deflater.finished() ? size : -1;
    } finally {
      deflater.end();
    }
  }
}
