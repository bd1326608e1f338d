package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A file or block device, read and written at given offsets by any number of threads, with what
 * Java's channels do not offer: scattered transfers at an offset, holes, allocation, locks on byte
 * ranges that belong to the open file. Linux only.
 *
 * <p>Calls return a number of bytes or 0, or the negated error number ({@link Errno}): a full disk
 * is an answer here. Nothing of a call's buffers changes but their bytes. A thread's interruption
 * has no effect.
 */
public final class HostFile implements AutoCloseable {
  /** Most buffers of one scattered call; the rest of a longer list is left for the next call. */
  public static final int MAX_VECTORS = CallFrame.SCRATCH_SIZE / 16;

  /** {@code FALLOC_FL_KEEP_SIZE}: {@code include/uapi/linux/falloc.h}. */
  public static final int KEEP_SIZE = 1;

  /** {@code FALLOC_FL_PUNCH_HOLE}; goes with {@link #KEEP_SIZE}. */
  public static final int PUNCH_HOLE = 2;

  /** {@code FALLOC_FL_ZERO_RANGE}. */
  public static final int ZERO_RANGE = 0x10;

  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_NONBLOCK = 04000;
  private static final int O_CLOEXEC = 02000000;
  private static final int PERMISSIONS = 0644;

  /** {@code RWF_NOWAIT}: {@code include/uapi/linux/fs.h}. */
  private static final int RWF_NOWAIT = 8;

  private static final int SEEK_END = 2;
  static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  /** {@code F_OFD_GETLK}, {@code F_OFD_SETLK}: {@code include/uapi/asm-generic/fcntl.h}. */
  private static final int F_OFD_GETLK = 36;

  private static final int F_OFD_SETLK = 37;
  private static final short F_RDLCK = 0;
  private static final short F_WRLCK = 1;
  private static final short F_UNLCK = 2;

  /** {@code struct flock}: type, whence, 4 bytes of padding, start, length, process. */
  private static final int FLOCK_SIZE = 32;

  private static final long FLOCK_START = 8;
  private static final long FLOCK_LENGTH = 16;

  /** Bytes of the copy through which arrays pass. */
  private static final int BOUNCE = 256 << 10;

