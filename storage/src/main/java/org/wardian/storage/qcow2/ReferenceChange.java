package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Adds a user to, or takes one from, all that an L1 table reaches; and sets the flags of those that
 * have one user right. By who keeps every request out, with all tables written.
 */
final class ReferenceChange {
  /** Clusters whose counts are taken down between two rounds of {@link Tables#reclaim}. */
  private static final int ROUND = 1 << 20;

  private final Tables tables;
  private final Geometry geometry;

  ReferenceChange(Tables tables) {
    this.tables = tables;
    geometry = tables.geometry;
  }

  /** Visits the host cluster of each use: a table as often as it is named. */
  private interface Visitor {
    void cluster(long cluster) throws IOException;
  }

  /**
   * One user more for each L2 table and cluster.
   *
   * @throws IOException where a count is full, or the host fails; nothing has changed then
   */
  void add(long[] l1) throws IOException {
    LongList done = new LongList();
    tables.lock.lock();
    try {
      visit(
          l1,
          cluster -> {
            tables.refcounts.add(cluster, 1);
            done.add(cluster);
          });
      tables.refcounts.flush();
      tables.file.flush();
    } catch (IOException e) {
      for (int i = 0; i < done.size(); i++) {
        tables.refcounts.add(done.get(i), -1);
      }
      throw e;
    } finally {
      tables.lock.unlock();
    }
  }

  /** One user less for each, and room given back, after the file has no way to them any more. */
  void remove(long[] l1, boolean punch) throws IOException {
    LongList users = new LongList();
    tables.lock.lock();
    try {
      // The tables must be read before any of them is given up.
      visit(l1, users::add);
    } finally {
      tables.lock.unlock();
    }
    give(users, punch);
  }

  /** {@link #remove} of the L2 tables alone. */
  void removeTables(long[] l1, boolean punch) throws IOException {
    LongList users = new LongList();
    for (long entry : l1) {
      if ((entry & Geometry.OFFSET) != 0) {
        users.add((entry & Geometry.OFFSET) >>> geometry.clusterBits());
      }
    }
    give(users, punch);
  }

  private void give(LongList users, boolean punch) throws IOException {
    int done = 0;
    while (done < users.size()) {
      tables.lock.lock();
      try {
        int end = Math.min(users.size(), done + ROUND);
        for (; done < end; done++) {
          tables.releaseLater(users.get(done));
        }
      } finally {
        tables.lock.unlock();
      }
      tables.writeBack(false);
      tables.reclaim(punch);
    }
    tables.writeBack(false);
  }

  private void visit(long[] l1, Visitor visitor) throws IOException {
    for (Map.Entry<Long, Integer> table : tablesOf(l1).entrySet()) {
      for (int use = 0; use < table.getValue(); use++) {
        visitor.cluster(table.getKey() >>> geometry.clusterBits());
      }
      ByteBuffer entries = readTable(table.getKey());
      for (int i = 0; i < geometry.l2Entries(); i++) {
        long entry = entries.getLong(i * geometry.entryBytes());
        for (int use = 0; use < table.getValue(); use++) {
          visitEntry(entry, visitor);
        }
      }
    }
  }

  private void visitEntry(long entry, Visitor visitor) throws IOException {
    if ((entry & Geometry.COMPRESSED) != 0) {
      long offset = geometry.compressedOffset(entry);
      long last = offset + geometry.compressedBytes(entry) - 1;
      for (long c = offset >>> geometry.clusterBits(); c <= last >>> geometry.clusterBits(); c++) {
        visitor.cluster(c);
      }
    } else if ((entry & Geometry.OFFSET) != 0) {
      long host = entry & Geometry.OFFSET;
      if ((host & geometry.clusterMask()) != 0) {
        throw new CorruptMappingException("a cluster at offset " + host + ", between clusters");
      }
      visitor.cluster(host >>> geometry.clusterBits());
    }
  }

  private Map<Long, Integer> tablesOf(long[] l1) throws IOException {
    Map<Long, Integer> named = new LinkedHashMap<>();
    for (long entry : l1) {
      long table = entry & Geometry.OFFSET;
      if (table != 0) {
        if ((table & geometry.clusterMask()) != 0 || table >= tables.file.size()) {
          throw new CorruptMappingException("an L2 table at offset " + table);
        }
        named.merge(table, 1, Integer::sum);
      }
    }
    return named;
  }

  private ByteBuffer readTable(long offset) throws IOException {
    ByteBuffer table = ByteBuffer.allocate(geometry.clusterSize());
    tables.file.readPadded(offset, table);
    return table.flip();
  }

  /** Sets the flags of an active L1 table and its L2 tables by the counts; writes what changes. */
  void setFlags(long[] l1) throws IOException {
    tables.lock.lock();
    try {
      for (int i = 0; i < l1.length; i++) {
        long table = l1[i] & Geometry.OFFSET;
        if (table == 0) {
          continue;
        }
        l1[i] = flagged(l1[i], table);
        ByteBuffer entries = readTable(table);
        boolean changed = false;
        for (int j = 0; j < geometry.l2Entries(); j++) {
          int at = j * geometry.entryBytes();
          long entry = entries.getLong(at);
          long host = entry & Geometry.OFFSET;
          if ((entry & Geometry.COMPRESSED) == 0 && host != 0) {
            long set = flagged(entry, host);
            changed |= set != entry;
            entries.putLong(at, set);
          }
        }
        if (changed) {
          tables.file.write(table, entries);
        }
      }
      TableFile.write(tables.file, tables.header.l1Offset, l1);
      tables.file.flush();
    } finally {
      tables.lock.unlock();
    }
    tables.forget();
  }

  private long flagged(long entry, long host) throws IOException {
    boolean single = tables.refcounts.get(host >>> geometry.clusterBits()) == 1;
    return single ? entry | Geometry.COPIED : entry & ~Geometry.COPIED;
  }

  /** Marks an L1 table and the L2 tables that it names as metadata. */
  void mark(long[] l1) {
    LongConsumer marker = table -> tables.metadata.addStored(table >>> geometry.clusterBits(), 1);
    for (long entry : l1) {
      if ((entry & Geometry.OFFSET) != 0) {
        marker.accept(entry & Geometry.OFFSET);
      }
    }
  }
}
