package org.wardian.host;

/**
 * The C library's calls on files, as constants: what is called for each request of a guest's disk.
 * Each returns what the function returned, or the negated error number. {@code off_t} has 64 bits
 * on every host that Java supports.
 */
final class FileCalls {
  private static final CFunction PREAD = CFunction.of("pread");
  private static final CFunction PWRITE = CFunction.of("pwrite");
  private static final CFunction PREADV = CFunction.of("preadv");
  private static final CFunction PWRITEV = CFunction.of("pwritev");

  /** Null where the C library has none: glibc has it from 2.26 on. */
  private static final CFunction PREADV2 = CFunction.find("preadv2").orElse(null);

  private static final CFunction FDATASYNC = CFunction.of("fdatasync");
  private static final CFunction FTRUNCATE = CFunction.of("ftruncate");
  private static final CFunction FALLOCATE = CFunction.of("fallocate");
  private static final CFunction LSEEK = CFunction.of("lseek");
  private static final CFunction FCNTL = CFunction.of("fcntl");
  private static final CFunction OPEN = CFunction.of("open");

  private FileCalls() {}

  static long pread(int fd, long address, long bytes, long offset) {
    CallFrame frame = CallFrame.current();
    long result = PREAD.call(frame.state(), fd, address, bytes, offset, 0);
    return result < 0 ? -frame.errno() : result;
  }

  static long pwrite(int fd, long address, long bytes, long offset) {
    CallFrame frame = CallFrame.current();
    long result = PWRITE.call(frame.state(), fd, address, bytes, offset, 0);
    return result < 0 ? -frame.errno() : result;
  }

  static long preadv(int fd, long vectors, int count, long offset) {
    CallFrame frame = CallFrame.current();
    long result = PREADV.call(frame.state(), fd, vectors, count, offset, 0);
    return result < 0 ? -frame.errno() : result;
  }

  static long preadv2(int fd, long vectors, int count, long offset, int flags) {
    if (PREADV2 == null) {
      return -Errno.ENOSYS;
    }
    CallFrame frame = CallFrame.current();
    long result = PREADV2.call(frame.state(), fd, vectors, count, offset, flags);
    return result < 0 ? -frame.errno() : result;
  }

  static long pwritev(int fd, long vectors, int count, long offset) {
    CallFrame frame = CallFrame.current();
    long result = PWRITEV.call(frame.state(), fd, vectors, count, offset, 0);
    return result < 0 ? -frame.errno() : result;
  }

  static int fdatasync(int fd) {
    CallFrame frame = CallFrame.current();
    int result = (int) FDATASYNC.call(frame.state(), fd, 0, 0);
    return result < 0 ? -frame.errno() : result;
  }

  static int ftruncate(int fd, long length) {
    CallFrame frame = CallFrame.current();
    int result = (int) FTRUNCATE.call(frame.state(), fd, length, 0);
    return result < 0 ? -frame.errno() : result;
  }

  static int fallocate(int fd, int mode, long offset, long length) {
    CallFrame frame = CallFrame.current();
    int result = (int) FALLOCATE.call(frame.state(), fd, mode, offset, length, 0);
    return result < 0 ? -frame.errno() : result;
  }

  static long lseek(int fd, long offset, int whence) {
    CallFrame frame = CallFrame.current();
    long result = LSEEK.call(frame.state(), fd, offset, whence);
    return result < 0 ? -frame.errno() : result;
  }

  static int fcntl(int fd, int command, long argument) {
    CallFrame frame = CallFrame.current();
    int result = (int) FCNTL.call(frame.state(), fd, command, argument);
    return result < 0 ? -frame.errno() : result;
  }

  static int open(long path, int flags, int mode) {
    CallFrame frame = CallFrame.current();
    int result = (int) OPEN.call(frame.state(), path, flags, mode);
    return result < 0 ? -frame.errno() : result;
  }
}
