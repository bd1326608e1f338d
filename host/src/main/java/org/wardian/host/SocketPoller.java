package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Tells threads that a socket has become readable or writable, one thread of its own for all
 * sockets of the process ({@code epoll(7)}, edge-triggered). Threads that wait are parked, so
 * virtual threads leave their carriers.
 */
final class SocketPoller {
  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLL_CTL_DEL = 2;
  private static final int EPOLLIN = 1;
  private static final int EPOLLOUT = 4;
  private static final int EPOLLERR = 8;
  private static final int EPOLLHUP = 0x10;
  private static final int EPOLLRDHUP = 0x2000;
  private static final int EPOLLET = 1 << 31;
  private static final int EPOLL_CLOEXEC = 02000000;
  private static final int EVENTS = 64;

  /** The structure is packed on x86-64 only. */
  private static final boolean PACKED = System.getProperty("os.arch", "").equals("amd64");

  private static final int EVENT_SIZE = PACKED ? 12 : 16;
  private static final int DATA_OFFSET = PACKED ? 4 : 8;

  /** Whether something happened since it was last looked at, and the one thread that waits. */
  static final class Signal {
    private volatile boolean raised;
    private volatile Thread waiter;

    /** Forgets what happened; to be called before the call that may find nothing. */
    void reset() {
      raised = false;
    }

    /** Waits until something happened after {@link #reset}. */
    void await() {
      boolean interrupted = false;
      waiter = Thread.currentThread();
      while (!raised) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      waiter = null;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    /** Says that something happened. */
    void raise() {
      raised = true;
      Thread thread = waiter;
      if (thread != null) {
        LockSupport.unpark(thread);
      }
    }
  }

  /** The two signals of a socket. */
  record Signals(Signal readable, Signal writable) {
    void raise() {
      readable.raise();
      writable.raise();
    }
  }

  private static final class Holder {
    static final SocketPoller POLLER = new SocketPoller();
  }

  private final ConcurrentMap<Long, Signals> sockets = new ConcurrentHashMap<>();
  private final AtomicLong keys = new AtomicLong();
  private final int epoll;

  private SocketPoller() {
    try (SocketMemory memory = SocketMemory.take()) {
      epoll = SocketCalls.epollCreate(memory, EPOLL_CLOEXEC);
    }
    if (epoll < 0) {
      throw HostException.ofCall("epoll_create1", "for sockets", -epoll, "");
    }
    Thread.ofPlatform().daemon().name("wardian-sockets").start(this::run);
  }

  static SocketPoller poller() {
    return Holder.POLLER;
  }

  /**
   * Watches a socket.
   *
   * @return a key for {@link #remove}
   */
  long add(int fd, Signals signals) {
    long key = keys.incrementAndGet();
    sockets.put(key, signals);
    int result = control(EPOLL_CTL_ADD, fd, key);
    if (result < 0) {
      sockets.remove(key);
      throw HostException.ofCall("epoll_ctl", "a socket", -result, "");
    }
    return key;
  }

  /** Watches it no more; its waiters wake. */
  void remove(int fd, long key) {
    Signals signals = sockets.remove(key);
    control(EPOLL_CTL_DEL, fd, key);
    if (signals != null) {
      signals.raise();
    }
  }

  private int control(int operation, int fd, long key) {
    try (SocketMemory memory = SocketMemory.take()) {
      MemorySegment event = memory.scratch();
      event.set(ValueLayout.JAVA_INT, 0, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
      event.set(ValueLayout.JAVA_LONG_UNALIGNED, DATA_OFFSET, key);
      return SocketCalls.epollControl(memory, epoll, operation, fd, event.address());
    }
  }

  private void run() {
    try (SocketMemory memory = SocketMemory.take();
        Arena arena = Arena.ofConfined()) {
      MemorySegment events = arena.allocate((long) EVENTS * EVENT_SIZE, 8);
      while (true) {
        int count = SocketCalls.epollWait(memory, epoll, events.address(), EVENTS, -1);
        if (count < 0 && count != -Errno.EINTR) {
          throw HostException.ofCall("epoll_wait", "for sockets", -count, "");
        }
        for (int i = 0; i < count; i++) {
          long at = (long) i * EVENT_SIZE;
          Signals signals =
              sockets.get(events.get(ValueLayout.JAVA_LONG_UNALIGNED, at + DATA_OFFSET));
          int what = events.get(ValueLayout.JAVA_INT_UNALIGNED, at);
          if (signals == null) {
            continue;
          }
          if ((what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
            signals.readable().raise();
          }
          if ((what & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
            signals.writable().raise();
          }
        }
      }
    }
  }
}
