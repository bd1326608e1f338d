package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A counter in the kernel that one side adds to and the other waits for: {@code eventfd(2)}. The
 * kernel itself can be either side, as KVM is with an ioeventfd (a guest's write signals) and an
 * irqfd (a signal interrupts the guest).
 *
 * <p>Safe for any number of threads. {@link #close()} wakes those that wait; every call after it
 * throws {@link IllegalStateException}.
 */
public final class EventFd implements AutoCloseable {
  /** {@code EFD_CLOEXEC | EFD_NONBLOCK}: {@code include/linux/eventfd.h}. */
  private static final int FLAGS = 02000000 | 04000;

  /** {@code POLLIN}: {@code include/uapi/asm-generic/poll.h}. */
  private static final int POLLIN = 1;

  private static final int COUNTER_SIZE = 8;
  private static final long ONE = one();

  private final Descriptor file;

  /** Creates a counter of 0. */
  public EventFd() {
    Libc.requireLinux("an event file");
    NativeCall.Result result = Libc.EVENTFD.call(0, FLAGS);
    if (result.failed()) {
      throw HostException.ofCall(
          "eventfd", "counter 0", result.errno(), "raise the limit of open files (ulimit -n)");
    }
    file = Descriptor.adopt((int) result.value(), "the event file");
  }

  /** The number 1 in native memory that lives as long as the program. */
  private static long one() {
    MemorySegment one = Arena.global().allocate(ValueLayout.JAVA_LONG);
    one.set(ValueLayout.JAVA_LONG, 0, 1);
    return one.address();
  }

  /** The descriptor, for calls that hand this to the kernel; it belongs to this object. */
  public int fd() {
    return file.fd();
  }

  /** Whether {@link #close()} was called. */
  public boolean closed() {
    return file.closed();
  }

  /** Adds 1 to the counter. Allocates nothing. */
  public void signal() {
    long written;
    do {
      written = file.write(ONE, COUNTER_SIZE);
      // A full counter is as good as signalled.
    } while (written == -Errno.EINTR);
    if (written < 0 && written != -Errno.EAGAIN) {
      throw HostException.ofCall("write", file.toString(), (int) -written, "");
    }
  }

  /** The counter, which becomes 0; 0 where nothing was signalled. Does not wait. */
  public long poll() {
    CallFrame frame = CallFrame.current();
    long read = file.read(frame.scratchAddress(), COUNTER_SIZE);
    if (read == COUNTER_SIZE) {
      return frame.scratch().get(ValueLayout.JAVA_LONG, 0);
    }
    if (read == -Errno.EAGAIN || read == -Errno.EINTR) {
      return 0;
    }
    throw HostException.ofCall("read", file.toString(), (int) -read, "");
  }

  /**
   * Waits until the counter is not 0 and makes it 0.
   *
   * @return what it was
   * @throws IllegalStateException where this is closed, also while the call waits
   */
  public long await() {
    while (true) {
      pause(-1);
      long count = poll();
      if (count != 0) {
        return count;
      }
    }
  }

  /**
   * Waits until the counter is not 0, and makes it 0.
   *
   * @param millis how long to wait at most, in milliseconds
   * @return whether the counter was not 0
   * @throws IllegalStateException where this is closed, also while the call waits
   */
  public boolean await(long millis) {
    long deadline = System.nanoTime() + millis * 1_000_000;
    while (true) {
      long left = Math.max(0, deadline - System.nanoTime());
      pause((int) Math.min(Integer.MAX_VALUE, (left + 999_999) / 1_000_000));
      if (poll() != 0) {
        return true;
      }
      if (deadline - System.nanoTime() <= 0) {
        return false;
      }
    }
  }

  private void pause(int millis) {
    int events = file.poll(POLLIN, millis);
    if (events < 0 && events != -Errno.EINTR) {
      throw HostException.ofCall("poll", file.toString(), -events, "");
    }
  }

  /** Closes the counter and wakes the threads that wait; a second call does nothing. */
  @Override
  public void close() {
    if (file.closed()) {
      return;
    }
    try {
      file.closeAfter(ONE, COUNTER_SIZE);
    } catch (IllegalStateException closedMeanwhile) {
      // Another thread was quicker: its close wakes the waiters.
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
