package org.wardian.storage.qcow2;

import org.wardian.compression.CorruptPayloadException;
import org.wardian.compression.UnpackedBytes;
import org.wardian.compression.ZstdDecoder;
import org.wardian.compression.ZstdEncoder;

/** Clusters as Zstandard frames, a frame each; what follows the frame in its sectors is nothing. */
final class ZstdClusters {
  private ZstdClusters() {}

  /** Unpacks into a whole cluster, or returns false. */
  static boolean unpack(byte[] packed, byte[] cluster) {
    UnpackedBytes out = new UnpackedBytes(cluster.length, cluster.length);
    try {
      new ZstdDecoder(packed, packed.length, out).decodeFrame();
    } catch (CorruptPayloadException e) {
      return false;
    }
    if (out.size() != cluster.length) {
      return false;
    }
    System.arraycopy(out.backing(), 0, cluster, 0, cluster.length);
    return true;
  }

  /** Packs a cluster into {@code out}; returns its size, or -1 where it does not fit. */
  static int pack(byte[] cluster, byte[] out) {
    byte[] frame = ZstdEncoder.encode(cluster, cluster.length);
    if (frame.length > out.length) {
      return -1;
    }
    System.arraycopy(frame, 0, out, 0, frame.length);
    return frame.length;
  }
}
