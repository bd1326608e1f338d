package org.wardian.host;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * A function of the C library that takes integers and addresses, and returns one or nothing. All of
 * them are called in one form, seven 64-bit arguments and a 64-bit result, because each form that
 * the JVM meets costs it several milliseconds of a start. Linux's calling conventions for x86-64
 * and AArch64 allow it, for variable arguments too: an {@code int} is the low half of its register,
 * and a function does not look at registers, nor at a word of the stack, that it has no arguments
 * for.
 *
 * <p>The upper half of what a function with an {@code int} result returned is undefined: cast it.
 * The calls are ordinary ones, never critical: KVM_RUN lasts as long as the guest likes, and the
 * garbage collector must not wait for it.
 *
 * @param name for error texts
 * @param symbol the function's address
 */
record CFunction(String name, MemorySegment symbol) {
  private static final MethodHandle CALL = link();

  @SuppressWarnings("restricted") // the one form of which the comment above speaks
  private static MethodHandle link() {
    return Linker.nativeLinker()
        .downcallHandle(
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                JAVA_LONG),
            Linker.Option.captureCallState("errno"));
  }

  /**
   * The function of this name.
   *
   * @throws HostException where the C library has none
   */
  static CFunction of(String name) {
    return find(name)
        .orElseThrow(() -> HostException.unsupported("the C library's " + name, "use Linux"));
  }

  /** The function of this name, where the C library has it. */
  static Optional<CFunction> find(String name) {
    return Linker.nativeLinker()
        .defaultLookup()
        .find(name)
        .map(symbol -> new CFunction(name, symbol));
  }

  /** Calls it with up to three arguments; errno goes into {@code state}. */
  long call(MemorySegment state, long a, long b, long c) {
    return call(state, a, b, c, 0, 0, 0, 0);
  }

  /** Calls it with up to five arguments; errno goes into {@code state}. */
  long call(MemorySegment state, long a, long b, long c, long d, long e) {
    return call(state, a, b, c, d, e, 0, 0);
  }

  /** Calls it with up to seven arguments; errno goes into {@code state}. */
  long call(MemorySegment state, long a, long b, long c, long d, long e, long f, long g) {
    try {
      return (long) CALL.invokeExact(symbol, state, a, b, c, d, e, f, g);
    } catch (Throwable t) {
      throw HostException.ofLinkage(name, t);
    }
  }
}
