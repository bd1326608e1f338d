package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;

/**
 * Finds everything in an image that uses a host cluster. Each L2 table is read once, however many
 * L1 tables name it, so that a hostile image costs no more than its size. Entries that cannot be
 * right are faults; a repair clears them.
 */
final class ReferenceWalk {
  private final FileStore file;
  private final Qcow2Header header;
  private final Geometry geometry;
  private final CheckFindings findings;
  private final boolean repair;
  private final Qcow2Check.Watcher watcher;
  private final long fileClusters;
  private final boolean external;
  final ReferenceMap references = new ReferenceMap();

  /** L2 tables and how many L1 entries name each. */
  private final Map<Long, Integer> l2Tables = new LinkedHashMap<>();

  ReferenceWalk(
      FileStore file,
      Qcow2Header header,
      CheckFindings findings,
      boolean repair,
      Qcow2Check.Watcher watcher)
      throws IOException {
    this.file = file;
    this.header = header;
    this.geometry = Geometry.of(header);
    this.findings = findings;
    this.repair = repair;
    this.watcher = watcher;
    fileClusters = geometry.clusters(file.size());
    external = (header.incompatible & Feature.DATA_FILE) != 0;
  }

  void run() throws IOException {
    references.add(0, 1);
    l1Table("the active L1 table", header.l1Offset, header.l1Size);
    snapshots();
    long done = 0;
    for (Map.Entry<Long, Integer> table : l2Tables.entrySet()) {
      l2Table(table.getKey(), table.getValue());
      watcher.at(++done, l2Tables.size());
    }
    bitmaps();
    refcountTable();
  }

  /** Marks a structure's clusters as used once more. */
  private boolean use(String what, long offset, long bytes, int users) {
    if (bytes <= 0) {
      return true;
    }
    long first = offset >>> geometry.clusterBits();
    long last = offset + bytes - 1 >>> geometry.clusterBits();
    if (offset < 0 || last < first || last >= fileClusters) {
      findings.corruption(
          what + " at offset " + Long.toUnsignedString(offset) + " lies behind the file's end");
      return false;
    }
    for (long cluster = first; cluster <= last; cluster++) {
      references.add(cluster, users);
    }
    return true;
  }

  private void l1Table(String what, long offset, int entries) throws IOException {
    if (!use(what, offset, entries * 8L, 1)) {
      return;
    }
    long[] table = TableFile.read(file, offset, entries);
    for (int i = 0; i < entries; i++) {
      long l2 = table[i] & Geometry.OFFSET;
      if ((table[i] & Geometry.L1_RESERVED) != 0) {
        findings.corruption(
            String.format("entry %d of %s has reserved bits: %016x", i, what, table[i]));
        fix(offset + i * 8L, table[i] & ~Geometry.L1_RESERVED);
      }
      if (l2 == 0) {
        continue;
      }
      if ((l2 & geometry.clusterMask()) != 0 || l2 >>> geometry.clusterBits() >= fileClusters) {
        findings.corruption(
            "entry "
                + i
                + " of "
                + what
                + " names an L2 table at offset "
                + l2
                + ", between clusters or behind the file's end");
        fix(offset + i * 8L, 0);
        continue;
      }
      references.add(l2 >>> geometry.clusterBits(), 1);
      l2Tables.merge(l2, 1, Integer::sum);
    }
  }

  private void fix(long at, long entry) throws IOException {
    if (repair) {
      TableFile.writeEntry(file, at, entry);
    }
  }

  private void snapshots() throws IOException {
    if (header.snapshotCount == 0) {
      return;
    }
    SnapshotTable table;
    try {
      table = SnapshotTable.read(file, header);
    } catch (ImageFormatException e) {
      findings.corruption(e.getMessage());
      return;
    }
    use("the snapshot table", header.snapshotsOffset, table.bytes(), 1);
    for (SnapshotTable.Entry snapshot : table.entries()) {
      String what = "the L1 table of snapshot " + snapshot.id();
      if ((snapshot.l1Offset() & geometry.clusterMask()) != 0) {
        findings.corruption(what + " at offset " + snapshot.l1Offset() + " is between clusters");
      } else if (snapshot.l1Size() > 0) {
        l1Table(what, snapshot.l1Offset(), snapshot.l1Size());
      }
    }
  }

  private void l2Table(long offset, int users) throws IOException {
    ByteBuffer table = ByteBuffer.allocate(geometry.clusterSize());
    file.readPadded(offset, table);
    table.flip();
    int words = geometry.entryBytes() / 8;
    for (int i = 0; i < geometry.l2Entries(); i++) {
      long entry = table.getLong(i * words * 8);
      long bitmap = words == 2 ? table.getLong(i * 16 + 8) : 0;
      if (entry == 0 && bitmap == 0) {
        continue;
      }
      String fault =
          (entry & Geometry.COMPRESSED) != 0
              ? compressed(entry, bitmap, users)
              : standard(entry, bitmap, users);
      if (fault != null) {
        findings.corruption("entry " + i + " of the L2 table at offset " + offset + " " + fault);
        clear(offset + (long) i * words * 8);
      }
    }
  }

