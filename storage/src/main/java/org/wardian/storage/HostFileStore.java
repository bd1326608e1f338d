package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.wardian.host.Errno;
import org.wardian.host.HostException;
import org.wardian.host.HostFile;

/** A file or block device by the host's own calls: Linux. */
final class HostFileStore implements FileStore {
  private static final int EFBIG = 27;
  private static final int ESPIPE = 29;
  private static final int EROFS = 30;
  private static final int EDQUOT = 122;

  private static final int ZERO_CHUNK = 1 << 20;
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(ZERO_CHUNK).asReadOnlyBuffer();

  private final Path path;
  private final HostFile file;
  private final boolean writable;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean readsNow = true;
  private volatile boolean punches = true;
  private volatile boolean zeroesRanges = true;

  private HostFileStore(Path path, HostFile file, boolean writable) {
    this.path = path;
    this.file = file;
    this.writable = writable;
  }

  static HostFileStore open(Path path, boolean writable, boolean locked) throws IOException {
    if (Files.isDirectory(path)) {
      throw new IOException(path + " is a directory, not a disk image");
    }
    HostFile file;
    try {
      file = HostFile.open(path, writable);
    } catch (HostException e) {
      throw refused(path, writable, e);
    }
    return opened(path, file, writable, locked);
  }

  static HostFileStore create(Path path) throws IOException {
    HostFile file;
    try {
      file = HostFile.create(path);
    } catch (HostException e) {
      throw refused(path, true, e);
    }
    return opened(path, file, true, true);
  }

  private static HostFileStore opened(Path path, HostFile file, boolean writable, boolean locked)
      throws IOException {
    try {
      long size = file.size();
      if (size == -ESPIPE) {
        throw new IOException(path + " is neither a file nor a block device");
      }
      if (locked) {
        ImageLock.take(file, path, writable);
      }
      return new HostFileStore(path, file, writable);
    } catch (IOException | RuntimeException e) {
      ImageLock.release(file);
      file.close();
      throw e;
    }
  }

  private static IOException refused(Path path, boolean writable, HostException e) {
    return switch (e.errno()) {
      case Errno.ENOENT -> new NoSuchFileException(path.toString(), null, "there is no such file");
      case Errno.EEXIST ->
          new FileAlreadyExistsException(
              path.toString(), null, "it exists already; remove it or choose another name");
      case Errno.EACCES, Errno.EPERM ->
          new AccessDeniedException(
              path.toString(),
              null,
              writable
                  ? "no permission to write it; change its mode or open it read-only"
                  : "no permission to read it");
      case EROFS ->
          new AccessDeniedException(
              path.toString(), null, "its file system is read-only; open it read-only");
      default -> new IOException(e.getMessage(), e);
    };
  }

