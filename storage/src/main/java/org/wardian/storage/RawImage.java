package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.storage.bitmap.DirtyBitmaps;

/**
 * A file or block device that is the disk itself. Holes of the file are zeroes; discard makes
 * holes.
 */
public final class RawImage implements BlockImage {
  private static final int SECTOR = 512;

  private final FileStore file;
  private final boolean probed;
  private final OpenOptions options;
  private final DirtyBitmaps bitmaps = new DirtyBitmaps();
  private volatile long length;
  private volatile boolean closed;

  private RawImage(FileStore file, long length, boolean probed, OpenOptions options) {
    this.file = file;
    this.length = length;
    this.probed = probed;
    this.options = options;
  }

  /**
   * Takes over an open file.
   *
   * @param probed whether it is raw only because nothing else matched: writes that would change
   *     that are refused
   */
  static RawImage open(FileStore file, boolean probed, OpenOptions options) throws IOException {
    long size = file.size();
    // A file's last bytes that make no sector are still the disk's; zeroes fill them up.
    return new RawImage(file, (size + SECTOR - 1) / SECTOR * SECTOR, probed, options);
  }

  /** Makes a raw image and closes it. */
  static void create(Path path, CreateOptions options) throws IOException {
    try (FileStore file = FileStore.create(path)) {
      try {
        switch (options.preallocation()) {
          case OFF, METADATA -> file.resize(options.size());
          case FALLOC -> {
            file.allocate(0, options.size());
            file.resize(options.size());
          }
          case FULL -> writeZeroes(file, options.size());
        }
        file.flush();
      } catch (IOException | RuntimeException e) {
        Files.deleteIfExists(path);
        throw e;
      }
    }
  }

  private static void writeZeroes(FileStore file, long size) throws IOException {
    ByteBuffer zeroes = ByteBuffer.allocateDirect(1 << 20);
    for (long at = 0; at < size; at += zeroes.capacity()) {
      file.write(at, zeroes.slice(0, (int) Math.min(zeroes.capacity(), size - at)));
    }
  }

  /** The file. */
  public FileStore file() {
    return file;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public boolean writable() {
    return file.writable() && options.writable();
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    Ranges.check(offset, to.remaining(), length);
    file.readPadded(offset, to);
  }

  @Override
  public void read(long offset, Scatter to) throws IOException {
    long bytes = to.remaining();
    Ranges.check(offset, bytes, length);
    file.read(offset, to, bytes);
  }

  @Override
  public boolean readNow(long offset, Scatter to) throws IOException {
    long bytes = to.remaining();
    Ranges.check(offset, bytes, length);
    return file.readNow(offset, to, bytes);
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    Ranges.checkWritable(this, file.path());
    Ranges.check(offset, from.remaining(), length);
    bitmaps.changed(offset, from.remaining());
    if (probed && offset < ImageFormat.PROBE_BYTES) {
      checkHead(offset, from);
    }
    file.write(offset, from);
  }

  @Override
  public void write(long offset, Scatter from) throws IOException {
    long bytes = from.remaining();
    if (probed && offset < ImageFormat.PROBE_BYTES) {
      while (from.remaining() > 0) {
        ByteBuffer buffer = from.current();
        long at = offset + bytes - from.remaining();
        write(at, buffer);
      }
      return;
    }
    Ranges.checkWritable(this, file.path());
    Ranges.check(offset, bytes, length);
    bitmaps.changed(offset, bytes);
    file.write(offset, from, bytes);
  }

  /** The guest may not turn its raw disk into something that names files of the host. */
  private void checkHead(long offset, ByteBuffer from) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(ImageFormat.PROBE_BYTES);
    file.readPadded(0, head);
    int count = (int) Math.min(from.remaining(), ImageFormat.PROBE_BYTES - offset);
    head.put((int) offset, from, from.position(), count);
    ImageFormat after = ImageFormat.probe(head.flip());
    if (after != ImageFormat.RAW) {
      throw new IOException(
          file.path()
              + " was taken for a raw image because it looked like nothing else; a write that"
              + " makes it look like "
              + after.text()
              + " is refused: give its format (raw) by name");
    }
  }

  @Override
  public void writeZeroes(long offset, long bytes, boolean mayUnmap) throws IOException {
    Ranges.checkWritable(this, file.path());
    Ranges.check(offset, bytes, length);
    bitmaps.changed(offset, bytes);
    file.writeZeroes(offset, bytes, mayUnmap && options.discards());
  }

  @Override
  public void discard(long offset, long bytes) throws IOException {
    Ranges.checkWritable(this, file.path());
    Ranges.check(offset, bytes, length);
    if (options.discards()) {
      bitmaps.changed(offset, bytes);
      file.punch(offset, bytes);
    }
  }

  @Override
  public void flush() throws IOException {
    if (options.flushed()) {
      file.flush();
    }
  }

  @Override
  public Extent extent(long offset, long bytes) throws IOException {
    Ranges.check(offset, bytes, length);
    long data = file.nextData(offset);
    if (data > offset) {
      return new Extent(offset, Math.min(bytes, data - offset), Extent.Kind.ZERO, 0, offset);
    }
    long hole = file.nextHole(offset);
    // The zeroes that fill up the last sector belong to the data before them.
    long end = hole >= file.size() ? length : hole;
    long run = Math.max(1, Math.min(bytes, end - offset));
    return new Extent(offset, run, Extent.Kind.DATA, 0, offset);
  }

  @Override
  public void resize(long size) throws IOException {
    Ranges.checkWritable(this, file.path());
    if (size < 0 || size % SECTOR != 0) {
      throw new IllegalArgumentException("a size of " + size + " bytes, not in sectors of 512");
    }
    file.resize(size);
    length = size;
    bitmaps.resize(size);
  }

  @Override
  public Optional<DirtyBitmaps> dirtyBitmaps() {
    return Optional.of(bitmaps);
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (writable()) {
        flush();
      }
    } finally {
      file.close();
    }
  }

  @Override
  public String toString() {
    return file.path() + " (raw)";
  }
}
