package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** What the host knows of the current thread, and is told about it and its process. */
public final class HostThread {
  /** Bits of the kernel's usual mask of processors: {@code cpu_set_t}. */
  private static final int PROCESSORS = 1024;

  private HostThread() {}

  /**
   * Lets the current thread run on some of the host's processors only, until it ends. Source:
   * sched_setaffinity(2).
   *
   * @param processors their numbers, 0 to 1023; at least one
   * @throws HostException where none of them is there or allowed
   */
  public static void pin(int... processors) {
    Libc.requireLinux("pinning a thread to processors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(PROCESSORS / 8, 8);
      for (int processor : processors) {
        if (processor < 0 || processor >= PROCESSORS) {
          throw new IllegalArgumentException("processor " + processor + " is not within 0 to 1023");
        }
        long at = processor / Byte.SIZE;
        byte bits = mask.get(ValueLayout.JAVA_BYTE, at);
        mask.set(ValueLayout.JAVA_BYTE, at, (byte) (bits | 1 << processor % Byte.SIZE));
      }
      NativeCall.Result result =
          Libc.SCHED_SETAFFINITY.call(0, (long) PROCESSORS / 8, mask.address());
      if (result.failed()) {
        throw HostException.ofCall(
            "sched_setaffinity",
            "processors " + Arrays.toString(processors),
            result.errno(),
            "name processors that this host has and this process may use: nproc, taskset -p $$");
      }
    }
  }

  /** The number that the kernel knows the current thread by. Source: gettid(2). */
  public static int id() {
    Libc.requireLinux("the number of a thread");
    return (int) Libc.GETTID.call().value();
  }

  /**
   * Takes this process out of its session: what ends the terminal or the service that started it is
   * not its end. Source: setsid(2).
   *
   * @return false where it leads a group of processes already, and stays
   */
  public static boolean leaveSession() {
    Libc.requireLinux("leaving a session");
    return !Libc.SETSID.call().failed();
  }

  /**
   * The processors that the current thread may run on, in ascending order. Source:
   * sched_getaffinity(2).
   */
  public static int[] processors() {
    Libc.requireLinux("asking for a thread's processors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(PROCESSORS / 8, 8);
      NativeCall.Result result =
          Libc.SCHED_GETAFFINITY.call(0, (long) PROCESSORS / 8, mask.address());
      if (result.failed()) {
        throw HostException.ofCall("sched_getaffinity", "this thread", result.errno(), "");
      }
      return java.util.stream.IntStream.range(0, PROCESSORS)
          .filter(n -> (mask.get(ValueLayout.JAVA_BYTE, n / Byte.SIZE) >>> n % 8 & 1) != 0)
          .toArray();
    }
  }
}
