package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/** A source with ranges replaced, in memory. Patches are put before anyone reads. */
final class PatchedSource implements ByteSource {
  /**
   * @param length bytes
   * @param bytes null for zeroes
   * @param from first of {@code bytes}
   */
  private record Patch(long length, byte[] bytes, int from) {
    Patch tail(long skip) {
      return new Patch(length - skip, bytes, bytes == null ? 0 : from + (int) skip);
    }

    Patch head(long count) {
      return new Patch(count, bytes, from);
    }
  }

  private final ByteSource below;
  private final long size;
  private final TreeMap<Long, Patch> patches = new TreeMap<>();

  /**
   * @param size bytes, not less than {@code below} has; what it lacks is zeroes
   */
  PatchedSource(ByteSource below, long size) {
    this.below = below;
    this.size = size;
  }

  void put(long position, byte[] bytes) {
    put(position, new Patch(bytes.length, bytes, 0));
  }

  void putZeroes(long position, long length) {
    if (length > 0) {
      put(position, new Patch(length, null, 0));
    }
  }

  private void put(long position, Patch patch) {
    split(position);
    split(position + patch.length());
    patches.subMap(position, position + patch.length()).clear();
    patches.put(position, patch);
  }

  /** Makes a patch that covers a position end there, and another go on from there. */
  private void split(long position) {
    Map.Entry<Long, Patch> before = patches.lowerEntry(position);
    if (before == null) {
      return;
    }
    long skip = position - before.getKey();
    Patch patch = before.getValue();
    if (skip < patch.length()) {
      patches.put(before.getKey(), patch.head(skip));
      patches.put(position, patch.tail(skip));
    }
  }

  @Override
  public String name() {
    return below.name();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long position, ByteBuffer to) throws IOException {
    requireInside(position, to.remaining());
    long at = position;
    while (to.hasRemaining()) {
      Map.Entry<Long, Patch> floor = patches.floorEntry(at);
      long inside = floor == null ? 0 : floor.getKey() + floor.getValue().length() - at;
      if (inside > 0) {
        int count = (int) Math.min(inside, to.remaining());
        Patch patch = floor.getValue();
        if (patch.bytes() == null) {
          to.put(new byte[count]);
        } else {
          to.put(patch.bytes(), patch.from() + (int) (at - floor.getKey()), count);
        }
        at += count;
        continue;
      }
      Long next = patches.higherKey(at);
      int count = (int) Math.min(to.remaining(), next == null ? Long.MAX_VALUE : next - at);
      at += readBelow(at, to, count);
    }
  }

  private int readBelow(long position, ByteBuffer to, int count) throws IOException {
    int there = (int) Math.min(count, Math.max(0, below.size() - position));
    if (there == 0) {
      to.put(new byte[count]); // the log made the file longer
      return count;
    }
    below.read(position, to.slice(to.position(), there));
    to.position(to.position() + there);
    return there;
  }

  @Override
  public long hostOffset(long position, long length) {
    Map.Entry<Long, Patch> floor = patches.floorEntry(position);
    boolean touched =
        floor != null && floor.getKey() + floor.getValue().length() > position
            || !patches.subMap(position, position + length).isEmpty();
    return touched || position + length > below.size() ? -1 : below.hostOffset(position, length);
  }

  @Override
  public void close() throws IOException {
    below.close();
  }
}
