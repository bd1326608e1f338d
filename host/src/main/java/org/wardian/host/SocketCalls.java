package org.wardian.host;

/**
 * The C library's calls on sockets and on {@code epoll}, as constants. Each returns what the
 * function returned, or the negated error number; errno goes into memory that the caller gives,
 * since virtual threads come and go. Sources: the functions' Linux manual pages.
 */
final class SocketCalls {
  private static final CFunction SOCKET = CFunction.of("socket");
  private static final CFunction SOCKETPAIR = CFunction.of("socketpair");
  private static final CFunction BIND = CFunction.of("bind");
  private static final CFunction CONNECT = CFunction.of("connect");
  private static final CFunction LISTEN = CFunction.of("listen");
  private static final CFunction ACCEPT4 = CFunction.of("accept4");
  private static final CFunction SHUTDOWN = CFunction.of("shutdown");
  private static final CFunction GETSOCKOPT = CFunction.of("getsockopt");
  private static final CFunction EPOLL_CREATE1 = CFunction.of("epoll_create1");
  private static final CFunction EPOLL_CTL = CFunction.of("epoll_ctl");
  private static final CFunction EPOLL_WAIT = CFunction.of("epoll_wait");
  private static final CFunction SENDMSG = CFunction.of("sendmsg");
  private static final CFunction RECVMSG = CFunction.of("recvmsg");

  private SocketCalls() {}

  /** {@code int socket(int domain, int type, int protocol)}. */
  static int socket(SocketMemory memory, int domain, int type, int protocol) {
    return memory.result((int) SOCKET.call(memory.state(), domain, type, protocol));
  }

  /** {@code int socketpair(int domain, int type, int protocol, int sv[2])}. */
  static int socketpair(SocketMemory memory, int domain, int type, long pair) {
    return memory.result((int) SOCKETPAIR.call(memory.state(), domain, type, 0, pair, 0));
  }

  /** {@code int bind(int fd, const struct sockaddr *address, socklen_t size)}. */
  static int bind(SocketMemory memory, int fd, long address, int size) {
    return memory.result((int) BIND.call(memory.state(), fd, address, size));
  }

  /** {@code int connect(int fd, const struct sockaddr *address, socklen_t size)}. */
  static int connect(SocketMemory memory, int fd, long address, int size) {
    return memory.result((int) CONNECT.call(memory.state(), fd, address, size));
  }

  /** {@code int listen(int fd, int backlog)}. */
  static int listen(SocketMemory memory, int fd, int backlog) {
    return memory.result((int) LISTEN.call(memory.state(), fd, backlog, 0));
  }

  /** {@code int accept4(int fd, struct sockaddr *, socklen_t *, int flags)}, address not asked. */
  static int accept4(SocketMemory memory, int fd, int flags) {
    return memory.result((int) ACCEPT4.call(memory.state(), fd, 0L, 0L, flags, 0));
  }

  /** {@code int shutdown(int fd, int how)}. */
  static int shutdown(SocketMemory memory, int fd, int how) {
    return memory.result((int) SHUTDOWN.call(memory.state(), fd, how, 0));
  }

  /** {@code int getsockopt(int fd, int level, int name, void *value, socklen_t *length)}. */
  static int getsockopt(SocketMemory memory, int fd, int level, int name, long value, long length) {
    return memory.result((int) GETSOCKOPT.call(memory.state(), fd, level, name, value, length));
  }

  /** {@code int epoll_create1(int flags)}. */
  static int epollCreate(SocketMemory memory, int flags) {
    return memory.result((int) EPOLL_CREATE1.call(memory.state(), flags, 0, 0));
  }

  /** {@code int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)}. */
  static int epollControl(SocketMemory memory, int epoll, int operation, int fd, long event) {
    return memory.result((int) EPOLL_CTL.call(memory.state(), epoll, operation, fd, event, 0));
  }

  /** {@code int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)}. */
  static int epollWait(SocketMemory memory, int epoll, long events, int count, int milliseconds) {
    return memory.result(
        (int) EPOLL_WAIT.call(memory.state(), epoll, events, count, milliseconds, 0));
  }

  /** {@code ssize_t sendmsg(int fd, const struct msghdr *message, int flags)}. */
  static long sendmsg(SocketMemory memory, int fd, long message, int flags) {
    return memory.result(SENDMSG.call(memory.state(), fd, message, flags));
  }

  /** {@code ssize_t recvmsg(int fd, struct msghdr *message, int flags)}. */
  static long recvmsg(SocketMemory memory, int fd, long message, int flags) {
    return memory.result(RECVMSG.call(memory.state(), fd, message, flags));
  }
}
