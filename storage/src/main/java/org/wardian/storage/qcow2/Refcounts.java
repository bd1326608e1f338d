package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.NoSpaceException;

/**
 * How many users each host cluster has, and which clusters are free. Used under the tables' lock.
 *
 * <p>A count may be written at any moment: one grows before the mapping that needs it is written,
 * and falls after the mapping that had it is gone from stable storage. So a crash leaves counts too
 * high at worst.
 */
final class Refcounts {
  /** A refcount block and whether the file has it. */
  private static final class Block {
    final byte[] counts;
    boolean dirty;

    Block(byte[] counts) {
      this.counts = counts;
    }
  }

  private final FileStore file;
  private final Geometry geometry;
  private final Qcow2Header header;
  private final MetadataMap metadata;
  private final int cacheLimit;
  private final LinkedHashMap<Integer, Block> cache = new LinkedHashMap<>(16, 0.75f, true);
  private long[] table;

  /** No free cluster lies below. */
  private long hint;

  /** Bytes of the file that were never written, and are zeroes, start here. */
  private long freshFrom;

  private Refcounts(
      FileStore file,
      Geometry geometry,
      Qcow2Header header,
      MetadataMap metadata,
      int cacheBytes,
      long[] table)
      throws IOException {
    this.file = file;
    this.geometry = geometry;
    this.header = header;
    this.metadata = metadata;
    this.table = table;
    cacheLimit = Math.max(4, cacheBytes / geometry.clusterSize());
    freshFrom = geometry.roundUp(file.size());
  }

  /**
   * Reads the refcount table and marks it and its blocks as metadata.
   *
   * @throws ImageFormatException where an entry is none
   */
  static Refcounts load(
      FileStore file, Geometry geometry, Qcow2Header header, MetadataMap metadata, int cacheBytes)
      throws IOException {
    long bytes = (long) header.refcountTableClusters << geometry.clusterBits();
    long[] table = TableFile.read(file, header.refcountTableOffset, (int) (bytes / 8));
    metadata.addStored(
        header.refcountTableOffset >>> geometry.clusterBits(), geometry.clusters(bytes));
    long[] sorted = table.clone();
    java.util.Arrays.sort(sorted);
    for (int i = 1; i < sorted.length; i++) {
      // Else a small file could say that no cluster is free as far as the format goes.
      if (sorted[i] != 0 && sorted[i] == sorted[i - 1]) {
        throw new ImageFormatException(
            file.path()
                + " is damaged: its refcount table names the block at offset "
                + Long.toUnsignedString(sorted[i])
                + " twice; check and repair it");
      }
    }
    for (long entry : table) {
      if (entry != 0) {
        metadata.addStored((entry & ~511L) >>> geometry.clusterBits(), 1);
      }
    }
    return new Refcounts(file, geometry, header, metadata, cacheBytes, table);
  }

  /** Users of a host cluster. */
  long get(long cluster) throws IOException {
    int index = blockIndex(cluster);
    if (index < 0 || index >= table.length || table[index] == 0) {
      return 0;
    }
    return RefcountBlock.get(block(index).counts, geometry.refcountOrder(), inBlock(cluster));
  }

  private int blockIndex(long cluster) {
    long index = cluster >>> geometry.refcountBlockBits();
    return index > Integer.MAX_VALUE ? -1 : (int) index;
  }

  private int inBlock(long cluster) {
    return (int) cluster & (1 << geometry.refcountBlockBits()) - 1;
  }

  /**
   * Adds a user or takes one away.
   *
   * @return users after it
   * @throws ImageFormatException where the count would leave its range: the counts are wrong
   */
  long add(long cluster, int change) throws IOException {
    ensureBlock(cluster);
    Block block = block(blockIndex(cluster));
    long count =
        RefcountBlock.get(block.counts, geometry.refcountOrder(), inBlock(cluster)) + change;
    if (count < 0 || count > geometry.maxRefcount()) {
      throw new ImageFormatException(
          file.path()
              + " has a cluster at "
              + (cluster << geometry.clusterBits())
              + (count < 0
                  ? " that is in use but counted as free; check and repair the image"
                  : " with more users than its reference counts can hold"));
    }
    RefcountBlock.set(block.counts, geometry.refcountOrder(), inBlock(cluster), count);
    block.dirty = true;
    if (count == 0) {
      hint = Math.min(hint, cluster);
    }
    return count;
  }

  /** Takes a user away from each of {@code count} clusters. */
  void release(long first, long count) throws IOException {
    for (long cluster = first; cluster < first + count; cluster++) {
      add(cluster, -1);
    }
  }

