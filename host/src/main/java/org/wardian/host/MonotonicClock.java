package org.wardian.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
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

  @SuppressWarnings("restricted") // a function of the C library, by its own signature
  private static long find() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    Optional<MemorySegment> symbol =
        system.equals("linux")
            ? Linker.nativeLinker().defaultLookup().find("clock_gettime")
            : Optional.empty();
    if (symbol.isEmpty() || ADDRESS.byteSize() != 8) {
      return 0;
    }
    MethodHandle call =
        Linker.nativeLinker()
            .downcallHandle(symbol.get(), FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = arena.allocate(16, 8);
      long before = System.nanoTime();
      int result = (int) call.invokeExact(CLOCK_MONOTONIC, time.address());
      long after = System.nanoTime();
      long now = time.get(JAVA_LONG, 0) * 1_000_000_000L + time.get(JAVA_LONG, 8);
      return result == 0 && before - now <= 0 && now - after <= 0 ? symbol.get().address() : 0;
    } catch (Throwable e) {
      throw HostException.ofLinkage("clock_gettime", e);
    }
  }
}
