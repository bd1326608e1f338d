package org.wardian.host;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The C library's calls on names within a folder that is given by its descriptor, as constant
 * method handles. Each returns what the function returned, or the negated error number. Sources:
 * the functions' Linux manual pages.
 */
final class EntryCalls {
  private static final MethodHandle OPENAT =
      link("openat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT), 3);
  private static final MethodHandle STATX =
      link(
          "statx",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MKDIRAT =
      link("mkdirat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
  private static final MethodHandle UNLINKAT =
      link("unlinkat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
  private static final MethodHandle RENAMEAT =
      link("renameat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG));
  private static final MethodHandle SYMLINKAT =
      link("symlinkat", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG));
  private static final MethodHandle READLINKAT =
      link(
          "readlinkat",
          FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle LINKAT =
      link(
          "linkat",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  private static final MethodHandle FCHMODAT =
      link("fchmodat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));
  private static final MethodHandle UTIMENSAT =
      link("utimensat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  private static final MethodHandle TRUNCATE =
      link("truncate", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FSTATFS =
      link("fstatfs", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle FSYNC =
      link("fsync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle GETDENTS =
      link("getdents64", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));

  private EntryCalls() {}

  private static MethodHandle link(String name, FunctionDescriptor descriptor) {
    return link(name, descriptor, -1);
  }

  @SuppressWarnings("restricted") // descriptors from the functions' Linux manual pages
  private static MethodHandle link(String name, FunctionDescriptor descriptor, int firstVariadic) {
    Linker linker = Linker.nativeLinker();
    MemorySegment symbol =
        linker
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> HostException.unsupported("the C library's " + name, "use Linux"));
    Linker.Option errno = Linker.Option.captureCallState("errno");
    return firstVariadic < 0
        ? linker.downcallHandle(symbol, descriptor, errno)
        : linker.downcallHandle(
            symbol, descriptor, errno, Linker.Option.firstVariadicArg(firstVariadic));
  }

  private static int answer(CallFrame frame, int result) {
    return result < 0 ? -frame.errno() : result;
  }

  private static long answer(CallFrame frame, long result) {
    return result < 0 ? -frame.errno() : result;
  }

  static int openat(int folder, long name, int flags, int mode) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (int) OPENAT.invokeExact(frame.state(), folder, name, flags, mode));
    } catch (Throwable e) {
      throw HostException.ofLinkage("openat", e);
    }
  }

  static int statx(int folder, long name, int flags, int mask, long result) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(
          frame, (int) STATX.invokeExact(frame.state(), folder, name, flags, mask, result));
    } catch (Throwable e) {
      throw HostException.ofLinkage("statx", e);
    }
  }

  static int mkdirat(int folder, long name, int mode) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (int) MKDIRAT.invokeExact(frame.state(), folder, name, mode));
    } catch (Throwable e) {
      throw HostException.ofLinkage("mkdirat", e);
    }
  }

  static int unlinkat(int folder, long name, int flags) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (int) UNLINKAT.invokeExact(frame.state(), folder, name, flags));
    } catch (Throwable e) {
      throw HostException.ofLinkage("unlinkat", e);
    }
  }

  static int renameat(int folder, long name, int newFolder, long newName) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(
          frame, (int) RENAMEAT.invokeExact(frame.state(), folder, name, newFolder, newName));
    } catch (Throwable e) {
      throw HostException.ofLinkage("renameat", e);
    }
  }

  static int symlinkat(long target, int folder, long name) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (int) SYMLINKAT.invokeExact(frame.state(), target, folder, name));
    } catch (Throwable e) {
      throw HostException.ofLinkage("symlinkat", e);
    }
  }

  static long readlinkat(int folder, long name, long result, long room) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(
          frame, (long) READLINKAT.invokeExact(frame.state(), folder, name, result, room));
    } catch (Throwable e) {
      throw HostException.ofLinkage("readlinkat", e);
    }
  }

  static int linkat(int folder, long name, int newFolder, long newName, int flags) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(
          frame, (int) LINKAT.invokeExact(frame.state(), folder, name, newFolder, newName, flags));
    } catch (Throwable e) {
      throw HostException.ofLinkage("linkat", e);
    }
  }

  static int fchmodat(int folder, long name, int mode, int flags) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (int) FCHMODAT.invokeExact(frame.state(), folder, name, mode, flags));
    } catch (Throwable e) {
      throw HostException.ofLinkage("fchmodat", e);
    }
  }

  static int utimensat(int folder, long name, long times, int flags) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (int) UTIMENSAT.invokeExact(frame.state(), folder, name, times, flags));
    } catch (Throwable e) {
      throw HostException.ofLinkage("utimensat", e);
    }
  }

  static int truncate(long name, long length) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (int) TRUNCATE.invokeExact(frame.state(), name, length));
    } catch (Throwable e) {
      throw HostException.ofLinkage("truncate", e);
    }
  }

  static int fstatfs(int fd, long result) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (int) FSTATFS.invokeExact(frame.state(), fd, result));
    } catch (Throwable e) {
      throw HostException.ofLinkage("fstatfs", e);
    }
  }

  static int fsync(int fd) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (int) FSYNC.invokeExact(frame.state(), fd));
    } catch (Throwable e) {
      throw HostException.ofLinkage("fsync", e);
    }
  }

  static long getdents(int fd, long result, long room) {
    CallFrame frame = CallFrame.current();
    try {
      return answer(frame, (long) GETDENTS.invokeExact(frame.state(), fd, result, room));
    } catch (Throwable e) {
      throw HostException.ofLinkage("getdents64", e);
    }
  }
}
