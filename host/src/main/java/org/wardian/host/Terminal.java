package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The user's terminal: raw mode for a guest's console, its window size, and the certainty that it
 * is restored.
 *
 * <p>The attributes found at construction are the ones restored. {@link #restoreAll()} is meant for
 * a shutdown hook, which runs also after a signal or an error.
 */
public final class Terminal implements AutoCloseable {
  private static final int STANDARD_INPUT = 0;

  /** {@code TIOCGWINSZ}: {@code include/uapi/asm-generic/ioctls.h}. */
  private static final long TIOCGWINSZ = 0x5413;

  /** {@code struct winsize}: {@code include/uapi/asm-generic/termios.h}. */
  static final StructLayout WINDOW_SIZE =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_SHORT.withName("ws_row"),
          ValueLayout.JAVA_SHORT.withName("ws_col"),
          ValueLayout.JAVA_SHORT.withName("ws_xpixel"),
          ValueLayout.JAVA_SHORT.withName("ws_ypixel"));

  static final long ROWS = 0;
  static final long COLUMNS = 2;
  private static final int DEFAULT_ROWS = 24;
  private static final int DEFAULT_COLUMNS = 80;

  /** Terminals in raw mode, for {@link #restoreAll()}. */
  private static final Set<Terminal> RAW = ConcurrentHashMap.newKeySet();

  private final int fd;
  private final byte[] original;

  private Terminal(int fd, byte[] original) {
    this.fd = fd;
    this.original = original;
  }

  /** The terminal that standard input is connected to, or empty where it is not a terminal. */
  public static Optional<Terminal> standard() {
    return of(STANDARD_INPUT);
  }

  /** The terminal of a file descriptor, or empty where it is not a terminal. */
  public static Optional<Terminal> of(int fd) {
    if (!isTerminal(fd)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Terminal(fd, Termios.get(fd)));
    } catch (HostException hungUp) {
      return Optional.empty();
    }
  }

  /** Whether file descriptor {@code fd} is a terminal; false on hosts other than Linux. */
  public static boolean isTerminal(int fd) {
    return Libc.LINUX && Libc.ISATTY.call(fd).value() == 1;
  }

  /** Every key goes to the reader at once, unchanged; nothing is echoed; output is unchanged. */
  public synchronized void raw() {
    RAW.add(this);
    Termios.set(fd, Termios.raw(original));
  }

  /** Gives the terminal the attributes that it had; a second call does nothing. */
  public synchronized void restore() {
    if (RAW.remove(this)) {
      Termios.set(fd, original);
    }
  }

  /** Restores every terminal that is in raw mode; never throws. */
  public static void restoreAll() {
    for (Terminal terminal : RAW) {
      try {
        terminal.restore();
      } catch (HostException hungUp) {
        // The terminal is gone: there is nothing left to restore.
        RAW.remove(terminal);
      }
    }
  }

  /** Width in characters; 80 where the terminal does not know. */
  public int columns() {
    return windowSize(COLUMNS, DEFAULT_COLUMNS);
  }

  /** Height in lines; 24 where the terminal does not know. */
  public int rows() {
    return windowSize(ROWS, DEFAULT_ROWS);
  }

  private int windowSize(long field, int absent) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(WINDOW_SIZE);
      NativeCall.Result result = Libc.IOCTL.call(fd, TIOCGWINSZ, size.address());
      int value =
          result.failed() ? 0 : Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, field));
      return value == 0 ? absent : value;
    }
  }

  /** Restores the terminal; the descriptor stays open, since it is the user's. */
  @Override
  public void close() {
    restore();
  }
}
