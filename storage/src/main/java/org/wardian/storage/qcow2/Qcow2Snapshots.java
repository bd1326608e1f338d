package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.Ranges;
import org.wardian.storage.Scatter;

/**
 * The snapshots within an image. Each change keeps requests out while it lasts. In version 3 the
 * image is marked as dirty meanwhile: whoever opens it after a crash repairs the counts first.
 */
public final class Qcow2Snapshots {
  /** Writes the state of a machine beside the disk. */
  @FunctionalInterface
  public interface StateWriter {
    /** Writes all of it, from offset 0 of {@code area} on, in any order. */
    void write(StateArea area) throws IOException;
  }

  /** Where the state of a machine goes. */
  @FunctionalInterface
  public interface StateArea {
    /** Writes all of {@code from} at {@code offset} of the state. */
    void write(long offset, ByteBuffer from) throws IOException;
  }

  private final Qcow2Image image;
  private List<SnapshotTable.Entry> entries;
  private long tableBytes;

  Qcow2Snapshots(Qcow2Image image) {
    this.image = image;
  }

  /** All snapshots, the oldest first. */
  public synchronized List<Snapshot> list() throws IOException {
    return entries().stream().map(entry -> Snapshot.of(entry, image.length())).toList();
  }

  private List<SnapshotTable.Entry> entries() throws IOException {
    if (entries == null) {
      SnapshotTable table = SnapshotTable.read(image.file, image.header);
      entries = new ArrayList<>(table.entries());
      tableBytes = table.bytes();
    }
    return entries;
  }

  /** Marks all that snapshots have of tables, before the first write. */
  synchronized void mark() throws IOException {
    if (image.header.snapshotCount == 0) {
      return;
    }
    Geometry geometry = image.geometry;
    MetadataMap metadata = image.tables.metadata;
    ReferenceChange change = new ReferenceChange(image.tables);
    for (SnapshotTable.Entry entry : entries()) {
      metadata.addStored(
          entry.l1Offset() >>> geometry.clusterBits(), geometry.clusters(entry.l1Size() * 8L));
      change.mark(l1Of(entry));
    }
    metadata.addStored(
        image.header.snapshotsOffset >>> geometry.clusterBits(), geometry.clusters(tableBytes));
  }

  /**
   * Keeps what the disk holds now.
   *
   * @param name what the user calls it; not the name or number of another
   * @param guestTime how long the guest has run
   * @param state writes the machine's state, or null
   */
  public synchronized Snapshot create(String name, Duration guestTime, StateWriter state)
      throws IOException {
    requireOwnData();
    if (entries().size() >= Qcow2Header.MAX_SNAPSHOTS) {
      throw new ImageFormatException(image.path() + " has 65536 snapshots; delete some of them");
    }
    if (name.isEmpty() || entries().stream().anyMatch(e -> e.name().equals(name))) {
      throw new IllegalArgumentException(
          image.path() + " has a snapshot of the name '" + name + "'; choose another");
    }
    image.beginChange();
    long stateSize = state == null ? 0 : writeState(state);
    image.flush();
    long stamp = image.alone();
    try {
      SnapshotTable.Entry made = createAlone(name, guestTime, stateSize);
      if (stateSize > 0) {
        dropState();
      }
      return Snapshot.of(made, image.length());
    } catch (CorruptMappingException e) {
      throw image.marks.corrupt(e);
    } finally {
      image.together(stamp);
    }
  }

  private void requireOwnData() {
    if (image.external) {
      throw new UnsupportedOperationException(
          image.path() + " has its data in another file, which keeps no snapshots");
    }
  }

  private long stateOffset() {
    return image.header.l1EntriesFor(image.length()) * image.geometry.tableReach();
  }

  private long writeState(StateWriter state) throws IOException {
    long[] size = new long[1];
    long start = stateOffset();
    state.write((offset, from) -> {
      long bytes = from.remaining();
      long end = start + offset + bytes;
      growFor(end);
      image.writeAnywhere(start + offset, Scatter.of(from), bytes);
      size[0] = Math.max(size[0], offset + bytes);
    });
    return size[0];
  }

  private void growFor(long end) throws IOException {
    long needed = image.header.l1EntriesFor(end);
    if (needed <= image.tables.l1().length) {
      return;
    }
    long stamp = image.alone();
    try {
      image.tables.lock.lock();
      try {
        image.tables.growL1(Math.toIntExact(Math.min(Integer.MAX_VALUE, needed)));
      } finally {
        image.tables.lock.unlock();
      }
    } finally {
      image.together(stamp);
    }
  }

