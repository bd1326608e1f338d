package org.wardian.storage.qcow2;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;

/**
 * The active mapping in memory and its way to the file: L1 table, cached parts of L2 tables,
 * reference counts.
 *
 * <p>The order of writes, with a flush of the file between any two of them: guest data and grown
 * reference counts; L2 entries; L1 entries; and only then are counts of what nobody maps any more
 * taken down. A host that fails at any moment leaves counts that are too high (leaks), never too
 * low.
 */
final class Tables {
  private static final VarHandle L1 = MethodHandles.arrayElementVarHandle(long[].class);

  /** Entries of the L1 table that are written at once: a sector of them. */
  private static final int L1_CHUNK = 64;

  final FileStore file;
  final Geometry geometry;
  final Qcow2Header header;
  final MetadataMap metadata;

  /** Null where the image is only read. */
  final Refcounts refcounts;

  /** Guards everything that changes here. */
  final ReentrantLock lock = new ReentrantLock();

  /** Signalled when a cluster that was being allocated is mapped, or will not be. */
  final Condition allocated = lock.newCondition();

  /** Guest clusters that are being allocated; by {@link #lock}. */
  final LongSet inFlight = new LongSet();

  private final L2Cache cache;

  /**
   * Held while tables are on their way to the file, and by changes of the whole image; taken before
   * {@link #lock}.
   */
  final ReentrantLock writeBack = new ReentrantLock();

  /** Where the next packed cluster goes; on a cluster's start where none is open. By lock. */
  long packedEnd;

  private volatile long[] l1;
  private BitSet dirtyL1 = new BitSet();
  private LongList released = new LongList();
  private LongList releasing = new LongList();

  Tables(
      FileStore file,
      Geometry geometry,
      Qcow2Header header,
      MetadataMap metadata,
      int cacheBytes,
      boolean writable)
      throws IOException {
    this.file = file;
    this.geometry = geometry;
    this.header = header;
    this.metadata = metadata;
    metadata.addStored(0, 1);
    l1 = TableFile.read(file, header.l1Offset, header.l1Size);
    metadata.addStored(
        header.l1Offset >>> geometry.clusterBits(), geometry.clusters(header.l1Size * 8L));
    for (long entry : l1) {
      if ((entry & Geometry.OFFSET) != 0) {
        metadata.addStored((entry & Geometry.OFFSET) >>> geometry.clusterBits(), 1);
      }
    }
    refcounts =
        writable
            ? Refcounts.load(file, geometry, header, metadata, Math.max(cacheBytes / 4, 1))
            : null;
    cache = new L2Cache(cacheBytes, geometry.sliceBytes());
  }

  /** The active L1 table. */
  long[] l1() {
    return l1;
  }

  /** An entry of an L1 table. */
  static long entry(long[] table, int index) {
    return (long) L1.getAcquire(table, index);
  }

  /**
   * The cached part of the L2 table at {@code table} that has entry {@code index}; reads it where
   * it is not cached.
   */
  L2Slice slice(long table, int index) throws IOException {
    long offset = sliceOffset(table, index);
    L2Slice slice = cache.find(offset);
    return slice != null ? slice : load(table, offset);
  }

  /** The same, or null where it is not cached. */
  L2Slice cachedSlice(long table, int index) {
    return cache.find(sliceOffset(table, index));
  }

  private long sliceOffset(long table, int index) {
    return table + (index & -geometry.sliceEntries()) * (long) geometry.entryBytes();
  }

