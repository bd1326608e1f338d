package org.wardian.storage.qcow2;

/** Clusters as Zstandard frames. */
final class ZstdClusters {
  private ZstdClusters() {}

  static boolean unpack(byte[] packed, byte[] cluster) {
    throw new UnsupportedOperationException("zstd clusters");
  }

  static int pack(byte[] cluster, byte[] out) {
    throw new UnsupportedOperationException("zstd clusters");
  }
}
