package org.wardian.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** The C function behind {@link System#nanoTime}, for code of our own. */
public final class MonotonicClock {
  /** Its first argument. Source: Linux, include/uapi/linux/time.h. */
  public static final int CLOCK_MONOTONIC = 1;

  private static final long FUNCTION = find();

  private MonotonicClock() {}

  /**
   * Address of {@code int clock_gettime(int, struct timespec *)}, whose time with {@link
   * #CLOCK_MONOTONIC} is that of {@link System#nanoTime}; 0 where there is none.
   */
  public static long function() {
    return FUNCTION;
  }

  private static long find() {
    Optional<CFunction> function =
        Libc.LINUX && ADDRESS.byteSize() == 8 ? CFunction.find("clock_gettime") : Optional.empty();
    if (function.isEmpty()) {
      return 0;
    }
    CallFrame frame = CallFrame.current();
    MemorySegment time = frame.cleared(16);
    long before = System.nanoTime();
    int result =
        (int) function.get().call(frame.state(), CLOCK_MONOTONIC, frame.scratchAddress(), 0);
    long after = System.nanoTime();
    long now = time.get(JAVA_LONG, 0) * 1_000_000_000L + time.get(JAVA_LONG, 8);
    return result == 0 && before - now <= 0 && now - after <= 0
        ? function.get().symbol().address()
        : 0;
  }
}
