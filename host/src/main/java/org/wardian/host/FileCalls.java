package org.wardian.host;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The C library's calls on files, as constant method handles: what is called for each request of a
 * guest's disk. Each returns what the function returned, or the negated error number. {@code off_t}
 * has 64 bits on every host that Java supports.
 */
final class FileCalls {
  private static final MethodHandle PREAD = transfer("pread");
  private static final MethodHandle PWRITE = transfer("pwrite");
  private static final MethodHandle PREADV = vector("preadv");
  private static final MethodHandle PWRITEV = vector("pwritev");

  /** Null where the C library has none: glibc has it from 2.26 on. */
  private static final MethodHandle PREADV2 =
      linkIfThere(
          "preadv2",
          FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

  private static final MethodHandle FDATASYNC =
      link("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT), -1);
  private static final MethodHandle FTRUNCATE =
      link("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG), -1);
  private static final MethodHandle FALLOCATE =
      link(
          "fallocate",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
          -1);
  private static final MethodHandle LSEEK =
      link("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT), -1);
  private static final MethodHandle FCNTL =
      link("fcntl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG), 2);
  private static final MethodHandle OPEN =
      link("open", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT), 2);

  private FileCalls() {}

  private static MethodHandle transfer(String name) {
    return link(
        name, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG), -1);
  }

  private static MethodHandle vector(String name) {
    return link(
        name, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG), -1);
  }

  private static MethodHandle linkIfThere(String name, FunctionDescriptor descriptor) {
    boolean there = Linker.nativeLinker().defaultLookup().find(name).isPresent();
    return there ? link(name, descriptor, -1) : null;
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

  static long pread(int fd, long address, long bytes, long offset) {
    CallFrame frame = CallFrame.current();
    try {
      long result = (long) PREAD.invokeExact(frame.state(), fd, address, bytes, offset);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("pread", e);
    }
  }

  static long pwrite(int fd, long address, long bytes, long offset) {
    CallFrame frame = CallFrame.current();
    try {
      long result = (long) PWRITE.invokeExact(frame.state(), fd, address, bytes, offset);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("pwrite", e);
    }
  }

  static long preadv(int fd, long vectors, int count, long offset) {
    CallFrame frame = CallFrame.current();
    try {
      long result = (long) PREADV.invokeExact(frame.state(), fd, vectors, count, offset);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("preadv", e);
    }
  }

  static long preadv2(int fd, long vectors, int count, long offset, int flags) {
    if (PREADV2 == null) {
      return -Errno.ENOSYS;
    }
    CallFrame frame = CallFrame.current();
    try {
      long result = (long) PREADV2.invokeExact(frame.state(), fd, vectors, count, offset, flags);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("preadv2", e);
    }
  }

  static long pwritev(int fd, long vectors, int count, long offset) {
    CallFrame frame = CallFrame.current();
    try {
      long result = (long) PWRITEV.invokeExact(frame.state(), fd, vectors, count, offset);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("pwritev", e);
    }
  }

  static int fdatasync(int fd) {
    CallFrame frame = CallFrame.current();
    try {
      int result = (int) FDATASYNC.invokeExact(frame.state(), fd);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("fdatasync", e);
    }
  }

  static int ftruncate(int fd, long length) {
    CallFrame frame = CallFrame.current();
    try {
      int result = (int) FTRUNCATE.invokeExact(frame.state(), fd, length);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("ftruncate", e);
    }
  }

  static int fallocate(int fd, int mode, long offset, long length) {
    CallFrame frame = CallFrame.current();
    try {
      int result = (int) FALLOCATE.invokeExact(frame.state(), fd, mode, offset, length);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("fallocate", e);
    }
  }

  static long lseek(int fd, long offset, int whence) {
    CallFrame frame = CallFrame.current();
    try {
      long result = (long) LSEEK.invokeExact(frame.state(), fd, offset, whence);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("lseek", e);
    }
  }

  static int fcntl(int fd, int command, long argument) {
    CallFrame frame = CallFrame.current();
    try {
      int result = (int) FCNTL.invokeExact(frame.state(), fd, command, argument);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("fcntl", e);
    }
  }

  static int open(long path, int flags, int mode) {
    CallFrame frame = CallFrame.current();
    try {
      int result = (int) OPEN.invokeExact(frame.state(), path, flags, mode);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("open", e);
    }
  }
}