  private SnapshotTable.Entry createAlone(String name, Duration guestTime, long stateSize)
      throws IOException {
    Tables tables = image.tables;
    Geometry geometry = image.geometry;
    settle();
    long[] l1 = tables.l1();
    long used = image.header.l1EntriesFor(stateSize > 0 ? stateOffset() + stateSize : 0);
    int entriesNeeded = (int) Math.max(image.header.l1EntriesFor(image.length()), used);
    long[] copy = Arrays.copyOf(l1, entriesNeeded);
    ReferenceChange change = new ReferenceChange(tables);
    boolean marked = mark(true);
    change.add(copy);
    for (int i = 0; i < copy.length; i++) {
      copy[i] &= ~Geometry.COPIED;
    }
    ClusterRun run = row(Math.max(1, geometry.clusters(copy.length * 8L)));
    long offset = run.first << geometry.clusterBits();
    TableFile.write(image.file, offset, copy);
    tables.metadata.add(run.first, run.count);
    change.setFlags(l1);
    Instant now = Instant.now();
    SnapshotTable.Entry made =
        new SnapshotTable.Entry(
            nextId(),
            name,
            offset,
            copy.length,
            (int) now.getEpochSecond(),
            now.getNano(),
            guestTime.toNanos(),
            stateSize,
            image.length(),
            new byte[0]);
    List<SnapshotTable.Entry> all = new ArrayList<>(entries());
    all.add(made);
    store(all);
    mark(!marked);
    return made;
  }

  private String nextId() throws IOException {
    long highest = 0;
    for (SnapshotTable.Entry entry : entries()) {
      if (entry.id().matches("[0-9]{1,9}")) {
        highest = Math.max(highest, Long.parseLong(entry.id()));
      }
    }
    return Long.toString(highest + 1);
  }

  /** The state belongs to the snapshot alone: the active mapping gives it up. */
  private void dropState() throws IOException {
    Tables tables = image.tables;
    long[] l1 = tables.l1();
    int first = (int) image.header.l1EntriesFor(image.length());
    long[] state = new long[l1.length];
    System.arraycopy(l1, first, state, first, l1.length - first);
    Arrays.fill(l1, first, l1.length, 0);
    TableFile.write(image.file, image.header.l1Offset, l1);
    image.file.flush();
    tables.forget();
    new ReferenceChange(tables).remove(state, image.options.discards());
  }

  /** Everything is in the file, and nothing waits to be given back. */
  private void settle() throws IOException {
    image.tables.writeBack(false);
    if (image.tables.hasReleased()) {
      image.compressed.forget();
      image.tables.reclaim(image.options.discards());
      image.tables.writeBack(false);
    }
  }

  /**
   * Marks the image as dirty, or as clean again.
   *
   * @return whether it was not what it is now
   */
  private boolean mark(boolean dirty) throws IOException {
    long bits = image.header.incompatible;
    long wanted = dirty ? bits | Feature.DIRTY : bits & ~Feature.DIRTY;
    if (image.geometry.version() < 3 || bits == wanted) {
      return false;
    }
    image.marks.setIncompatible(wanted);
    return true;
  }

  private ClusterRun row(long clusters) throws IOException {
    ClusterRun run = new ClusterRun();
    image.tables.lock.lock();
    try {
      image.tables.refcounts.allocateRow(clusters, run);
      image.tables.refcounts.flush();
    } finally {
      image.tables.lock.unlock();
    }
    return run;
  }

  /** Writes the table anew and makes the header name it. */
  private void store(List<SnapshotTable.Entry> all) throws IOException {
    Geometry geometry = image.geometry;
    Qcow2Header header = image.header;
    ByteBuffer bytes = SnapshotTable.serialize(all);
    long size = bytes.remaining();
    long offset = 0;
    if (size > 0) {
      ClusterRun run = row(geometry.clusters(size));
      offset = run.first << geometry.clusterBits();
      image.file.write(offset, bytes);
      image.tables.metadata.add(run.first, run.count);
    }
    image.file.flush();
    ByteBuffer fields = ByteBuffer.allocate(12).putInt(all.size()).putLong(offset).flip();
    image.file.write(Qcow2Header.AT_SNAPSHOTS, fields);
    image.file.flush();
    long oldFirst = header.snapshotsOffset >>> geometry.clusterBits();
    long oldCount = geometry.clusters(tableBytes);
    header.snapshotsOffset = offset;
    header.snapshotCount = all.size();
    entries = all;
    tableBytes = size;
    releaseRow(oldFirst, oldCount);
  }

  private void releaseRow(long first, long count) throws IOException {
    image.tables.lock.lock();
    try {
      for (long cluster = first; cluster < first + count; cluster++) {
        image.tables.releaseLater(cluster);
      }
    } finally {
      image.tables.lock.unlock();
    }
    settle();
  }

  private SnapshotTable.Entry find(String idOrName) throws IOException {
    for (SnapshotTable.Entry entry : entries()) {
      if (entry.id().equals(idOrName)) {
        return entry;
      }
    }
    for (SnapshotTable.Entry entry : entries()) {
      if (entry.name().equals(idOrName)) {
        return entry;
      }
    }
    throw new IllegalArgumentException(
        image.path() + " has no snapshot '" + idOrName + "'; list them to see which it has");
  }