  private IOException failed(String what, long offset, long error) {
    int errno = (int) -error;
    String message =
        "cannot " + what + " " + path + " at offset " + offset + ": " + Errno.text(errno);
    return errno == Errno.ENOSPC || errno == EDQUOT || errno == EFBIG
        ? new NoSpaceException(message)
        : new IOException(message);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public boolean writable() {
    return writable;
  }

  @Override
  public long size() throws IOException {
    long size = file.size();
    if (size < 0) {
      throw failed("measure", 0, size);
    }
    return size;
  }

  @Override
  public int read(long offset, ByteBuffer to) throws IOException {
    int start = to.position();
    while (to.hasRemaining()) {
      long at = offset + to.position() - start;
      long count = file.read(at, to);
      if (count < 0) {
        throw failed("read", at, count);
      }
      if (count == 0) {
        break;
      }
      to.position(to.position() + (int) count);
    }
    return to.position() - start;
  }

  @Override
  public void read(long offset, Scatter to, long bytes) throws IOException {
    long at = offset;
    long left = bytes;
    while (left > 0) {
      long count = readSome(at, to, left);
      if (count < 0) {
        throw failed("read", at, count);
      }
      if (count == 0) {
        to.putZeroes(left);
        return;
      }
      to.skip(count);
      at += count;
      left -= count;
    }
  }

  private long readSome(long at, Scatter to, long most) {
    if (to.vectors() != null) {
      return file.read(at, to.vectors(), most);
    }
    int first = to.index();
    return to.direct()
        ? file.read(at, to.buffers(), first, to.buffers().length - first, most)
        : readOne(at, to.current(), most);
  }

  @Override
  public boolean readNow(long offset, Scatter to, long bytes) {
    if (!readsNow) {
      return false;
    }
    long done;
    if (to.vectors() != null) {
      if (to.vectors().count() > HostFile.MAX_VECTORS) {
        return false;
      }
      done = file.readNow(offset, to.vectors(), bytes);
    } else {
      int first = to.index();
      int count = to.buffers().length - first;
      if (!to.direct() || count > HostFile.MAX_VECTORS) {
        return false;
      }
      done = file.readNow(offset, to.buffers(), first, count, bytes);
    }
    if (done == bytes) {
      to.skip(bytes);
      return true;
    }
    if (done == -Errno.EOPNOTSUPP || done == -Errno.ENOSYS) {
      readsNow = false;
    }
    return false;
  }

  private long readOne(long offset, ByteBuffer to, long most) {
    int limit = to.limit();
    to.limit(to.position() + (int) Math.min(most, to.remaining()));
    long count = file.read(offset, to);
    to.limit(limit);
    return count;
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    int start = from.position();
    while (from.hasRemaining()) {
      long at = offset + from.position() - start;
      long count = file.write(at, from);
      if (count < 0) {
        throw failed("write", at, count);
      }
      from.position(from.position() + (int) count);
    }
  }

  @Override
  public void write(long offset, Scatter from, long bytes) throws IOException {
    long at = offset;
    long left = bytes;
    while (left > 0) {
      long count = writeSome(at, from, left);
      if (count < 0) {
        throw failed("write", at, count);
      }
      from.skip(count);
      at += count;
      left -= count;
    }
  }

  private long writeSome(long at, Scatter from, long most) {
    if (from.vectors() != null) {
      return file.write(at, from.vectors(), most);
    }
    int first = from.index();
    return from.direct()
        ? file.write(at, from.buffers(), first, from.buffers().length - first, most)
        : writeOne(at, from.current(), most);
  }

  private long writeOne(long offset, ByteBuffer from, long most) {
    int limit = from.limit();
    from.limit(from.position() + (int) Math.min(most, from.remaining()));
    long count = file.write(offset, from);
    from.limit(limit);
    return count;
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    if (length <= 0) {
      return;
    }
    if (mayUnmap && offset + length <= size() && punch(offset, length)) {
      return;
    }
    if (zeroesRanges) {
      int result = file.allocate(HostFile.ZERO_RANGE, offset, length);
      if (result == 0) {
        return;
      }
      if (!unsupported(result)) {
        throw failed("write zeroes to", offset, result);
      }
      zeroesRanges = false;
    }
    for (long at = offset; at < offset + length; at += ZERO_CHUNK) {
      write(at, ZEROES.slice(0, (int) Math.min(ZERO_CHUNK, offset + length - at)));
    }
  }

  @Override
  public boolean punch(long offset, long length) throws IOException {
    if (!punches || length <= 0) {
      return punches;
    }
    int result = file.allocate(HostFile.PUNCH_HOLE | HostFile.KEEP_SIZE, offset, length);
    if (result == 0) {
      return true;
    }
    if (!unsupported(result)) {
      throw failed("discard", offset, result);
    }
    punches = false;
    return false;
  }

  @Override
  public void allocate(long offset, long length) throws IOException {
    if (length <= 0) {
      return;
    }
    int result = file.allocate(0, offset, length);
    if (unsupported(result)) {
      // What the file has already keeps its content; only the part behind its end is written.
      long size = size();
      long from = Math.max(offset, size);
      if (offset + length > from) {
        zeroesRanges = false;
        writeZeroes(from, offset + length - from, false);
      }
    } else if (result < 0) {
      throw failed("allocate", offset, result);
    }
  }

  /** A file system that lacks a mode, or a block device whose sectors the range does not fit. */
  private static boolean unsupported(int result) {
    return result == -Errno.EOPNOTSUPP
        || result == -Errno.ENOSYS
        || result == -Errno.EINVAL
        || result == -Errno.ENODEV;
  }

  @Override
  public void resize(long size) throws IOException {
    int result = file.truncate(size);
    if (result < 0) {
      throw failed("resize", size, result);
    }
  }

  @Override
  public void flush() throws IOException {
    int result = file.sync();
    if (result < 0) {
      throw failed("flush", 0, result);
    }
  }

  @Override
  public long nextData(long offset) throws IOException {
    long found = file.nextData(offset);
    if (found == -Errno.ENXIO) {
      return Math.max(offset, size());
    }
    return found >= 0 ? found : offset;
  }

  @Override
  public long nextHole(long offset) throws IOException {
    long found = file.nextHole(offset);
    return found >= 0 ? found : Math.max(offset, size());
  }

  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      ImageLock.release(file);
      file.close();
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
