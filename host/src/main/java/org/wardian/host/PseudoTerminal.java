package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * A pseudo terminal pair: a program is given the terminal side, we hold the other. Source: {@code
 * pty(7)}.
 */
public final class PseudoTerminal implements AutoCloseable {
  /** {@code O_RDWR}, {@code O_NOCTTY}, {@code O_CLOEXEC}: {@code asm-generic/fcntl.h}. */
  private static final int OPEN_FLAGS = 02 | 0400 | 02000000;

  /** {@code TIOCSWINSZ}: {@code include/uapi/asm-generic/ioctls.h}. */
  private static final long TIOCSWINSZ = 0x5414;

  private static final int LONGEST_NAME = 128;
  private static final int POLLHUP = 0x10;

  private final int master;

  /** -1 once it was left to programs. */
  private int slave;

  private final String name;
  private boolean closed;

  private PseudoTerminal(int master, int slave, String name) {
    this.master = master;
    this.slave = slave;
    this.name = name;
  }

  /**
   * Opens a new pair.
   *
   * @throws HostException where the host has none left or is not Linux
   */
  public static PseudoTerminal open() {
    Libc.requireLinux("a pseudo terminal");
    int master = check(Libc.POSIX_OPENPT.call(OPEN_FLAGS), "posix_openpt", "a new terminal");
    try (Arena arena = Arena.ofConfined()) {
      check(Libc.GRANTPT.call(master), "grantpt", "descriptor " + master);
      check(Libc.UNLOCKPT.call(master), "unlockpt", "descriptor " + master);
      MemorySegment path = arena.allocate(LONGEST_NAME);
      NativeCall.Result named = Libc.PTSNAME_R.call(master, path.address(), (long) LONGEST_NAME);
      if (named.value() != 0) {
        throw HostException.ofCall("ptsname_r", "descriptor " + master, (int) named.value(), "");
      }
      String name = path.getString(0, StandardCharsets.UTF_8);
      int slave = check(Libc.OPEN.call(path.address(), OPEN_FLAGS), "open", name);
      return new PseudoTerminal(master, slave, name);
    } catch (HostException e) {
      Libc.CLOSE.call(master);
      throw e;
    }
  }

  private static int check(NativeCall.Result result, String call, String argument) {
    if (result.failed()) {
      throw HostException.ofCall(call, argument, result.errno(), "is /dev/pts mounted?");
    }
    return (int) result.value();
  }

  /** Path of the terminal side, such as /dev/pts/3. */
  public String name() {
    return name;
  }

  /** File descriptor of the terminal side. */
  public int terminal() {
    return slave;
  }

  /**
   * Makes the terminal pass bytes unchanged, and closes our descriptor of it: whether somebody has
   * it open is then {@link #connected}.
   */
  public synchronized void leaveTerminal() {
    if (slave >= 0) {
      Termios.set(slave, Termios.raw(Termios.get(slave)));
      Libc.CLOSE.call(slave);
      slave = -1;
    }
  }

  /** Whether some program has the terminal open. Source: poll(2). */
  public boolean connected() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(8, 4);
      entry.set(ValueLayout.JAVA_INT, 0, master);
      NativeCall.Result result = Libc.POLL.call(entry.address(), 1L, 0);
      return result.value() <= 0 || (entry.get(ValueLayout.JAVA_SHORT, 6) & POLLHUP) == 0;
    }
  }

  /** Sets the window size that the program sees. */
  public void resize(int columns, int rows) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(Terminal.WINDOW_SIZE);
      size.set(ValueLayout.JAVA_SHORT, Terminal.ROWS, (short) rows);
      size.set(ValueLayout.JAVA_SHORT, Terminal.COLUMNS, (short) columns);
      check(Libc.IOCTL.call(master, TIOCSWINSZ, size.address()), "ioctl TIOCSWINSZ", name);
    }
  }

  /** Types bytes, as the user's keyboard would. */
  public void write(byte[] bytes) {
    write(master, bytes);
  }

  /** Writes as the program would, to the terminal side. */
  public void writeFromProgram(byte[] bytes) {
    write(slave, bytes);
  }

  private static void write(int fd, byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      long done = 0;
      while (done < bytes.length) {
        NativeCall.Result result =
            Libc.WRITE.call(fd, buffer.address() + done, bytes.length - done);
        if (result.failed() && result.errno() != Errno.EINTR) {
          throw HostException.ofCall("write", "descriptor " + fd, result.errno(), "");
        }
        done += Math.max(result.value(), 0);
      }
    }
  }

  /**
   * Reads what the program wrote: waits for at least one byte.
   *
   * @param most most bytes to return
   * @return the bytes; empty once the terminal side is closed
   */
  public byte[] read(int most) {
    return read(master, most);
  }

  /** Reads as the program would, from the terminal side. */
  public byte[] readFromProgram(int most) {
    return read(slave, most);
  }

  private static byte[] read(int fd, int most) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(most);
      NativeCall.Result result;
      do {
        result = Libc.READ.call(fd, buffer.address(), (long) most);
      } while (result.failed() && result.errno() == Errno.EINTR);
      if (result.failed() && result.errno() != Errno.EIO) {
        throw HostException.ofCall("read", "descriptor " + fd, result.errno(), "");
      }
      long length = Math.max(result.value(), 0);
      return buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Closes both sides; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      if (slave >= 0) {
        Libc.CLOSE.call(slave);
      }
      Libc.CLOSE.call(master);
    }
  }
}