  private long[] l1Of(SnapshotTable.Entry entry) throws IOException {
    if ((entry.l1Offset() & image.geometry.clusterMask()) != 0) {
      throw new CorruptMappingException("a snapshot's L1 table at offset " + entry.l1Offset());
    }
    return TableFile.read(image.file, entry.l1Offset(), entry.l1Size());
  }

  /** Makes the disk what it was when the snapshot was taken; the snapshot stays. */
  public synchronized void apply(String idOrName) throws IOException {
    requireOwnData();
    SnapshotTable.Entry entry = find(idOrName);
    image.beginChange();
    image.flush();
    long stamp = image.alone();
    try {
      applyAlone(entry);
      if (entry.stateSize() > 0) {
        dropState();
      }
    } catch (CorruptMappingException e) {
      throw image.marks.corrupt(e);
    } finally {
      image.together(stamp);
    }
  }

  private void applyAlone(SnapshotTable.Entry entry) throws IOException {
    Tables tables = image.tables;
    settle();
    long size = entry.diskSize() < 0 ? image.length() : entry.diskSize();
    long[] wanted = l1Of(entry);
    if (size % 512 != 0 || image.header.l1EntriesFor(size) > wanted.length) {
      throw new CorruptMappingException("a snapshot of " + size + " bytes with too few tables");
    }
    boolean marked = mark(true);
    ReferenceChange change = new ReferenceChange(tables);
    change.add(wanted);
    tables.lock.lock();
    try {
      tables.growL1(wanted.length);
    } finally {
      tables.lock.unlock();
    }
    long[] old = tables.l1().clone();
    long[] l1 = Arrays.copyOf(wanted, old.length);
    for (int i = 0; i < l1.length; i++) {
      l1[i] &= ~Geometry.COPIED;
    }
    TableFile.write(image.file, image.header.l1Offset, l1);
    TableFile.writeEntry(image.file, Qcow2Header.AT_SIZE, size);
    image.file.flush();
    tables.forget();
    tables.replaceL1(l1);
    image.compressed.forget();
    long oldSize = image.length();
    image.resized(size);
    change.remove(old, image.options.discards());
    change.setFlags(l1);
    change.mark(l1);
    if (size != oldSize) {
      image.bitmaps().resize(size);
    }
    image.bitmaps().changed(0, size);
    mark(!marked);
  }

  /** Forgets a snapshot; what only it used is given back. */
  public synchronized void delete(String idOrName) throws IOException {
    requireOwnData();
    SnapshotTable.Entry entry = find(idOrName);
    image.beginChange();
    image.flush();
    long stamp = image.alone();
    try {
      deleteAlone(entry);
    } catch (CorruptMappingException e) {
      throw image.marks.corrupt(e);
    } finally {
      image.together(stamp);
    }
  }

  private void deleteAlone(SnapshotTable.Entry entry) throws IOException {
    settle();
    long[] l1 = l1Of(entry);
    boolean marked = mark(true);
    List<SnapshotTable.Entry> left = new ArrayList<>(entries());
    left.remove(entry);
    store(left);
    ReferenceChange change = new ReferenceChange(image.tables);
    change.remove(l1, image.options.discards());
    Geometry geometry = image.geometry;
    releaseRow(entry.l1Offset() >>> geometry.clusterBits(), geometry.clusters(entry.l1Size() * 8L));
    change.setFlags(image.tables.l1());
    mark(!marked);
  }

  /**
   * Reads the state of a machine that a snapshot keeps.
   *
   * @param offset in the state
   * @param to filled from its position to its limit
   * @throws IndexOutOfBoundsException where the range leaves the state
   */
  public void readState(String idOrName, long offset, ByteBuffer to) throws IOException {
    SnapshotTable.Entry entry;
    synchronized (this) {
      entry = find(idOrName);
    }
    Ranges.check(offset, to.remaining(), entry.stateSize());
    long size = entry.diskSize() < 0 ? image.length() : entry.diskSize();
    long start = image.header.l1EntriesFor(size) * image.geometry.tableReach();
    long stamp = image.gate.readLock();
    try {
      image.read(l1Of(entry), size, start + offset, Scatter.of(to), to.remaining());
    } catch (CorruptMappingException e) {
      throw image.marks.corrupt(e);
    } finally {
      image.gate.unlockRead(stamp);
    }
  }

  /**
   * The disk as it was, for reading. It lives as long as the image is open and the snapshot is not
   * deleted; closing it closes nothing.
   */
  public synchronized BlockImage open(String idOrName) throws IOException {
    SnapshotTable.Entry entry = find(idOrName);
    return new SnapshotView(image, entry.name(), Snapshot.of(entry, image.length()), l1Of(entry));
  }
}