  /** A faulty entry reads as zeroes from now on, where the version can say so. */
  private void clear(long at) throws IOException {
    boolean flag = geometry.version() >= 3 && !geometry.extended();
    fix(at, flag ? Geometry.ZERO : 0);
    if (geometry.extended()) {
      fix(at + 8, Subclusters.ALL_ZERO);
    }
  }

  private String compressed(long entry, long bitmap, int users) {
    long offset = geometry.compressedOffset(entry);
    long last = offset + geometry.compressedBytes(entry) - 1;
    // The last sector may be cut off at the file's end.
    if (external) {
      return "is compressed, beside an external data file";
    }
    if ((entry & Geometry.COPIED) != 0) {
      return "is compressed and marked as having one user";
    }
    if (bitmap != 0) {
      return "is compressed and has subclusters";
    }
    if (offset >>> geometry.clusterBits() >= fileClusters
        || last >>> geometry.clusterBits() >= fileClusters) {
      return "is compressed at offset " + offset + ", behind the file's end";
    }
    for (long c = offset >>> geometry.clusterBits(); c <= last >>> geometry.clusterBits(); c++) {
      references.add(c, users);
    }
    findings.allocated++;
    findings.compressed++;
    findings.fragmented++;
    return null;
  }

  private String standard(long entry, long bitmap, int users) {
    long host = entry & Geometry.OFFSET;
    long reserved = Geometry.L2_RESERVED;
    if (geometry.version() < 3 || geometry.extended()) {
      reserved |= Geometry.ZERO;
    }
    if ((entry & reserved) != 0) {
      return String.format("has reserved bits: %016x", entry);
    }
    long both = bitmap & bitmap >>> 32 & 0xffff_ffffL;
    if (both != 0) {
      return String.format("has subclusters that are allocated and zero: %016x", bitmap);
    }
    if (host == 0 && (!external || (entry & Geometry.COPIED) == 0)) {
      return (bitmap & 0xffff_ffffL) != 0 ? "has allocated subclusters and no cluster" : null;
    }
    if ((host & geometry.clusterMask()) != 0) {
      return "names a cluster at offset " + host + ", between clusters";
    }
    boolean zero = (entry & Geometry.ZERO) != 0;
    if (external) {
      findings.allocated += zero ? 0 : 1;
      return null;
    }
    long cluster = host >>> geometry.clusterBits();
    if (cluster >= fileClusters) {
      return "names a cluster at offset " + host + ", behind the file's end";
    }
    if (!zero) {
      findings.allocated++;
      if (findings.lastHost != 0 && host != findings.lastHost + geometry.clusterSize()) {
        findings.fragmented++;
      }
      findings.lastHost = host;
    }
    references.add(cluster, users);
    return null;
  }

  private void bitmaps() throws IOException {
    if (header.bitmaps == null || (header.autoclear & Feature.BITMAPS) == 0) {
      return;
    }
    BitmapDirectory directory;
    try {
      directory = BitmapDirectory.read(file, header);
    } catch (ImageFormatException e) {
      findings.corruption(e.getMessage());
      return;
    }
    long bytes = header.bitmaps.directorySize();
    use("the bitmap directory", header.bitmaps.directoryOffset(), bytes, 1);
    for (BitmapDirectory.Entry bitmap : directory.entries()) {
      String what = "the table of bitmap " + bitmap.name();
      if (!use(what, bitmap.tableOffset(), bitmap.tableSize() * 8L, 1)) {
        continue;
      }
      for (long entry : TableFile.read(file, bitmap.tableOffset(), bitmap.tableSize())) {
        if ((entry & Geometry.OFFSET) != 0) {
          use("bitmap " + bitmap.name(), entry & Geometry.OFFSET, geometry.clusterSize(), 1);
        }
      }
    }
  }

  private void refcountTable() throws IOException {
    long bytes = (long) header.refcountTableClusters << geometry.clusterBits();
    if (header.refcountTableClusters == 0 || header.refcountTableOffset > file.size() - bytes) {
      findings.corruption("the refcount table lies behind the file's end");
      findings.rebuild = true;
      return;
    }
    use("the refcount table", header.refcountTableOffset, bytes, 1);
    long[] table = TableFile.read(file, header.refcountTableOffset, (int) (bytes / 8));
    for (int i = 0; i < table.length; i++) {
      long offset = table[i];
      if (offset == 0) {
        continue;
      }
      if ((offset & geometry.clusterMask()) != 0
          || offset < 0
          || offset >>> geometry.clusterBits() >= fileClusters) {
        findings.corruption(
            "refcount block "
                + i
                + " at offset "
                + Long.toUnsignedString(offset)
                + " lies between clusters or behind the file's end");
        findings.rebuild = true;
        continue;
      }
      references.add(offset >>> geometry.clusterBits(), 1);
      if (references.get(offset >>> geometry.clusterBits()) > 1) {
        findings.corruption("refcount block " + i + " shares its cluster with something else");
        findings.rebuild = true;
      }
    }
  }
}
