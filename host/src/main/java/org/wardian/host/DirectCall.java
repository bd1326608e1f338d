package org.wardian.host;

/**
 * The calls of hot paths: constants, arguments by value, errno into the thread's {@link CallFrame}.
 * Each returns what the C function returned, or the negated error number, as the kernel itself
 * does. The calls are ordinary ones, never critical: KVM_RUN lasts as long as the guest likes, and
 * the garbage collector must not wait for it.
 */
final class DirectCall {
  private static final CFunction IOCTL = CFunction.of("ioctl");
  private static final CFunction READ = CFunction.of("read");
  private static final CFunction WRITE = CFunction.of("write");
  private static final CFunction POLL = CFunction.of("poll");
  private static final CFunction SYSCALL = CFunction.of("syscall");

  private DirectCall() {}

  static int ioctl(CallFrame frame, int fd, long request, long argument) {
    int result = (int) IOCTL.call(frame.state(), fd, request, argument);
    return result < 0 ? -frame.errno() : result;
  }

  static long read(CallFrame frame, int fd, long address, long bytes) {
    long result = READ.call(frame.state(), fd, address, bytes);
    return result < 0 ? -frame.errno() : result;
  }

  static long write(CallFrame frame, int fd, long address, long bytes) {
    long result = WRITE.call(frame.state(), fd, address, bytes);
    return result < 0 ? -frame.errno() : result;
  }

  /** {@code poll} on {@code count} structures at {@code address}. */
  static int poll(CallFrame frame, long address, long count, int milliseconds) {
    int result = (int) POLL.call(frame.state(), address, count, milliseconds);
    return result < 0 ? -frame.errno() : result;
  }

  /** A system call by number with up to six arguments. */
  static long syscall(
      CallFrame frame, long number, long a, long b, long c, long d, long e, long f) {
    long result = SYSCALL.call(frame.state(), number, a, b, c, d, e, f);
    return result < 0 ? -frame.errno() : result;
  }
}
