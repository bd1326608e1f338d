package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.FileStore;

/** Compares stored reference counts with those that a walk found, and sets them right. */
final class RefcountComparison {
  private final FileStore file;
  private final Qcow2Header header;
  private final Geometry geometry;
  private final ReferenceMap references;
  private final CheckFindings findings;
  private final Qcow2Check.Repair repair;

  RefcountComparison(
      FileStore file,
      Qcow2Header header,
      ReferenceMap references,
      CheckFindings findings,
      Qcow2Check.Repair repair) {
    this.file = file;
    this.header = header;
    this.geometry = Geometry.of(header);
    this.references = references;
    this.findings = findings;
    this.repair = repair;
  }

  void run() throws IOException {
    int entries = (int) ((long) header.refcountTableClusters << geometry.clusterBits() >>> 3);
    long[] table = TableFile.read(file, header.refcountTableOffset, entries);
    long perBlock = 1L << geometry.refcountBlockBits();
    for (int i = 0; i < entries; i++) {
      if (table[i] != 0) {
        block(table[i], i * perBlock, perBlock);
      } else {
        uncounted(i * perBlock, perBlock);
      }
    }
    uncounted(entries * perBlock, Long.MAX_VALUE - entries * perBlock);
  }

  /** Clusters without a block have the count 0. */
  private void uncounted(long first, long count) {
    if (!references.any(first, count)) {
      return;
    }
    long end = count > references.end() - first ? references.end() : first + count;
    for (long cluster = first; cluster < end; cluster++) {
      int users = references.get(cluster);
      if (users > 0) {
        tooLow(cluster, 0, users);
      }
    }
    findings.rebuild = true;
  }

  private void block(long offset, long first, long count) throws IOException {
    byte[] counts = new byte[geometry.clusterSize()];
    file.readPadded(offset, ByteBuffer.wrap(counts));
    boolean changed = false;
    int order = geometry.refcountOrder();
    for (int i = 0; i < count; i++) {
      long stored = RefcountBlock.get(counts, order, i);
      int users = references.get(first + i);
      if (stored == users) {
        continue;
      }
      boolean fix;
      if (stored > users) {
        findings.leak(
            "the cluster at offset "
                + (first + i << geometry.clusterBits())
                + " is counted as having "
                + stored
                + " users and has "
                + users);
        fix = repair != Qcow2Check.Repair.NONE;
      } else {
        tooLow(first + i, stored, users);
        fix = repair == Qcow2Check.Repair.ALL;
      }
      if (fix && users <= geometry.maxRefcount()) {
        RefcountBlock.set(counts, order, i, users);
        changed = true;
      }
    }
    if (changed) {
      file.write(offset, ByteBuffer.wrap(counts));
    }
  }

  private void tooLow(long cluster, long stored, int users) {
    findings.corruption(
        "the cluster at offset "
            + (cluster << geometry.clusterBits())
            + " is counted as having "
            + stored
            + " users and has "
            + users);
  }
}
