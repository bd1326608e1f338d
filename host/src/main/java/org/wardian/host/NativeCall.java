package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/**
 * One function of the C library, looked up at its first call, and the error number that the call
 * left. Meant for calls that set something up; nothing here is tuned for a hot path.
 *
 * <p>Arguments are passed as {@code Integer} for C {@code int} and {@code Long} for {@code long},
 * {@code size_t} and pointers, in the order of the descriptor.
 */
final class NativeCall {
  private static final int MOST_ARGUMENTS = 7;
  private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
  private static final long ERRNO =
      CAPTURED.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  private final String name;
  private final FunctionDescriptor descriptor;
  private CFunction function;

  /** What a call returned (an int is sign-extended), and errno after it. */
  record Result(long value, int errno) {
    boolean failed() {
      return value == -1;
    }
  }

  /** A function of this name and type. */
  NativeCall(String name, FunctionDescriptor descriptor) {
    this.name = name;
    this.descriptor = descriptor;
  }

  /** Calls the function and keeps errno. */
  Result call(Object... arguments) {
    if (arguments.length != descriptor.argumentLayouts().size()) {
      throw new IllegalArgumentException(name + " with " + arguments.length + " arguments");
    }
    long[] all = new long[MOST_ARGUMENTS];
    for (int i = 0; i < arguments.length; i++) {
      all[i] = ((Number) arguments[i]).longValue();
    }
    boolean narrow = descriptor.returnLayout().orElseThrow() instanceof ValueLayout.OfInt;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      long value = function().call(state, all[0], all[1], all[2], all[3], all[4], all[5], all[6]);
      return new Result(narrow ? (int) value : value, state.get(ValueLayout.JAVA_INT, ERRNO));
    }
  }

  private synchronized CFunction function() {
    if (function == null) {
      function = CFunction.of(name);
    }
    return function;
  }

  /** The descriptor of a function that takes and returns the given C types. */
  static FunctionDescriptor returning(ValueLayout result, ValueLayout... arguments) {
    return FunctionDescriptor.of(result, arguments);
  }
}
