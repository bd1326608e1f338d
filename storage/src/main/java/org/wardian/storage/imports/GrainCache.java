package org.wardian.storage.imports;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The compressed grains that were unpacked last: a reader comes back for the rest of one. */
final class GrainCache implements Piece.Unpacker {
  /** Bytes that are kept, or one grain if that is larger. */
  private static final long KEPT_BYTES = 4 << 20;

  private final Piece.Unpacker unpacker;
  private final Map<Long, byte[]> grains;

  GrainCache(Piece.Unpacker unpacker, int grainBytes) {
    this.unpacker = unpacker;
    long kept = Math.max(1, KEPT_BYTES / grainBytes);
    this.grains =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
            return size() > kept;
          }
        };
  }

  @Override
  public byte[] unpack(long grain) throws IOException {
    synchronized (grains) {
      byte[] known = grains.get(grain);
      if (known != null) {
        return known;
      }
    }
    // Outside of the lock, so that readers unpack side by side.
    byte[] bytes = unpacker.unpack(grain);
    synchronized (grains) {
      grains.put(grain, bytes);
    }
    return bytes;
  }
}
