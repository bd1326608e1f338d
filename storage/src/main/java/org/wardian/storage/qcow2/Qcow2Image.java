package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.StampedLock;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.FileStore;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.Ranges;
import org.wardian.storage.Scatter;
import org.wardian.storage.bitmap.DirtyBitmaps;

/**
 * An open qcow2 image.
 *
 * <p>Requests share {@link #gate}; what changes the image as a whole (snapshots, sizes) and the
 * reuse of clusters that were given up wait until no request is under way. Clusters that are mapped
 * and have one user are read and written without any other lock. See {@link Tables} for the order
 * in which tables reach the file.
 */
public final class Qcow2Image implements BlockImage {
  final FileStore file;
  final FileStore data;

  /** Whether {@link #data} is a file of its own. */
  final boolean external;

  final Qcow2Header header;
  final Geometry geometry;
  final Tables tables;
  final Mapping mapping;
  final CompressedClusters compressed;
  final OpenOptions options;

  /** Shared by requests; taken alone for changes of the whole. Never taken twice by a thread. */
  final StampedLock gate = new StampedLock();

  final UseMarks marks;

  private final ClusterReader reader;
  private final GuestWriter writer;
  private final ZeroRanges zeroes;
  private final PackedWriter packedWriter;
  private final Qcow2Snapshots snapshots;
  private final BitmapTracker bitmaps;
  private final Backing backing;
  private final boolean writable;
  private volatile long length;
  private volatile boolean changed;
  private boolean closed;

  Qcow2Image(
      FileStore file, FileStore data, Qcow2Header header, BlockImage backing, OpenOptions options)
      throws IOException {
    this.file = file;
    this.data = data;
    this.header = header;
    this.backing = new Backing(this, backing);
    this.options = options;
    external = (header.incompatible & Feature.DATA_FILE) != 0;
    geometry = Geometry.of(header);
    writable = options.writable() && file.writable();
    marks = new UseMarks(this, writable);
    length = lengthOf(header.size);
    MetadataMap metadata = new MetadataMap(geometry.clusters(file.size()));
    tables = new Tables(file, geometry, header, metadata, options.cacheBytes(), writable);
    mapping = new Mapping(tables);
    compressed = new CompressedClusters(file, geometry, header.compression);
    reader = new ClusterReader(this, mapping, compressed, data);
    writer = new GuestWriter(this);
    zeroes = new ZeroRanges(this, new ZeroWriter(this, tables, mapping, data));
    packedWriter = new PackedWriter(tables);
    snapshots = new Qcow2Snapshots(this);
    bitmaps = new BitmapTracker(this);
  }

  private static long lengthOf(long size) {
    return size + 511 & ~511L;
  }

  /** The image's file. */
  public Path path() {
    return file.path();
  }

  /** The image that shows through, or null. */
  public BlockImage backing() {
    return backing.below();
  }

  /** The snapshots within the image. */
  public Qcow2Snapshots snapshots() {
    return snapshots;
  }

  /** The dirty bitmaps within the image. */
  public BitmapTracker bitmaps() {
    return bitmaps;
  }

  @Override
  public Optional<DirtyBitmaps> dirtyBitmaps() throws IOException {
    return Optional.of(bitmaps.loaded());
  }

  /**
   * What goes before a change of the bitmaps that is no write: from now on those of the file count
   * as in use until the image is closed.
   */
  public void beginBitmaps() throws IOException {
    beginChange();
  }

