package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;

/**
 * Compares the reference counts of an image with what uses its clusters, and repairs. The image
 * must not be in use by anybody else.
 */
public final class Qcow2Check {
  /** What is repaired. */
  public enum Repair {
    /** Nothing. */
    NONE,
    /** Counts that are too high. */
    LEAKS,
    /** All that can be. */
    ALL
  }

  /** Follows a check. */
  @FunctionalInterface
  public interface Watcher {
    /** So many of so many tables are done; the answer is ignored, an exception ends the check. */
    boolean at(long done, long total);
  }

  /** Clusters of the disk, up to which entries of L2 tables count. */
  private final FileStore file;

  private final Qcow2Header header;
  private final Geometry geometry;
  private final Repair repair;
  private final Watcher watcher;
  private final CheckFindings findings = new CheckFindings();

  private Qcow2Check(FileStore file, Qcow2Header header, Repair repair, Watcher watcher) {
    this.file = file;
    this.header = header;
    this.geometry = Geometry.of(header);
    this.repair = repair;
    this.watcher = watcher;
  }

  /**
   * Checks the image in {@code file}, and repairs it where asked.
   *
   * @throws ImageFormatException where the header is damaged: there is nothing to check against
   */
  public static CheckReport run(FileStore file, Repair repair, Watcher watcher) throws IOException {
    Qcow2Header header = Qcow2Header.read(file);
    Qcow2Check check = new Qcow2Check(file, header, repair, watcher);
    ReferenceMap references = check.pass();
    CheckFindings before = check.findings;
    CheckFindings after = before;
    if (repair != Repair.NONE && (before.corruptions > 0 || before.leaks > 0)) {
      Qcow2Check again = new Qcow2Check(file, Qcow2Header.read(file), Repair.NONE, watcher);
      references = again.pass();
      after = again.findings;
    }
    if (repair == Repair.ALL && after.corruptions == 0) {
      clearMarks(file, Qcow2Header.read(file));
    }
    long total = check.geometry.clusters(header.size);
    return new CheckReport(
        before.corruptions,
        before.leaks,
        after.corruptions,
        after.leaks,
        total,
        after.allocated,
        after.compressed,
        after.fragmented,
        references.end() << header.clusterBits,
        java.util.List.copyOf(before.messages));
  }

  private static void clearMarks(FileStore file, Qcow2Header header) throws IOException {
    long bits = header.incompatible & ~(Feature.DIRTY | Feature.CORRUPT);
    if (bits != header.incompatible) {
      file.flush();
      TableFile.writeEntry(file, Qcow2Header.AT_INCOMPATIBLE, bits);
    }
    file.flush();
  }

  private ReferenceMap pass() throws IOException {
    ReferenceWalk walk = new ReferenceWalk(file, header, findings, repair == Repair.ALL, watcher);
    walk.run();
    RefcountComparison comparison =
        new RefcountComparison(file, header, walk.references, findings, repair);
    if (!findings.rebuild) {
      comparison.run();
    }
    if (findings.rebuild && repair == Repair.ALL) {
      new RefcountRebuild(file, header, walk.references).run();
    }
    copiedFlags(walk.references);
    return walk.references;
  }

  /** Entries of the active tables say whether their cluster has one user. */
  private void copiedFlags(ReferenceMap references) throws IOException {
    if (header.l1Size == 0 || header.l1Offset > file.size() - header.l1Size * 8L) {
      return;
    }
    long[] l1 = TableFile.read(file, header.l1Offset, header.l1Size);
    for (int i = 0; i < l1.length; i++) {
      long table = l1[i] & Geometry.OFFSET;
      if (table == 0 || (table & geometry.clusterMask()) != 0 || table >= file.size()) {
        continue;
      }
      boolean single = references.get(table >>> geometry.clusterBits()) == 1;
      if (single != ((l1[i] & Geometry.COPIED) != 0)) {
        flag("entry " + i + " of the active L1 table", header.l1Offset + i * 8L, l1[i]);
      }
      l2Flags(table, references);
    }
  }

  private void l2Flags(long table, ReferenceMap references) throws IOException {
    ByteBuffer entries = ByteBuffer.allocate(geometry.clusterSize());
    file.readPadded(table, entries);
    entries.flip();
    boolean external = (header.incompatible & Feature.DATA_FILE) != 0;
    for (int i = 0; i < geometry.l2Entries(); i++) {
      long entry = entries.getLong(i * geometry.entryBytes());
      long host = entry & Geometry.OFFSET;
      if ((entry & Geometry.COMPRESSED) != 0 || host == 0 || external) {
        continue;
      }
      if ((host & geometry.clusterMask()) != 0 || host >= file.size()) {
        continue;
      }
      boolean single = references.get(host >>> geometry.clusterBits()) == 1;
      if (single != ((entry & Geometry.COPIED) != 0)) {
        flag(
            "entry " + i + " of the L2 table at offset " + table,
            table + (long) i * geometry.entryBytes(),
            entry);
      }
    }
  }

  private void flag(String what, long at, long entry) throws IOException {
    findings.corruption(
        what
            + ((entry & Geometry.COPIED) != 0
                ? " claims to be the only user of its cluster"
                : " does not know that it is the only user of its cluster"));
    if (repair == Repair.ALL) {
      TableFile.writeEntry(file, at, entry ^ Geometry.COPIED);
    }
  }
}
