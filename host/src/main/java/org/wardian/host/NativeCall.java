package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * One function of the C library, bound at its first call, which keeps the error number that the
 * call left. Meant for calls that set something up; nothing here is tuned for a hot path.
 *
 * <p>Arguments are passed as {@code Integer} for C {@code int} and {@code Long} for {@code long},
 * {@code size_t} and pointers, in the order of the descriptor.
 */
final class NativeCall {
  private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
  private static final String ERRNO = "errno";

  private final String name;
  private final FunctionDescriptor descriptor;
  private final Linker.Option[] options;
  private MethodHandle handle;

  /** What a call returned (an int is sign-extended), and errno after it. */
  record Result(long value, int errno) {
    boolean failed() {
      return value == -1;
    }
  }

  /** A function with a fixed number of arguments. */
  NativeCall(String name, FunctionDescriptor descriptor) {
    this.name = name;
    this.descriptor = descriptor;
    this.options = new Linker.Option[0];
  }

  /** A function with a variable number of arguments, from argument {@code firstVariadic} on. */
  NativeCall(String name, FunctionDescriptor descriptor, int firstVariadic) {
    this.name = name;
    this.descriptor = descriptor;
    this.options = new Linker.Option[] {Linker.Option.firstVariadicArg(firstVariadic)};
  }

  /** Calls the function and captures errno on this thread. */
  Result call(Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment captured = arena.allocate(CAPTURED);
      List<Object> all = new ArrayList<>(List.of(arguments));
      all.add(0, captured);
      Number value = (Number) handle().invokeWithArguments(all);
      VarHandle errno = CAPTURED.varHandle(MemoryLayout.PathElement.groupElement(ERRNO));
      return new Result(value.longValue(), (int) errno.get(captured, 0L));
    } catch (HostException e) {
      throw e;
    } catch (Throwable e) {
      throw HostException.ofLinkage(name, e);
    }
  }

  @SuppressWarnings("restricted") // descriptors beside their use in Libc, each from a manual page
  private synchronized MethodHandle handle() {
    if (handle == null) {
      Linker linker = Linker.nativeLinker();
      MemorySegment symbol =
          linker
              .defaultLookup()
              .find(name)
              .orElseThrow(() -> HostException.unsupported("the C library's " + name, "use Linux"));
      Linker.Option[] all = new Linker.Option[options.length + 1];
      System.arraycopy(options, 0, all, 1, options.length);
      all[0] = Linker.Option.captureCallState(ERRNO);
      handle = linker.downcallHandle(symbol, descriptor, all);
    }
    return handle;
  }

  /** The descriptor of a function that takes and returns the given C types. */
  static FunctionDescriptor returning(ValueLayout result, ValueLayout... arguments) {
    return FunctionDescriptor.of(result, arguments);
  }
}
