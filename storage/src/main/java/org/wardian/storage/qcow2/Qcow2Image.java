package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.StampedLock;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.Ranges;
import org.wardian.storage.ReadOnlyImageException;
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

  private final ClusterReader reader;
  private final ClusterWriter clusterWriter;
  private final ZeroWriter zeroWriter;
  private final PackedWriter packedWriter;
  private final BitmapTracker bitmaps;
  private final boolean writable;
  private volatile BlockImage backing;
  private volatile long length;
  private volatile String corruption;
  private volatile boolean changed;
  private boolean closed;

  Qcow2Image(
      FileStore file, FileStore data, Qcow2Header header, BlockImage backing, OpenOptions options)
      throws IOException {
    this.file = file;
    this.data = data;
    this.header = header;
    this.backing = backing;
    this.options = options;
    external = (header.incompatible & Feature.DATA_FILE) != 0;
    geometry = Geometry.of(header);
    writable = options.writable() && file.writable();
    length = lengthOf(header.size);
    MetadataMap metadata = new MetadataMap(geometry.clusters(file.size()));
    tables = new Tables(file, geometry, header, metadata, options.cacheBytes(), writable);
    mapping = new Mapping(tables);
    compressed = new CompressedClusters(file, geometry, header.compression);
    reader = new ClusterReader(this, mapping, compressed, data);
    clusterWriter = new ClusterWriter(this, tables, mapping, data);
    zeroWriter = new ZeroWriter(this, tables, mapping, data);
    packedWriter = new PackedWriter(tables);
    snapshots = new Qcow2Snapshots(this);
    bitmaps = new BitmapTracker(this);
  }

  private final Qcow2Snapshots snapshots;

  private static long lengthOf(long size) {
    return size + 511 & ~511L;
  }

  /** The image's file. */
  public Path path() {
    return file.path();
  }

  /** The image that shows through, or null. */
  public BlockImage backing() {
    return backing;
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
    return writable && corruption == null;
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
      throw corrupt(e);
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

  /** Whether any byte of a range shows the backing file where the image has nothing. */
  boolean backed(long offset, long bytes) {
    BlockImage from = backing;
    return from != null && offset < Math.min(from.length(), length);
  }

  /** {@link Mapping#find}, with what nothing shows through called zeroes. */
  void findVisible(long offset, long bytes, Run run) throws IOException {
    mapping.find(tables.l1(), offset, bytes, run);
    if (run.kind == Run.Kind.UNALLOCATED) {
      BlockImage from = backing;
      long has = from == null ? 0 : Math.min(from.length(), length);
      if (offset >= has) {
        run.kind = Run.Kind.ZERO;
      } else {
        run.bytes = Math.min(run.bytes, has - offset);
      }
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

  /** Writes, also behind the disk's end where the state of a machine lies. */
  void writeAnywhere(long offset, Scatter from, long bytes) throws IOException {
    long stamp = gate.readLock();
    try {
      Run run = new Run();
      long at = offset;
      long end = offset + bytes;
      while (at < end) {
        mapping.find(tables.l1(), at, end - at, run);
        if (run.kind == Run.Kind.NORMAL && run.copied) {
          checkNoMetadata(run.host, run.bytes);
          data.write(run.host, from, run.bytes);
          at += run.bytes;
        } else {
          at += clusterWriter.write(at, from, end - at);
        }
      }
    } catch (CorruptMappingException e) {
      throw corrupt(e);
    } finally {
      gate.unlockRead(stamp);
    }
  }

  private void checkNoMetadata(long host, long bytes) throws CorruptMappingException {
    if (external) {
      return;
    }
    long last = host + bytes - 1 >>> geometry.clusterBits();
    for (long cluster = host >>> geometry.clusterBits(); cluster <= last; cluster++) {
      if (tables.metadata.contains(cluster)) {
        throw new CorruptMappingException(
            "guest data mapped onto a table at offset " + (cluster << geometry.clusterBits()));
      }
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
    String found = corruption;
    if (found != null) {
      throw new ReadOnlyImageException(
          path() + " takes no writes since damage was found: " + found + "; check and repair it");
    }
    Ranges.checkWritable(this, path());
  }

  private synchronized void firstWrite() throws IOException {
    if (changed) {
      return;
    }
    if (lazy()) {
      setIncompatible(header.incompatible | Feature.DIRTY);
    }
    snapshots.mark();
    bitmaps.begin();
    changed = true;
  }

  private boolean lazy() {
    return (header.compatible & Feature.LAZY_REFCOUNTS) != 0 && geometry.version() >= 3;
  }

  /** Writes the incompatible features to stable storage. */
  void setIncompatible(long bits) throws IOException {
    header.incompatible = bits;
    TableFile.writeEntry(file, Qcow2Header.AT_INCOMPATIBLE, bits);
    file.flush();
  }

  /** Writes the header cluster anew. */
  void writeHeader() throws IOException {
    file.write(0, header.serialize(path()));
  }

  /** Notes damage: the image takes no more writes, and says so to the next who opens it. */
  ImageFormatException corrupt(CorruptMappingException cause) {
    String what = cause.getMessage();
    corruption = what;
    if (writable && geometry.version() >= 3) {
      try {
        setIncompatible(header.incompatible | Feature.CORRUPT);
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
    }
    ImageFormatException all =
        new ImageFormatException(path() + " is damaged: it has " + what + "; check and repair it");
    all.initCause(cause);
    return all;
  }

  @Override
  public void writeZeroes(long offset, long bytes, boolean mayUnmap) throws IOException {
    Ranges.check(offset, bytes, length);
    beginWrite(offset, bytes);
    boolean unmap = mayUnmap && options.discards();
    if (rawData()) {
      writeZeroesToRawData(offset, bytes, unmap);
      return;
    }
    zero(offset, bytes, unmap ? ZeroWriter.Mode.UNMAP : ZeroWriter.Mode.KEEP);
  }

  private boolean rawData() {
    return (header.autoclear & Feature.RAW_DATA_FILE) != 0 && external;
  }

  /** A raw data file must itself have the zeroes. */
  private void writeZeroesToRawData(long offset, long bytes, boolean unmap) throws IOException {
    long stamp = gate.readLock();
    try {
      data.writeZeroes(offset, bytes, unmap);
    } finally {
      gate.unlockRead(stamp);
    }
  }

  private void zero(long offset, long bytes, ZeroWriter.Mode mode) throws IOException {
    long granule = geometry.granule();
    long end = offset + bytes;
    long start = offset + granule - 1 & -granule;
    long stop = end == length ? end : end & -granule;
    if (start >= stop) {
      writeZeroBytes(offset, bytes, mode);
      return;
    }
    writeZeroBytes(offset, start - offset, mode);
    long at = start;
    while (at < stop) {
      long done = zeroStep(at, stop - at, mode);
      if (done < 0) {
        writeZeroBytes(at, -done, mode);
      }
      at += Math.abs(done);
    }
    writeZeroBytes(stop, end - stop, mode);
  }

  private long zeroStep(long offset, long bytes, ZeroWriter.Mode mode) throws IOException {
    long stamp = gate.readLock();
    try {
      return zeroWriter.zero(offset, bytes, mode);
    } catch (CorruptMappingException e) {
      throw corrupt(e);
    } finally {
      gate.unlockRead(stamp);
    }
  }

  /** Parts of clusters: nothing to do where they are zeroes already, or of no use. */
  private void writeZeroBytes(long offset, long bytes, ZeroWriter.Mode mode) throws IOException {
    if (mode == ZeroWriter.Mode.DISCARD) {
      return;
    }
    Run run = new Run();
    long at = offset;
    while (at < offset + bytes) {
      long stamp = gate.readLock();
      try {
        findVisible(at, offset + bytes - at, run);
      } catch (CorruptMappingException e) {
        throw corrupt(e);
      } finally {
        gate.unlockRead(stamp);
      }
      if (run.kind != Run.Kind.ZERO) {
        run.bytes = Math.min(run.bytes, Zeroes.SIZE);
        writeAnywhere(at, Scatter.of(Zeroes.of((int) run.bytes)), run.bytes);
      }
      at += run.bytes;
    }
  }

  @Override
  public void discard(long offset, long bytes) throws IOException {
    Ranges.check(offset, bytes, length);
    checkWritable();
    if (!options.discards()) {
      return;
    }
    beginWrite(offset, bytes);
    if (rawData()) {
      long stamp = gate.readLock();
      try {
        data.punch(offset, bytes);
      } finally {
        gate.unlockRead(stamp);
      }
      return;
    }
    zero(offset, bytes, ZeroWriter.Mode.DISCARD);
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
      throw corrupt(e);
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
    tables.writeBack(lazy());
    if (tables.hasReleased()) {
      // Requests that found the old mapping may still be under way: all that are now end first.
      gate.unlockWrite(gate.writeLock());
      compressed.forget();
      tables.reclaim(options.discards());
    }
  }

  @Override
  public Extent extent(long offset, long bytes) throws IOException {
    Extent own = ownExtent(offset, bytes);
    BlockImage below = backing;
    if (own.kind() != Extent.Kind.ABSENT || below == null || offset >= below.length()) {
      return own;
    }
    Extent found = below.extent(offset, Math.min(own.length(), below.length() - offset));
    return new Extent(offset, found.length(), found.kind(), found.depth() + 1, found.hostOffset());
  }

  /** {@link #extent} of this image alone: what shows the backing file is absent. */
  public Extent ownExtent(long offset, long bytes) throws IOException {
    Ranges.check(offset, bytes, length);
    Run run = new Run();
    long stamp = gate.readLock();
    try {
      mapping.find(tables.l1(), offset, bytes, run);
    } catch (CorruptMappingException e) {
      throw corrupt(e);
    } finally {
      gate.unlockRead(stamp);
    }
    return extentOf(offset, run);
  }

  static Extent extentOf(long offset, Run run) {
    return switch (run.kind) {
      case NORMAL -> new Extent(offset, run.bytes, Extent.Kind.DATA, 0, run.host);
      case COMPRESSED -> new Extent(offset, run.bytes, Extent.Kind.DATA, 0, -1);
      case ZERO -> new Extent(offset, run.bytes, Extent.Kind.ZERO, 0, -1);
      case UNALLOCATED -> new Extent(offset, run.bytes, Extent.Kind.ABSENT, 0, -1);
    };
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
    zero(offset, bytes, ZeroWriter.Mode.UNMAP);
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
    long stamp = gate.writeLock();
    try {
      String oldName = header.backing;
      String oldFormat = header.backingFormat;
      header.backing = name;
      header.backingFormat = format;
      try {
        header.serialize(path());
      } catch (ImageFormatException e) {
        header.backing = oldName;
        header.backingFormat = oldFormat;
        throw e;
      }
      writeHeader();
      file.flush();
      BlockImage old = backing;
      backing = opened;
      if (old != null) {
        old.close();
      }
    } finally {
      gate.unlockWrite(stamp);
    }
  }

  /**
   * Puts this image above another without a word of it in the header; the content that shows
   * through changes with it, and is the caller's to keep right.
   *
   * @param opened the image that shows through, which this takes over; null for none
   */
  public void attach(BlockImage opened) throws IOException {
    long stamp = gate.writeLock();
    BlockImage old = backing;
    backing = opened;
    gate.unlockWrite(stamp);
    if (old != null) {
      old.close();
    }
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
      throw corrupt(e);
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
      if (changed && corruption == null) {
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
    if ((header.incompatible & Feature.DIRTY) != 0) {
      setIncompatible(header.incompatible & ~Feature.DIRTY);
    }
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
        BlockImage below = backing;
        if (below != null) {
          below.close();
        }
      }
    }
  }

  @Override
  public String toString() {
    return path() + " (qcow2)";
  }
}
