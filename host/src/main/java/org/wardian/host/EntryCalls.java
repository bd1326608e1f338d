package org.wardian.host;

/**
 * The C library's calls on names within a folder that is given by its descriptor, as constants.
 * Each returns what the function returned, or the negated error number. Sources: the functions'
 * Linux manual pages.
 */
final class EntryCalls {
  private static final CFunction OPENAT = CFunction.of("openat");
  private static final CFunction STATX = CFunction.of("statx");
  private static final CFunction MKDIRAT = CFunction.of("mkdirat");
  private static final CFunction UNLINKAT = CFunction.of("unlinkat");
  private static final CFunction RENAMEAT = CFunction.of("renameat");
  private static final CFunction SYMLINKAT = CFunction.of("symlinkat");
  private static final CFunction READLINKAT = CFunction.of("readlinkat");
  private static final CFunction LINKAT = CFunction.of("linkat");
  private static final CFunction FCHMODAT = CFunction.of("fchmodat");
  private static final CFunction UTIMENSAT = CFunction.of("utimensat");
  private static final CFunction TRUNCATE = CFunction.of("truncate");
  private static final CFunction FSTATFS = CFunction.of("fstatfs");
  private static final CFunction FSYNC = CFunction.of("fsync");
  private static final CFunction GETDENTS = CFunction.of("getdents64");

  private EntryCalls() {}

  private static int answer(CallFrame frame, int result) {
    return result < 0 ? -frame.errno() : result;
  }

  private static long answer(CallFrame frame, long result) {
    return result < 0 ? -frame.errno() : result;
  }

  static int openat(int folder, long name, int flags, int mode) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) OPENAT.call(frame.state(), folder, name, flags, mode, 0));
  }

  static int statx(int folder, long name, int flags, int mask, long result) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) STATX.call(frame.state(), folder, name, flags, mask, result));
  }

  static int mkdirat(int folder, long name, int mode) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) MKDIRAT.call(frame.state(), folder, name, mode));
  }

  static int unlinkat(int folder, long name, int flags) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) UNLINKAT.call(frame.state(), folder, name, flags));
  }

  static int renameat(int folder, long name, int newFolder, long newName) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) RENAMEAT.call(frame.state(), folder, name, newFolder, newName, 0));
  }

  static int symlinkat(long target, int folder, long name) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) SYMLINKAT.call(frame.state(), target, folder, name));
  }

  static long readlinkat(int folder, long name, long result, long room) {
    CallFrame frame = CallFrame.current();
    return answer(frame, READLINKAT.call(frame.state(), folder, name, result, room, 0));
  }

  static int linkat(int folder, long name, int newFolder, long newName, int flags) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) LINKAT.call(frame.state(), folder, name, newFolder, newName, flags));
  }

  static int fchmodat(int folder, long name, int mode, int flags) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) FCHMODAT.call(frame.state(), folder, name, mode, flags, 0));
  }

  static int utimensat(int folder, long name, long times, int flags) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) UTIMENSAT.call(frame.state(), folder, name, times, flags, 0));
  }

  static int truncate(long name, long length) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) TRUNCATE.call(frame.state(), name, length, 0));
  }

  static int fstatfs(int fd, long result) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) FSTATFS.call(frame.state(), fd, result, 0));
  }

  static int fsync(int fd) {
    CallFrame frame = CallFrame.current();
    return answer(frame, (int) FSYNC.call(frame.state(), fd, 0, 0));
  }

  static long getdents(int fd, long result, long room) {
    CallFrame frame = CallFrame.current();
    return answer(frame, GETDENTS.call(frame.state(), fd, result, room));
  }
}
