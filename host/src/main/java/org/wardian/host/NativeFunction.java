package org.wardian.host;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Code at an address that we wrote, called by the C convention with one 64-bit argument and a
 * 64-bit result. The garbage collector proceeds while the code runs: the call is an ordinary one,
 * never a critical one (with which a long run would hold every other thread).
 */
public final class NativeFunction {
  private static final FunctionDescriptor DESCRIPTOR = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);

  private final MethodHandle handle;

  private NativeFunction(MethodHandle handle) {
    this.handle = handle;
  }

  /**
   * Binds the code at {@code address}, which must lie in an executable {@link Mapping} that
   * outlives every call.
   */
  @SuppressWarnings("restricted") // running our own code is the purpose
  public static NativeFunction at(long address) {
    MemorySegment code = MemorySegment.ofAddress(address);
    return new NativeFunction(Linker.nativeLinker().downcallHandle(code, DESCRIPTOR));
  }

  /** Calls the code on this thread. */
  public long call(long argument) {
    try {
      return (long) handle.invokeExact(argument);
    } catch (Throwable e) {
      throw HostException.ofLinkage("at an address of our own", e);
    }
  }
}