  private static final ThreadLocal<ByteBuffer> BOUNCE_BUFFER =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BOUNCE));

  private final Descriptor descriptor;

  private HostFile(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /** A file that another call has opened. */
  static HostFile of(Descriptor descriptor) {
    return new HostFile(descriptor);
  }

  /** Whether this host has these calls. */
  public static boolean available() {
    return Libc.LINUX;
  }

  /**
   * Opens a file or block device; never waits for the other end of a pipe.
   *
   * @throws HostException with the error number
   */
  public static HostFile open(Path path, boolean writable) {
    return open(path, writable ? O_RDWR : 0);
  }

  /**
   * Makes a file that did not exist, of 0 bytes, and opens it for reading and writing.
   *
   * @throws HostException with the error number; {@link Errno#EEXIST} where there is one
   */
  public static HostFile create(Path path) {
    return open(path, O_RDWR | O_CREAT | O_EXCL);
  }

  private static HostFile open(Path path, int flags) {
    Libc.requireLinux(path.toString());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(path.toString());
      int fd;
      do {
        fd = FileCalls.open(text.address(), flags | O_CLOEXEC | O_NONBLOCK, PERMISSIONS);
      } while (fd == -Errno.EINTR);
      if (fd < 0) {
        throw HostException.ofCall("open", path.toString(), -fd, "");
      }
      return new HostFile(Descriptor.adopt(fd, path.toString()));
    }
  }

  /** {@code mmap} of a part of the file. */
  NativeCall.Result map(long address, long size, int protection, int flags, long offset) {
    descriptor.hold();
    try {
      return Libc.MMAP.call(address, size, protection, flags, descriptor.fd(), offset);
    } finally {
      descriptor.letGo();
    }
  }

  /** Bytes of the file or device, or the negated error number ({@code ESPIPE} for a pipe). */
  public long size() {
    descriptor.hold();
    try {
      return FileCalls.lseek(descriptor.fd(), 0, SEEK_END);
    } finally {
      descriptor.letGo();
    }
  }

  /** First byte at or after {@code offset} that may be stored; {@code -ENXIO}: none. */
  public long nextData(long offset) {
    descriptor.hold();
    try {
      return FileCalls.lseek(descriptor.fd(), offset, SEEK_DATA);
    } finally {
      descriptor.letGo();
    }
  }

  /** First byte at or after {@code offset} that is in a hole, or the file's end. */
  public long nextHole(long offset) {
    descriptor.hold();
    try {
      return FileCalls.lseek(descriptor.fd(), offset, SEEK_HOLE);
    } finally {
      descriptor.letGo();
    }
  }

  /** Reads into {@code to}, from its position to its limit; 0 at the end of the file. */
  public long read(long offset, ByteBuffer to) {
    if (!to.isDirect()) {
      return readByCopy(offset, to);
    }
    descriptor.hold();
    try {
      long address = MemorySegment.ofBuffer(to).address();
      return again(false, address, to.remaining(), offset);
    } finally {
      Reference.reachabilityFence(to);
      descriptor.letGo();
    }
  }

  /** Writes {@code from}, from its position to its limit; may write less. */
  public long write(long offset, ByteBuffer from) {
    if (!from.isDirect()) {
      return writeByCopy(offset, from);
    }
    descriptor.hold();
    try {
      long address = MemorySegment.ofBuffer(from).address();
      return again(true, address, from.remaining(), offset);
    } finally {
      Reference.reachabilityFence(from);
      descriptor.letGo();
    }
  }

  private long readByCopy(long offset, ByteBuffer to) {
    ByteBuffer copy = BOUNCE_BUFFER.get().clear();
    copy.limit(Math.min(BOUNCE, to.remaining()));
    long count = read(offset, copy);
    if (count > 0) {
      to.put(to.position(), copy, 0, (int) count);
    }
    return count;
  }

  private long writeByCopy(long offset, ByteBuffer from) {
    ByteBuffer copy = BOUNCE_BUFFER.get().clear();
    copy.limit(Math.min(BOUNCE, from.remaining()));
    copy.put(0, from, from.position(), copy.limit());
    return write(offset, copy);
  }

  private long again(boolean write, long address, long bytes, long offset) {
    long count;
    do {
      count =
          write
              ? FileCalls.pwrite(descriptor.fd(), address, bytes, offset)
              : FileCalls.pread(descriptor.fd(), address, bytes, offset);
    } while (count == -Errno.EINTR);
    return count;
  }

  /**
   * Reads into several buffers in turn, each from its position to its limit; at most {@link
   * #MAX_VECTORS} of them.
   *
   * @param buffers direct ones
   * @param first index of the first buffer that is used
   * @param count how many
   * @param most bytes at most, over all
   */
  public long read(long offset, ByteBuffer[] buffers, int first, int count, long most) {
    return vectored(Transfer.READ, offset, buffers, first, count, most);
  }

  /**
   * As {@link #read(long, ByteBuffer[], int, int, long)}, but only what the kernel has in its
   * memory: never waits for a disk. May read less.
   *
   * @return {@code -EAGAIN} where nothing is there, {@code -EOPNOTSUPP} or {@code -ENOSYS} where
   *     the file or the host cannot do it
   */
  public long readNow(long offset, ByteBuffer[] buffers, int first, int count, long most) {
    return vectored(Transfer.READ_NOW, offset, buffers, first, count, most);
  }

  /** Writes several buffers in turn, as {@link #read(long, ByteBuffer[], int, int, long)} reads. */
  public long write(long offset, ByteBuffer[] buffers, int first, int count, long most) {
    return vectored(Transfer.WRITE, offset, buffers, first, count, most);
  }

  /**
   * Reads into runs of memory in turn; at most {@link #MAX_VECTORS} of them. Does not move over
   * what it has read.
   *
   * @param most bytes at most, over all
   */
  public long read(long offset, IoVectors to, long most) {
    return vectored(Transfer.READ, offset, to, most);
  }

  /** As {@link #read(long, IoVectors, long)}, but only what the kernel has in its memory. */
  public long readNow(long offset, IoVectors to, long most) {
    return vectored(Transfer.READ_NOW, offset, to, most);
  }

  /** Writes runs of memory in turn, as {@link #read(long, IoVectors, long)} reads. */
  public long write(long offset, IoVectors from, long most) {
    return vectored(Transfer.WRITE, offset, from, most);
  }

  private enum Transfer {
    READ,
    READ_NOW,
    WRITE
  }

  private long vectored(
      Transfer transfer, long offset, ByteBuffer[] buffers, int first, int count, long most) {
    try {
      int used = Math.min(count, MAX_VECTORS);
      long[] runs = new long[2 * used];
      for (int i = 0; i < used; i++) {
        ByteBuffer buffer = buffers[first + i];
        runs[2 * i] = MemorySegment.ofBuffer(buffer).address();
        runs[2 * i + 1] = buffer.remaining();
      }
      return vectored(transfer, offset, new IoVectors(runs, used), most);
    } finally {
      Reference.reachabilityFence(buffers);
    }
  }

  private long vectored(Transfer transfer, long offset, IoVectors runs, long most) {
    descriptor.hold();
    try {
      CallFrame frame = CallFrame.current();
      int used = runs.describe(frame.scratch(), most, MAX_VECTORS);
      long done;
      do {
        int fd = descriptor.fd();
        done =
            switch (transfer) {
              case READ -> FileCalls.preadv(fd, frame.scratchAddress(), used, offset);
              case READ_NOW ->
                  FileCalls.preadv2(fd, frame.scratchAddress(), used, offset, RWF_NOWAIT);
              case WRITE -> FileCalls.pwritev(fd, frame.scratchAddress(), used, offset);
            };
      } while (done == -Errno.EINTR);
      return done;
    } finally {
      descriptor.letGo();
    }
  }

  /** Brings what was written, and the size, to stable storage: {@code fdatasync}. */
  public int sync() {
    descriptor.hold();
    try {
      int result;
      do {
        result = FileCalls.fdatasync(descriptor.fd());
      } while (result == -Errno.EINTR);
      return result;
    } finally {
      descriptor.letGo();
    }
  }

  /** Brings all that belongs to the file to stable storage: {@code fsync}. */
  public int syncAll() {
    descriptor.hold();
    try {
      int result;
      do {
        result = EntryCalls.fsync(descriptor.fd());
      } while (result == -Errno.EINTR);
      return result;
    } finally {
      descriptor.letGo();
    }
  }

  /** Makes the file {@code length} bytes long. */
  public int truncate(long length) {
    descriptor.hold();
    try {
      int result;
      do {
        result = FileCalls.ftruncate(descriptor.fd(), length);
      } while (result == -Errno.EINTR);
      return result;
    } finally {
      descriptor.letGo();
    }
  }

  /**
   * {@code fallocate}: with mode 0 gives room to a range, else {@link #PUNCH_HOLE} and {@link
   * #ZERO_RANGE}. {@code -EOPNOTSUPP} where the file system or device cannot.
   */
  public int allocate(int mode, long offset, long length) {
    descriptor.hold();
    try {
      int result;
      do {
        result = FileCalls.fallocate(descriptor.fd(), mode, offset, length);
      } while (result == -Errno.EINTR);
      return result;
    } finally {
      descriptor.letGo();
    }
  }

  /**
   * Takes a shared lock on a range of bytes. It belongs to this open file, not to the process, and
   * ends with it. Does not wait.
   *
   * @return 0, or {@code -EAGAIN} where another holds an exclusive one
   */
  public int lockShared(long start, long length) {
    return lock(F_OFD_SETLK, F_RDLCK, start, length);
  }

  /** Gives a lock back. */
  public int unlock(long start, long length) {
    return lock(F_OFD_SETLK, F_UNLCK, start, length);
  }

  /**
   * Whether another open file holds any lock in a range.
   *
   * @return 1 or 0, or the negated error number
   */
  public int lockedElsewhere(long start, long length) {
    int result = lock(F_OFD_GETLK, F_WRLCK, start, length);
    if (result < 0) {
      return result;
    }
    short type = CallFrame.current().scratch().get(ValueLayout.JAVA_SHORT, 0);
    return type == F_UNLCK ? 0 : 1;
  }

  private int lock(int command, short type, long start, long length) {
    descriptor.hold();
    try {
      CallFrame frame = CallFrame.current();
      MemorySegment flock = frame.cleared(FLOCK_SIZE);
      flock.set(ValueLayout.JAVA_SHORT, 0, type);
      flock.set(ValueLayout.JAVA_LONG, FLOCK_START, start);
      flock.set(ValueLayout.JAVA_LONG, FLOCK_LENGTH, length);
      return FileCalls.fcntl(descriptor.fd(), command, frame.scratchAddress());
    } finally {
      descriptor.letGo();
    }
  }

  /** Closes the file when no call uses it any more; a second call does nothing. */
  @Override
  public void close() {
    descriptor.close();
  }

  @Override
  public String toString() {
    return descriptor.toString();
  }
}