  /**
   * Takes a run of free clusters: the first ones of the file, fewer than asked for where the run is
   * shorter.
   *
   * @param most clusters at most, at least 1
   * @param run what was taken
   */
  void allocate(long most, ClusterRun run) throws IOException {
    long first = hint;
    while (!free(first)) {
      first++;
    }
    long count = 1;
    ensureBlock(first);
    while (!free(first)) {
      // The block that counts this cluster took its place.
      first++;
    }
    while (count < most && covered(first + count) && free(first + count)) {
      count++;
    }
    take(first, count, run);
    hint = first + count;
  }

  /** Takes exactly {@code count} clusters in a row. */
  void allocateRow(long count, ClusterRun run) throws IOException {
    if (count >= 1L << geometry.refcountBlockBits()) {
      allocateLongRow(count, run);
      return;
    }
    long first = hint;
    long found = 0;
    while (found < count) {
      long cluster = first + found;
      ensureBlock(cluster);
      if (free(cluster)) {
        found++;
      } else {
        first = cluster + 1;
        found = 0;
      }
    }
    take(first, count, run);
    if (first == hint) {
      hint = first + count;
    }
  }

  /**
   * A row that needs several refcount blocks: they are put in front of it, for each would otherwise
   * stand in its way.
   */
  private void allocateLongRow(long count, ClusterRun run) throws IOException {
    int blockBits = geometry.refcountBlockBits();
    long blocks = 1;
    while (blocks << blockBits < count + blocks) {
      blocks++;
    }
    int firstBlock = firstUncoveredBlock();
    if (firstBlock + blocks > table.length) {
      growTable((firstBlock + blocks << blockBits) - 1);
      firstBlock = firstUncoveredBlock();
    }
    long start = (long) firstBlock << blockBits;
    if (firstBlock + blocks > table.length) {
      throw new NoSpaceException(file.path() + " has no room for a table of " + count);
    }
    for (int i = 0; i < blocks; i++) {
      Block block = new Block(new byte[geometry.clusterSize()]);
      for (long cluster = start; cluster < start + blocks; cluster++) {
        if (cluster >>> blockBits == firstBlock + i) {
          RefcountBlock.set(block.counts, geometry.refcountOrder(), inBlock(cluster), 1);
        }
      }
      long offset = start + i << geometry.clusterBits();
      file.write(offset, ByteBuffer.wrap(block.counts));
    }
    file.flush();
    for (int i = 0; i < blocks; i++) {
      long offset = start + i << geometry.clusterBits();
      table[firstBlock + i] = offset;
      TableFile.writeEntry(file, header.refcountTableOffset + (firstBlock + i) * 8L, offset);
    }
    metadata.add(start, blocks);
    take(start + blocks, count, run);
  }

  private int firstUncoveredBlock() {
    int index = table.length;
    while (index > 0 && table[index - 1] == 0) {
      index--;
    }
    return index;
  }

  /** Takes the next cluster if it is free: to go on where something ended. */
  boolean allocateAt(long cluster, ClusterRun run) throws IOException {
    ensureBlock(cluster);
    if (!free(cluster)) {
      return false;
    }
    take(cluster, 1, run);
    return true;
  }

  private void take(long first, long count, ClusterRun run) throws IOException {
    for (long cluster = first; cluster < first + count; cluster++) {
      if (metadata.contains(cluster)) {
        throw new ImageFormatException(
            file.path()
                + " has a table at "
                + (cluster << geometry.clusterBits())
                + " that is counted as free; check and repair the image");
      }
      add(cluster, 1);
    }
    run.first = first;
    run.count = count;
    run.fresh = first << geometry.clusterBits() >= freshFrom;
    freshFrom = Math.max(freshFrom, first + count << geometry.clusterBits());
  }

  private boolean covered(long cluster) {
    int index = blockIndex(cluster);
    return index >= 0 && index < table.length && table[index] != 0;
  }

  private boolean free(long cluster) throws IOException {
    if (cluster << geometry.clusterBits() > Geometry.OFFSET) {
      throw new NoSpaceException(file.path() + " has reached the format's largest file size");
    }
    return get(cluster) == 0;
  }

  /** Makes the block that counts a cluster. It is its own first cluster, and counted in itself. */
  private void ensureBlock(long cluster) throws IOException {
    if (covered(cluster)) {
      return;
    }
    int index = blockIndex(cluster);
    if (index < 0 || index >= table.length) {
      growTable(cluster);
      if (covered(cluster)) {
        return;
      }
    }
    long place = (long) index << geometry.refcountBlockBits();
    while (metadata.contains(place)) {
      place++;
    }
    place = Math.max(place, 1);
    if (place >>> geometry.refcountBlockBits() != index) {
      throw new ImageFormatException(
          file.path() + " has no room for the reference counts of cluster " + cluster);
    }
    byte[] counts = new byte[geometry.clusterSize()];
    RefcountBlock.set(counts, geometry.refcountOrder(), inBlock(place), 1);
    long offset = place << geometry.clusterBits();
    file.write(offset, ByteBuffer.wrap(counts));
    file.flush();
    TableFile.writeEntry(file, header.refcountTableOffset + index * 8L, offset);
    table[index] = offset;
    metadata.add(place, 1);
    freshFrom = Math.max(freshFrom, offset + geometry.clusterSize());
    insert(index, new Block(counts));
  }

