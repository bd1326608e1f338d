package org.wardian.host;

/**
 * A Linux system call by its number, for the few that the C library has no function for. The
 * numbers differ between architectures and belong to the caller.
 */
public final class SystemCall {
  private static final int ARGUMENTS = 6;

  private SystemCall() {}

  /**
   * Makes the call.
   *
   * @param name the call's name, for the error text
   * @param number its number on this architecture
   * @param arguments up to six integers or addresses
   * @return what the kernel returned
   * @throws HostException where the kernel returned an error, or the host is not Linux
   */
  public static long invoke(String name, long number, long... arguments) {
    Libc.requireLinux("the system call " + name);
    if (arguments.length > ARGUMENTS) {
      throw new IllegalArgumentException(name + " with " + arguments.length + " arguments");
    }
    Object[] all = new Object[1 + ARGUMENTS];
    all[0] = number;
    for (int i = 0; i < ARGUMENTS; i++) {
      all[1 + i] = i < arguments.length ? arguments[i] : 0L;
    }
    NativeCall.Result result = Libc.SYSCALL.call(all);
    if (result.failed()) {
      throw HostException.ofCall(name, "system call " + number, result.errno(), "");
    }
    return result.value();
  }

  /**
   * Makes the call with six arguments, without allocation: for hot paths, where an error number is
   * an answer.
   *
   * @return what the kernel returned, an error as its negated number
   */
  public static long result(long number, long a, long b, long c, long d, long e, long f) {
    return DirectCall.syscall(CallFrame.current(), number, a, b, c, d, e, f);
  }
}
