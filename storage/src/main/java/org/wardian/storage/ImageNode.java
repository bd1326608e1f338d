package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.StampedLock;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.DirtyBitmaps;
import org.wardian.storage.qcow2.Qcow2Image;

/**
 * An image of a running machine, which several may use: the disk or the overlay above it, a job, an
 * export. It is closed when the last of them has closed it. Its file can be opened anew, for
 * writing or for reading only, while it is in use.
 */
public final class ImageNode implements BlockImage {
  private final Path path;
  private final ImageFormat format;
  private final WriteWatch fileWatch;
  private final WriteWatch diskWatch = new WriteWatch();
  private final StampedLock lock = new StampedLock();
  private volatile OpenOptions options;
  private volatile BlockImage image;
  private int users = 1;

  /**
   * A node with one user.
   *
   * @param image opened from {@code path} so; taken over
   * @param format what it is
   * @param fileWatch sees what is written to its file
   */
  ImageNode(
      Path path, ImageFormat format, OpenOptions options, BlockImage image, WriteWatch fileWatch) {
    this.path = path;
    this.format = format;
    this.options = options.withFormat(format);
    this.image = image;
    this.fileWatch = fileWatch;
  }

  /** Its file. */
  public Path path() {
    return path;
  }

  /** What it is. */
  public ImageFormat format() {
    return format;
  }

  /** How it was opened. */
  public OpenOptions options() {
    return options;
  }

  /** Sees how far the file is written. */
  public WriteWatch fileWatch() {
    return fileWatch;
  }

  /** Sees how far the disk in the image is written. */
  public WriteWatch diskWatch() {
    return diskWatch;
  }

  /** The image as it is open now. */
  public BlockImage image() {
    return image;
  }

  /** The node that shows through; empty where there is none. */
  public Optional<ImageNode> below() {
    return image instanceof Qcow2Image qcow2 && qcow2.backing() instanceof ImageNode node
        ? Optional.of(node)
        : Optional.empty();
  }

  /** This node for one more user, who closes it. */
  public synchronized ImageNode share() {
    if (users == 0) {
      throw new IllegalStateException(path + " is closed");
    }
    users++;
    return this;
  }

  /** How many have yet to close it. */
  public synchronized int users() {
    return users;
  }

  /**
   * Opens the file anew, so that it may be written or not. Others may read meanwhile; who writes
   * has to be kept out.
   *
   * @throws IOException where that is refused; it is then open for reading
   */
  public void reopen(boolean writable) throws IOException {
    if (options.writable() == writable) {
      return;
    }
    long stamp = lock.writeLock();
    try {
      BlockImage old = image;
      ImageNode below = below().map(ImageNode::share).orElse(null);
      List<DirtyBitmap> kept = inMemory(old);
      old.close();
      try {
        image = open(options.withWritable(writable), below);
        options = options.withWritable(writable);
        keep(kept);
      } catch (IOException | RuntimeException e) {
        fallBack(e, below);
        throw e;
      }
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  private BlockImage open(OpenOptions how, ImageNode below) throws IOException {
    return new ImageChain().openOver(path, how, below, fileWatch);
  }

  /** What reads it must go on. */
  private void fallBack(Exception e, ImageNode below) {
    OpenOptions reading = options.withWritable(false);
    try {
      image = open(reading, below);
      options = reading;
    } catch (IOException again) {
      e.addSuppressed(again);
      try {
        image = open(reading.withLocked(false), below);
        options = reading;
      } catch (IOException lost) {
        e.addSuppressed(lost);
        if (below != null) {
          below.release(e);
        }
      }
    }
  }

  private void release(Exception cause) {
    try {
      close();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /** Bitmaps that are in memory only live as long as the node. */
  private static List<DirtyBitmap> inMemory(BlockImage image) throws IOException {
    Optional<DirtyBitmaps> all = image.dirtyBitmaps();
    return all.isEmpty()
        ? List.of()
        : all.get().list().stream().filter(bitmap -> !bitmap.persistent()).toList();
  }

  private void keep(List<DirtyBitmap> bitmaps) throws IOException {
    for (DirtyBitmap bitmap : bitmaps) {
      image.dirtyBitmaps().orElseThrow().add(bitmap);
    }
  }

  /** What somebody does with the image. */
  private interface Use {
    void with(BlockImage now) throws IOException;
  }

  /** Uses the image while it is not opened anew. */
  private void use(Use use) throws IOException {
    long stamp = lock.readLock();
    try {
      use.with(image);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  @Override
  public long length() {
    return image.length();
  }

  @Override
  public boolean writable() {
    return image.writable();
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    use(now -> now.read(offset, to));
  }

  @Override
  public void read(long offset, Scatter to) throws IOException {
    use(now -> now.read(offset, to));
  }

  @Override
  public boolean readNow(long offset, Scatter to) throws IOException {
    long stamp = lock.tryReadLock();
    if (stamp == 0) {
      return false;
    }
    try {
      return image.readNow(offset, to);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    diskWatch.written(offset + from.remaining());
    use(now -> now.write(offset, from));
  }

  @Override
  public void write(long offset, Scatter from) throws IOException {
    diskWatch.written(offset + from.remaining());
    use(now -> now.write(offset, from));
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    diskWatch.written(offset + length);
    use(now -> now.writeZeroes(offset, length, mayUnmap));
  }

  @Override
  public void fill(long offset, ByteBuffer from) throws IOException {
    diskWatch.written(offset + from.remaining());
    use(now -> now.fill(offset, from));
  }

  @Override
  public void fillZeroes(long offset, long length) throws IOException {
    diskWatch.written(offset + length);
    use(now -> now.fillZeroes(offset, length));
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    use(now -> now.discard(offset, length));
  }

  @Override
  public void flush() throws IOException {
    use(BlockImage::flush);
  }

  @Override
  public Extent extent(long offset, long length) throws IOException {
    long stamp = lock.readLock();
    try {
      return image.extent(offset, length);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  @Override
  public Optional<DirtyBitmaps> dirtyBitmaps() throws IOException {
    return image.dirtyBitmaps();
  }

  @Override
  public void resize(long size) throws IOException {
    use(now -> now.resize(size));
  }

  /** One user less. */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      users = Math.max(0, users - 1);
      if (users > 0) {
        return;
      }
    }
    image.close();
  }

  @Override
  public String toString() {
    return image.toString();
  }
}