  private L2Slice load(long table, long offset) throws IOException {
    lock.lock();
    try {
      L2Slice slice = cache.findLocked(offset);
      if (slice != null) {
        return slice;
      }
      if ((table & geometry.clusterMask()) != 0) {
        throw new CorruptMappingException("an L2 table at offset " + table + ", between clusters");
      }
      if (table >= file.size()) {
        throw new CorruptMappingException(
            "an L2 table at offset " + table + ", behind the end of the file");
      }
      ByteBuffer stored = ByteBuffer.allocate(geometry.sliceBytes());
      file.readPadded(offset, stored);
      slice = new L2Slice(offset, stored.flip());
      cache.add(slice);
      return slice;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The L2 table of an L1 entry, for a change; by who holds {@link #lock}. One that is shared with
   * a snapshot is copied, one that does not exist is made.
   */
  long writableTable(int l1Index) throws IOException {
    long entry = l1[l1Index];
    long old = entry & Geometry.OFFSET;
    if (old != 0 && (entry & Geometry.COPIED) != 0) {
      return old;
    }
    ClusterRun run = new ClusterRun();
    refcounts.allocateRow(1, run);
    long offset = run.first << geometry.clusterBits();
    try {
      ByteBuffer content = ByteBuffer.allocate(geometry.clusterSize());
      if (old != 0) {
        checkTable(old);
        file.readPadded(old, content);
      }
      file.write(offset, content.clear());
    } catch (IOException e) {
      refcounts.release(run.first, 1);
      throw e;
    }
    cache.drop(offset, geometry.clusterSize());
    metadata.add(run.first, 1);
    if (old != 0) {
      released.add(old >>> geometry.clusterBits());
    }
    L1.setRelease(l1, l1Index, offset | Geometry.COPIED);
    dirtyL1.set(l1Index / L1_CHUNK);
    return offset;
  }

  private void checkTable(long table) throws IOException {
    if ((table & geometry.clusterMask()) != 0 || table >= file.size()) {
      throw new CorruptMappingException("an L2 table at offset " + table);
    }
  }

  /** Notes that a slice differs from the file. */
  void changed(L2Slice slice) {
    cache.markDirty(slice);
  }

  /** A cluster lost a user: its count is taken down when the file has the new mapping. */
  void releaseLater(long cluster) {
    released.add(cluster);
  }

  /** What an L2 entry that is replaced used; by who holds {@link #lock}. */
  void releaseEntry(long entry) {
    if ((entry & Geometry.COMPRESSED) != 0) {
      long offset = geometry.compressedOffset(entry);
      long last = offset + geometry.compressedBytes(entry) - 1;
      for (long c = offset >>> geometry.clusterBits(); c <= last >>> geometry.clusterBits(); c++) {
        released.add(c);
      }
    } else if ((entry & Geometry.OFFSET) != 0 && (header.incompatible & Feature.DATA_FILE) == 0) {
      released.add((entry & Geometry.OFFSET) >>> geometry.clusterBits());
    }
  }

  /** Whether so much is unwritten that it should be written before more is added. */
  boolean crowded() {
    return cache.overflowCount() > 0 || cache.dirtyCount() > 4096 || released.size() > 65536;
  }

  /** Replaces the L1 table, in memory only; by who keeps every request out. */
  void replaceL1(long[] table) {
    l1 = table;
    dirtyL1.clear();
  }

  /** Forgets what is cached of L2 tables, all of which the file has; they changed there. */
  void forget() {
    lock.lock();
    try {
      cache.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Makes the active L1 table longer, in the file too; by who holds {@link #lock}. */
  void growL1(int entries) throws IOException {
    long[] old = l1;
    if (entries <= old.length) {
      return;
    }
    if (entries * 8L > Qcow2Header.MAX_L1_BYTES) {
      throw new ImageFormatException(
          file.path() + " cannot grow so far with clusters of " + geometry.clusterSize());
    }
    // What the file has of the table is what the new one starts from.
    writeLockedL1();
    ClusterRun run = new ClusterRun();
    refcounts.allocateRow(geometry.clusters(entries * 8L), run);
    long offset = run.first << geometry.clusterBits();
    long[] larger = Arrays.copyOf(old, entries);
    TableFile.write(file, offset, larger);
    refcounts.flush();
    file.flush();
    ByteBuffer fields = ByteBuffer.allocate(12).putInt(entries).putLong(offset).flip();
    file.write(Qcow2Header.AT_L1, fields);
    file.flush();
    long oldFirst = header.l1Offset >>> geometry.clusterBits();
    long oldCount = geometry.clusters(header.l1Size * 8L);
    header.l1Offset = offset;
    header.l1Size = entries;
    metadata.add(run.first, run.count);
    metadata.remove(oldFirst, oldCount);
    l1 = larger;
    refcounts.release(oldFirst, oldCount);
  }

  /** All that is dirty, in order; by who holds {@link #lock}, for changes of the whole. */
  private void writeLockedL1() throws IOException {
    refcounts.flush();
    if (cache.dirtyCount() > 0 || !dirtyL1.isEmpty()) {
      file.flush();
      List<L2Slice> slices = cache.takeDirty();
      boolean done = false;
      try {
        for (L2Slice slice : slices) {
          file.write(slice.offset, slice.bytes());
        }
        done = true;
      } finally {
        cache.written(slices, done);
      }
      file.flush();
      writeL1(dirtyL1, l1);
      dirtyL1.clear();
    }
  }

  private void writeL1(BitSet chunks, long[] table) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(L1_CHUNK * 8);
    for (int chunk = chunks.nextSetBit(0); chunk >= 0; chunk = chunks.nextSetBit(chunk + 1)) {
      int first = chunk * L1_CHUNK;
      out.clear();
      for (int i = first; i < Math.min(table.length, first + L1_CHUNK); i++) {
        out.putLong(entry(table, i));
      }
      file.write(header.l1Offset + first * 8L, out.flip());
    }
  }

  /**
   * Brings all to stable storage that was done before this call. What lost its users meanwhile is
   * given back by {@link #reclaim}.
   *
   * @param lazy whether counts may stay behind, because the header says that they do
   */
  void writeBack(boolean lazy) throws IOException {
    writeBack.lock();
    try {
      List<L2Slice> slices;
      List<ByteBuffer> contents = new ArrayList<>();
      BitSet chunks;
      long[] table;
      lock.lock();
      try {
        if (!lazy) {
          refcounts.flush();
        }
        slices = cache.takeDirty();
        for (L2Slice slice : slices) {
          contents.add(slice.bytes());
        }
        chunks = dirtyL1;
        dirtyL1 = new BitSet();
        table = l1;
        releasing.addAll(released);
        released = new LongList();
      } finally {
        lock.unlock();
      }
      boolean done = false;
      try {
        writeTaken(slices, contents, chunks, table);
        done = true;
      } finally {
        lock.lock();
        try {
          cache.written(slices, done);
          if (!done) {
            dirtyL1.or(chunks);
            released.addAll(releasing);
            releasing = new LongList();
          }
        } finally {
          lock.unlock();
        }
      }
    } finally {
      writeBack.unlock();
    }
  }

  private void writeTaken(
      List<L2Slice> slices, List<ByteBuffer> contents, BitSet chunks, long[] table)
      throws IOException {
    if (!slices.isEmpty()) {
      file.flush();
      for (int i = 0; i < slices.size(); i++) {
        file.write(slices.get(i).offset, contents.get(i));
      }
    }
    if (!chunks.isEmpty()) {
      file.flush();
      writeL1(chunks, table);
    }
    file.flush();
  }

  /** Whether {@link #writeBack} left clusters to give back. */
  boolean hasReleased() {
    lock.lock();
    try {
      return releasing.size() > 0;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes down the counts of clusters whose mapping is gone from stable storage; called when no
   * request is under way that found them before.
   *
   * @param punch whether to give the room of free clusters back to the host
   */
  void reclaim(boolean punch) throws IOException {
    writeBack.lock();
    try {
      lock.lock();
      try {
        LongList clusters = releasing;
        releasing = new LongList();
        clusters.sort();
        LongList last = new LongList();
        for (int i = 0; i < clusters.size(); i++) {
          long cluster = clusters.get(i);
          // A cluster that stands several times, or has other users, is not free by this step.
          boolean again = i + 1 < clusters.size() && clusters.get(i + 1) == cluster;
          if (again || refcounts.get(cluster) != 1) {
            drop(cluster);
          } else {
            last.add(cluster);
          }
        }
        if (punch) {
          punch(last);
        }
        for (int i = 0; i < last.size(); i++) {
          drop(last.get(i));
        }
      } finally {
        lock.unlock();
      }
    } finally {
      writeBack.unlock();
    }
  }

  private void drop(long cluster) throws IOException {
    if (refcounts.add(cluster, -1) > 0) {
      return;
    }
    if (packedEnd >>> geometry.clusterBits() == cluster) {
      packedEnd = 0;
    }
    if (metadata.contains(cluster)) {
      metadata.remove(cluster, 1);
      cache.drop(cluster << geometry.clusterBits(), geometry.clusterSize());
    }
  }

  private void punch(LongList clusters) throws IOException {
    int i = 0;
    while (i < clusters.size()) {
      int first = i;
      while (i + 1 < clusters.size() && clusters.get(i + 1) == clusters.get(i) + 1) {
        i++;
      }
      i++;
      long offset = clusters.get(first) << geometry.clusterBits();
      if (!file.punch(offset, (long) (i - first) << geometry.clusterBits())) {
        return;
      }
    }
  }
}
