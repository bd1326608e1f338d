package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/**
 * Native memory of one thread for the calls that it makes: where errno goes, and a small argument
 * structure. Calls on a hot path take both from here and allocate nothing.
 *
 * <p>The argument memory is valid until the thread's next use of it: fill it, make the call, read
 * it, in one method.
 */
public final class CallFrame {
  /** Bytes of the argument memory. */
  public static final int SCRATCH_SIZE = 4096;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO =
      STATE.byteOffset(StructLayout.PathElement.groupElement("errno"));
  private static final long ALIGNMENT = 64;
  private static final ThreadLocal<CallFrame> CURRENT = ThreadLocal.withInitial(CallFrame::new);

  private final MemorySegment state;
  private final MemorySegment scratch;
  private final long scratchAddress;

  private CallFrame() {
    Arena arena = Arena.ofAuto();
    state = arena.allocate(STATE);
    scratch = arena.allocate(SCRATCH_SIZE, ALIGNMENT);
    scratchAddress = scratch.address();
  }

  /** The frame of the calling thread. */
  public static CallFrame current() {
    return CURRENT.get();
  }

  /** {@value #SCRATCH_SIZE} bytes for an argument, of unspecified content. */
  public MemorySegment scratch() {
    return scratch;
  }

  /** Address of {@link #scratch()}. */
  public long scratchAddress() {
    return scratchAddress;
  }

  /** The first {@code size} bytes of {@link #scratch()}, all zero. */
  public MemorySegment cleared(int size) {
    return scratch.asSlice(0, size).fill((byte) 0);
  }

  /** Where a call leaves errno. */
  MemorySegment state() {
    return state;
  }

  /** The errno of the last call of this thread that captured it here. */
  int errno() {
    return state.get(ValueLayout.JAVA_INT, ERRNO);
  }
}