  /** Bytes of a cluster. */
  public int clusterSize() {
    return geometry.clusterSize();
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public boolean writable() {
    return writable && marks.sound();
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    read(offset, Scatter.of(to));
  }

  @Override
  public void read(long offset, Scatter to) throws IOException {
    long bytes = to.remaining();
    Ranges.check(offset, bytes, length);
    long stamp = gate.readLock();
    try {
      readLocked(offset, to, bytes);
    } catch (CorruptMappingException e) {
      throw marks.corrupt(e);
    } finally {
      gate.unlockRead(stamp);
    }
  }

  @Override
  public boolean readNow(long offset, Scatter to) throws IOException {
    long bytes = to.remaining();
    Ranges.check(offset, bytes, length);
    long stamp = gate.tryReadLock();
    if (stamp == 0) {
      return false;
    }
    try {
      return reader.readNow(tables.l1(), length, offset, to, bytes);
    } catch (CorruptMappingException e) {
      // Who reads it the ordinary way notes the damage, which takes a write.
      return false;
    } finally {
      gate.unlockRead(stamp);
    }
  }

  /** Reads by the active mapping, by who holds {@link #gate}. */
  void readLocked(long offset, Scatter to, long bytes) throws IOException {
    read(tables.l1(), length, offset, to, bytes);
  }

  /** Reads by a mapping of a disk of {@code visible} bytes, behind which no backing shows. */
  void read(long[] l1, long visible, long offset, Scatter to, long bytes) throws IOException {
    reader.read(l1, visible, offset, to, bytes);
  }

  /** Whether the backing file shows at a place where the image has nothing. */
  boolean backed(long offset) {
    return backing.shows(offset);
  }

  /** {@link Mapping#find}, with what nothing shows through called zeroes. */
  void findVisible(long offset, long bytes, Run run) throws IOException {
    mapping.find(tables.l1(), offset, bytes, run);
    if (run.kind == Run.Kind.UNALLOCATED) {
      backing.narrow(offset, run);
    }
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    write(offset, Scatter.of(from));
  }

  @Override
  public void write(long offset, Scatter from) throws IOException {
    long bytes = from.remaining();
    Ranges.check(offset, bytes, length);
    beginWrite(offset, bytes);
    writeAnywhere(offset, from, bytes);
  }

  @Override
  public void fill(long offset, ByteBuffer from) throws IOException {
    long bytes = from.remaining();
    Ranges.check(offset, bytes, length);
    beginFill();
    writeAnywhere(offset, Scatter.of(from), bytes);
  }

  @Override
  public void fillZeroes(long offset, long bytes) throws IOException {
    Ranges.check(offset, bytes, length);
    beginFill();
    zeroes.write(offset, bytes, options.discards());
  }

  private void beginFill() throws IOException {
    beginChange();
    if (tables.crowded()) {
      flush();
    }
  }

  /** Writes, also behind the disk's end where the state of a machine lies. */
  void writeAnywhere(long offset, Scatter from, long bytes) throws IOException {
    long stamp = gate.readLock();
    try {
      writer.write(offset, from, bytes);
    } catch (CorruptMappingException e) {
      throw marks.corrupt(e);
    } finally {
      gate.unlockRead(stamp);
    }
  }

  /** What goes before each change of a range. */
  private void beginWrite(long offset, long bytes) throws IOException {
    checkWritable();
    if (!changed) {
      firstWrite();
    }
    bitmaps.changed(offset, bytes);
    if (tables.crowded()) {
      flush();
    }
  }

  void checkWritable() throws IOException {
    marks.checkSound();
    Ranges.checkWritable(this, path());
  }

  private synchronized void firstWrite() throws IOException {
    if (changed) {
      return;
    }
    marks.begin();
    snapshots.mark();
    bitmaps.begin();
    changed = true;
  }

  /** Writes the header cluster anew. */
  void writeHeader() throws IOException {
    file.write(0, header.serialize(path()));
  }

  @Override
  public void writeZeroes(long offset, long bytes, boolean mayUnmap) throws IOException {
    Ranges.check(offset, bytes, length);
    beginWrite(offset, bytes);
    zeroes.write(offset, bytes, mayUnmap && options.discards());
  }

  /** Whether the data file is the disk, byte for byte. */
  boolean rawData() {
    return (header.autoclear & Feature.RAW_DATA_FILE) != 0 && external;
  }

  @Override
  public void discard(long offset, long bytes) throws IOException {
    Ranges.check(offset, bytes, length);
    checkWritable();
    if (!options.discards()) {
      return;
    }
    beginWrite(offset, bytes);
    zeroes.discard(offset, bytes);
  }

  /**
   * Packs a cluster for {@link #writePacked}. Any thread may pack.
   *
   * @param cluster {@link #clusterSize} bytes
   * @return the packed bytes, or null where they would not be smaller
   */
  public byte[] pack(byte[] cluster) {
    return compressed.pack(cluster);
  }

  /**
   * Writes a packed cluster at {@code offset}, which is a multiple of {@link #clusterSize}.
   *
   * @throws UnsupportedOperationException where the guest's data lie in another file
   */
  public void writePacked(long offset, byte[] packed) throws IOException {
    Ranges.check(offset, 1, length);
    if ((offset & geometry.clusterMask()) != 0 || packed.length >= geometry.clusterSize()) {
      throw new IllegalArgumentException("no packed cluster: " + packed.length + " at " + offset);
    }
    if (external) {
      throw new UnsupportedOperationException(
          path() + " has its data in another file, where no cluster can be compressed");
    }
    beginWrite(offset, Math.min(geometry.clusterSize(), length - offset));
    long stamp = gate.readLock();
    try {
      packedWriter.write(offset, packed);
    } catch (CorruptMappingException e) {
      throw marks.corrupt(e);
    } finally {
      gate.unlockRead(stamp);
    }
  }

  @Override
  public void flush() throws IOException {
    if (!changed) {
      return;
    }
    if (external) {
      data.flush();
    }
    tables.writeBack(marks.lazy());
    if (tables.hasReleased()) {
      // Requests that found the old mapping may still be under way: all that are now end first.
      gate.unlockWrite(gate.writeLock());
      compressed.forget();
      tables.reclaim(options.discards());
    }
  }

  @Override
  public Extent extent(long offset, long bytes) throws IOException {
    return through(ownExtent(offset, bytes));
  }

  /** The backing image's extent where {@code own} is absent. */
  Extent through(Extent own) throws IOException {
    return backing.through(own);
  }

  /** {@link #extent} of this image alone: what shows the backing file is absent. */
  public Extent ownExtent(long offset, long bytes) throws IOException {
    Ranges.check(offset, bytes, length);
    Run run = new Run();
    long stamp = gate.readLock();
    try {
      mapping.find(tables.l1(), offset, bytes, run);
    } catch (CorruptMappingException e) {
      throw marks.corrupt(e);
    } finally {
      gate.unlockRead(stamp);
    }
    return run.extentAt(offset);
  }

  @Override
  public void resize(long size) throws IOException {
    checkWritable();
    if (size < 0 || size % 512 != 0) {
      throw new IllegalArgumentException("a size of " + size + " bytes, not in sectors of 512");
    }
    new Resizing(this).to(size);
  }

  /** The disk's size has changed, in the header too. */
  void resized(long size) {
    header.size = size;
    length = lengthOf(size);
  }

  /** Waits until no request and no write of tables is under way, and keeps them out. */
  long alone() {
    long stamp = gate.writeLock();
    tables.writeBack.lock();
    return stamp;
  }

  /** Ends {@link #alone}. */
  void together(long stamp) {
    tables.writeBack.unlock();
    gate.unlockWrite(stamp);
  }

  /** Begins a change of the whole image, by who holds no lock. */
  void beginChange() throws IOException {
    checkWritable();
    if (!changed) {
      firstWrite();
    }
  }

  /** Makes a range zeroes and gives its room back. */
  void zeroWhole(long offset, long bytes) throws IOException {
    zeroes.unmap(offset, bytes);
  }

  /**
   * Names another backing file in the header; the content that shows through changes with it, and
   * is the caller's to keep right.
   *
   * @param name as it is recorded, or null for none
   * @param format its format, or null
   * @param opened the new backing file, which this takes over; or null
   */
  public void changeBacking(String name, String format, BlockImage opened) throws IOException {
    checkWritable();
    if (name != null && rawData()) {
      throw new IllegalArgumentException(
          path() + " has a raw data file, which cannot have a backing file");
    }
    backing.record(name, format, opened);
  }

  /**
   * Puts this image above another without a word of it in the header; the content that shows
   * through changes with it, and is the caller's to keep right.
   *
   * @param opened the image that shows through, which this takes over; null for none
   */
  public void attach(BlockImage opened) throws IOException {
    backing.replace(opened);
  }

  /** The name of the backing file that the header has, or null. */
  public String backingName() {
    return header.backing;
  }

  /**
   * Gives up all that this image holds: the backing file shows everywhere. Snapshots stay.
   *
   * @throws IOException as {@link #write}
   */
  public void empty() throws IOException {
    beginChange();
    flush();
    long stamp = alone();
    try {
      new Emptying(this).run();
      bitmaps.changed(0, length);
    } catch (CorruptMappingException e) {
      throw marks.corrupt(e);
    } finally {
      together(stamp);
    }
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    try {
      if (changed && marks.sound()) {
        finish();
      }
    } finally {
      closeFiles();
    }
  }

  private void finish() throws IOException {
    flush();
    bitmaps.store();
    tables.writeBack(false);
    if (tables.hasReleased()) {
      tables.reclaim(options.discards());
      tables.writeBack(false);
    }
    marks.end();
  }

  private void closeFiles() throws IOException {
    try {
      file.close();
    } finally {
      try {
        if (external) {
          data.close();
        }
      } finally {
        backing.close();
      }
    }
  }

  @Override
  public String toString() {
    return path() + " (qcow2)";
  }
}