  /**
   * Moves the refcount table to a larger place behind all that is counted, with the blocks that
   * count that place; it takes effect when the header names it.
   */
  private void growTable(long cluster) throws IOException {
    int blockBits = geometry.refcountBlockBits();
    long start = (long) table.length << blockBits;
    long wanted = Math.max(cluster + 1, start + 1);
    long entries = Math.max((wanted >>> blockBits) + 2, table.length + table.length / 2L);
    long blocks = 1;
    long tableClusters;
    while (true) {
      entries = Math.max(entries, (start >>> blockBits) + blocks);
      tableClusters = geometry.clusters(entries * 8);
      if (tableClusters << geometry.clusterBits() > Qcow2Header.MAX_REFCOUNT_TABLE_BYTES) {
        throw new NoSpaceException(
            file.path() + " has reached the largest size that its reference counts allow");
      }
      if (blocks << blockBits >= tableClusters + blocks) {
        break;
      }
      blocks++;
    }
    long[] larger =
        java.util.Arrays.copyOf(table, (int) (tableClusters << geometry.clusterBits() >>> 3));
    writeMovedTable(larger, start, (int) blocks, tableClusters);
  }

  private void writeMovedTable(long[] larger, long start, int blocks, long tableClusters)
      throws IOException {
    int firstBlock = (int) (start >>> geometry.refcountBlockBits());
    Block[] made = new Block[blocks];
    for (int i = 0; i < blocks; i++) {
      made[i] = new Block(new byte[geometry.clusterSize()]);
      larger[firstBlock + i] = start + i << geometry.clusterBits();
    }
    for (long cluster = start; cluster < start + blocks + tableClusters; cluster++) {
      Block block = made[(int) (cluster - start >>> geometry.refcountBlockBits())];
      RefcountBlock.set(block.counts, geometry.refcountOrder(), inBlock(cluster), 1);
    }
    for (int i = 0; i < blocks; i++) {
      file.write(larger[firstBlock + i], ByteBuffer.wrap(made[i].counts));
    }
    long offset = start + blocks << geometry.clusterBits();
    TableFile.write(file, offset, larger);
    flush();
    file.flush();
    ByteBuffer fields = ByteBuffer.allocate(12).putLong(offset).putInt((int) tableClusters).flip();
    file.write(Qcow2Header.AT_REFCOUNT_TABLE, fields);
    file.flush();
    long oldFirst = header.refcountTableOffset >>> geometry.clusterBits();
    long oldCount = header.refcountTableClusters;
    header.refcountTableOffset = offset;
    header.refcountTableClusters = (int) tableClusters;
    table = larger;
    metadata.add(start, blocks + tableClusters);
    metadata.remove(oldFirst, oldCount);
    freshFrom = Math.max(freshFrom, offset + (tableClusters << geometry.clusterBits()));
    for (int i = 0; i < blocks; i++) {
      insert(firstBlock + i, made[i]);
    }
    release(oldFirst, oldCount);
  }

  private Block block(int index) throws IOException {
    Block block = cache.get(index);
    if (block == null) {
      long offset = table[index];
      if ((offset & geometry.clusterMask()) != 0 || offset < 0 || offset >= file.size()) {
        throw new ImageFormatException(
            file.path()
                + " has refcount block "
                + index
                + " at offset "
                + Long.toUnsignedString(offset)
                + ", which is not on a cluster's start or behind the file's end; check and repair"
                + " it");
      }
      byte[] counts = new byte[geometry.clusterSize()];
      file.readPadded(offset, ByteBuffer.wrap(counts));
      block = new Block(counts);
      insert(index, block);
    }
    return block;
  }

  private void insert(int index, Block block) throws IOException {
    cache.put(index, block);
    Iterator<Map.Entry<Integer, Block>> eldest = cache.entrySet().iterator();
    while (cache.size() > cacheLimit) {
      Map.Entry<Integer, Block> entry = eldest.next();
      if (entry.getValue() != block) {
        writeIfDirty(entry.getKey(), entry.getValue());
        eldest.remove();
      }
    }
  }

  private void writeIfDirty(int index, Block block) throws IOException {
    if (block.dirty) {
      file.write(table[index], ByteBuffer.wrap(block.counts));
      block.dirty = false;
    }
  }

  /** Writes what the file does not have; not to stable storage. */
  void flush() throws IOException {
    for (Map.Entry<Integer, Block> entry : cache.entrySet()) {
      writeIfDirty(entry.getKey(), entry.getValue());
    }
  }

  /** Where the refcount table and its blocks lie; the array must not be changed. */
  long[] table() {
    return table;
  }
}
