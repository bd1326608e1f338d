package org.wardian.host;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The C library's calls on sockets and on {@code epoll}, as constant method handles. Each returns
 * what the function returned, or the negated error number; errno goes into memory that the caller
 * gives, since virtual threads come and go. Sources: the functions' Linux manual pages.
 */
final class SocketCalls {
  private static final MethodHandle SOCKET = link("socket", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SOCKETPAIR =
      link("socketpair", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle BIND = link("bind", JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle CONNECT = link("connect", JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle LISTEN = link("listen", JAVA_INT, JAVA_INT);
  private static final MethodHandle ACCEPT4 =
      link("accept4", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SHUTDOWN = link("shutdown", JAVA_INT, JAVA_INT);
  private static final MethodHandle GETSOCKOPT =
      link("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle EPOLL_CREATE1 = link("epoll_create1", JAVA_INT);
  private static final MethodHandle EPOLL_CTL =
      link("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle EPOLL_WAIT =
      link("epoll_wait", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle SENDMSG = linkLong("sendmsg");
  private static final MethodHandle RECVMSG = linkLong("recvmsg");

  private SocketCalls() {}

  private static MethodHandle link(String name, java.lang.foreign.ValueLayout... arguments) {
    return link(name, FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static MethodHandle linkLong(String name) {
    return link(name, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  @SuppressWarnings("restricted") // descriptors from the functions' Linux manual pages
  private static MethodHandle link(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    MemorySegment symbol =
        linker
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> HostException.unsupported("the C library's " + name, "use Linux"));
    return linker.downcallHandle(symbol, descriptor, Linker.Option.captureCallState("errno"));
  }

  /** {@code int socket(int domain, int type, int protocol)}. */
  static int socket(SocketMemory memory, int domain, int type, int protocol) {
    try {
      return memory.result((int) SOCKET.invokeExact(memory.state(), domain, type, protocol));
    } catch (Throwable e) {
      throw HostException.ofLinkage("socket", e);
    }
  }

  /** {@code int socketpair(int domain, int type, int protocol, int sv[2])}. */
  static int socketpair(SocketMemory memory, int domain, int type, long pair) {
    try {
      return memory.result((int) SOCKETPAIR.invokeExact(memory.state(), domain, type, 0, pair));
    } catch (Throwable e) {
      throw HostException.ofLinkage("socketpair", e);
    }
  }

  /** {@code int bind(int fd, const struct sockaddr *address, socklen_t size)}. */
  static int bind(SocketMemory memory, int fd, long address, int size) {
    try {
      return memory.result((int) BIND.invokeExact(memory.state(), fd, address, size));
    } catch (Throwable e) {
      throw HostException.ofLinkage("bind", e);
    }
  }

  /** {@code int connect(int fd, const struct sockaddr *address, socklen_t size)}. */
  static int connect(SocketMemory memory, int fd, long address, int size) {
    try {
      return memory.result((int) CONNECT.invokeExact(memory.state(), fd, address, size));
    } catch (Throwable e) {
      throw HostException.ofLinkage("connect", e);
    }
  }

  /** {@code int listen(int fd, int backlog)}. */
  static int listen(SocketMemory memory, int fd, int backlog) {
    try {
      return memory.result((int) LISTEN.invokeExact(memory.state(), fd, backlog));
    } catch (Throwable e) {
      throw HostException.ofLinkage("listen", e);
    }
  }

  /** {@code int accept4(int fd, struct sockaddr *, socklen_t *, int flags)}, address not asked. */
  static int accept4(SocketMemory memory, int fd, int flags) {
    try {
      return memory.result((int) ACCEPT4.invokeExact(memory.state(), fd, 0L, 0L, flags));
    } catch (Throwable e) {
      throw HostException.ofLinkage("accept4", e);
    }
  }

  /** {@code int shutdown(int fd, int how)}. */
  static int shutdown(SocketMemory memory, int fd, int how) {
    try {
      return memory.result((int) SHUTDOWN.invokeExact(memory.state(), fd, how));
    } catch (Throwable e) {
      throw HostException.ofLinkage("shutdown", e);
    }
  }

  /** {@code int getsockopt(int fd, int level, int name, void *value, socklen_t *length)}. */
  static int getsockopt(SocketMemory memory, int fd, int level, int name, long value, long length) {
    try {
      return memory.result(
          (int) GETSOCKOPT.invokeExact(memory.state(), fd, level, name, value, length));
    } catch (Throwable e) {
      throw HostException.ofLinkage("getsockopt", e);
    }
  }

  /** {@code int epoll_create1(int flags)}. */
  static int epollCreate(SocketMemory memory, int flags) {
    try {
      return memory.result((int) EPOLL_CREATE1.invokeExact(memory.state(), flags));
    } catch (Throwable e) {
      throw HostException.ofLinkage("epoll_create1", e);
    }
  }

  /** {@code int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)}. */
  static int epollControl(SocketMemory memory, int epoll, int operation, int fd, long event) {
    try {
      return memory.result(
          (int) EPOLL_CTL.invokeExact(memory.state(), epoll, operation, fd, event));
    } catch (Throwable e) {
      throw HostException.ofLinkage("epoll_ctl", e);
    }
  }

  /** {@code int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)}. */
  static int epollWait(SocketMemory memory, int epoll, long events, int count, int milliseconds) {
    try {
      return memory.result(
          (int) EPOLL_WAIT.invokeExact(memory.state(), epoll, events, count, milliseconds));
    } catch (Throwable e) {
      throw HostException.ofLinkage("epoll_wait", e);
    }
  }

  /** {@code ssize_t sendmsg(int fd, const struct msghdr *message, int flags)}. */
  static long sendmsg(SocketMemory memory, int fd, long message, int flags) {
    try {
      return memory.result((long) SENDMSG.invokeExact(memory.state(), fd, message, flags));
    } catch (Throwable e) {
      throw HostException.ofLinkage("sendmsg", e);
    }
  }

  /** {@code ssize_t recvmsg(int fd, struct msghdr *message, int flags)}. */
  static long recvmsg(SocketMemory memory, int fd, long message, int flags) {
    try {
      return memory.result((long) RECVMSG.invokeExact(memory.state(), fd, message, flags));
    } catch (Throwable e) {
      throw HostException.ofLinkage("recvmsg", e);
    }
  }
}
