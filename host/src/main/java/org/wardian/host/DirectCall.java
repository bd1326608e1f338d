package org.wardian.host;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls of hot paths: constant method handles, arguments by value, errno into the thread's
 * {@link CallFrame}. Each returns what the C function returned, or the negated error number, as the
 * kernel itself does. The calls are ordinary ones, never critical: KVM_RUN lasts as long as the
 * guest likes, and the garbage collector must not wait for it.
 */
final class DirectCall {
  private static final MethodHandle IOCTL =
      link("ioctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG), 2);
  private static final MethodHandle READ =
      link("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG), -1);
  private static final MethodHandle WRITE =
      link("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG), -1);
  private static final MethodHandle POLL =
      link("poll", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT), -1);
  private static final MethodHandle SYSCALL =
      link(
          "syscall",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
              JAVA_LONG),
          1);

  private DirectCall() {}

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

  static int ioctl(CallFrame frame, int fd, long request, long argument) {
    try {
      int result = (int) IOCTL.invokeExact(frame.state(), fd, request, argument);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("ioctl", e);
    }
  }

  static long read(CallFrame frame, int fd, long address, long bytes) {
    try {
      long result = (long) READ.invokeExact(frame.state(), fd, address, bytes);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("read", e);
    }
  }

  static long write(CallFrame frame, int fd, long address, long bytes) {
    try {
      long result = (long) WRITE.invokeExact(frame.state(), fd, address, bytes);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("write", e);
    }
  }

  /** {@code poll} on {@code count} structures at {@code address}. */
  static int poll(CallFrame frame, long address, long count, int milliseconds) {
    try {
      int result = (int) POLL.invokeExact(frame.state(), address, count, milliseconds);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable e) {
      throw HostException.ofLinkage("poll", e);
    }
  }

  /** A system call by number with up to six arguments. */
  static long syscall(
      CallFrame frame, long number, long a, long b, long c, long d, long e, long f) {
    try {
      long result = (long) SYSCALL.invokeExact(frame.state(), number, a, b, c, d, e, f);
      return result < 0 ? -frame.errno() : result;
    } catch (Throwable t) {
      throw HostException.ofLinkage("syscall", t);
    }
  }
}
