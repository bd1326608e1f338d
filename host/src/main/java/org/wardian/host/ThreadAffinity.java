package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/** On which of the host's processors a thread of any process may run. */
public final class ThreadAffinity {
  /** Bits of the kernel's usual mask of processors: {@code cpu_set_t}. */
  private static final int PROCESSORS = 1024;

  private ThreadAffinity() {}

  /**
   * Sets it. Source: sched_setaffinity(2).
   *
   * @param thread its number in the kernel
   * @throws HostException where there is no such thread, none of the processors is there, or it is
   *     not allowed
   */
  public static void set(int thread, BitSet processors) {
    Libc.requireLinux("pinning a thread to processors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(PROCESSORS / 8, 8);
      byte[] bytes = processors.get(0, PROCESSORS).toByteArray();
      MemorySegment.copy(bytes, 0, mask, ValueLayout.JAVA_BYTE, 0, bytes.length);
      NativeCall.Result result =
          Libc.SCHED_SETAFFINITY.call(thread, (long) PROCESSORS / 8, mask.address());
      if (result.failed()) {
        throw HostException.ofCall(
            "sched_setaffinity",
            "thread " + thread + ", processors " + processors,
            result.errno(),
            "name processors that this host has and this process may use");
      }
    }
  }

  /**
   * What it is. Source: sched_getaffinity(2).
   *
   * @throws HostException where there is no such thread
   */
  public static BitSet get(int thread) {
    Libc.requireLinux("asking for a thread's processors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(PROCESSORS / 8, 8);
      NativeCall.Result result =
          Libc.SCHED_GETAFFINITY.call(thread, (long) PROCESSORS / 8, mask.address());
      if (result.failed()) {
        throw HostException.ofCall("sched_getaffinity", "thread " + thread, result.errno(), "");
      }
      return BitSet.valueOf(mask.toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
