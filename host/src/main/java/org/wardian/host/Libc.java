package org.wardian.host;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.wardian.host.NativeCall.returning;

import java.util.Locale;

/**
 * The functions of the C library that this module calls. Pointers are passed as addresses, so the
 * caller holds the memory for the time of the call. Sources: the functions' Linux manual pages.
 */
final class Libc {
  /** Whether the host is Linux; elsewhere only what Java itself offers is used. */
  static final boolean LINUX =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("linux");

  /** {@code char *strerror(int errnum)}. */
  static final NativeCall STRERROR = new NativeCall("strerror", returning(JAVA_LONG, JAVA_INT));

  /** {@code void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)}. */
  static final NativeCall MMAP =
      new NativeCall(
          "mmap",
          returning(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));

  /** {@code int munmap(void *addr, size_t length)}. */
  static final NativeCall MUNMAP =
      new NativeCall("munmap", returning(JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** {@code int madvise(void *addr, size_t length, int advice)}. */
  static final NativeCall MADVISE =
      new NativeCall("madvise", returning(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  /** {@code int getpagesize(void)}. */
  static final NativeCall GETPAGESIZE = new NativeCall("getpagesize", returning(JAVA_INT));

  /** {@code int memfd_create(const char *name, unsigned int flags)}. */
  static final NativeCall MEMFD_CREATE =
      new NativeCall("memfd_create", returning(JAVA_INT, JAVA_LONG, JAVA_INT));

  /** {@code int ftruncate(int fd, off_t length)}. */
  static final NativeCall FTRUNCATE =
      new NativeCall("ftruncate", returning(JAVA_INT, JAVA_INT, JAVA_LONG));

  /** {@code int fallocate(int fd, int mode, off_t offset, off_t len)}. */
  static final NativeCall FALLOCATE =
      new NativeCall("fallocate", returning(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** {@code int open(const char *path, int flags)}. */
  static final NativeCall OPEN = new NativeCall("open", returning(JAVA_INT, JAVA_LONG, JAVA_INT));

  /** {@code int close(int fd)}. */
  static final NativeCall CLOSE = new NativeCall("close", returning(JAVA_INT, JAVA_INT));

  /** {@code ssize_t read(int fd, void *buf, size_t count)}. */
  static final NativeCall READ =
      new NativeCall("read", returning(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** {@code ssize_t write(int fd, const void *buf, size_t count)}. */
  static final NativeCall WRITE =
      new NativeCall("write", returning(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** {@code int ioctl(int fd, unsigned long request, ...)} with one argument. */
  static final NativeCall IOCTL =
      new NativeCall("ioctl", returning(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** {@code int eventfd(unsigned int initval, int flags)}. */
  static final NativeCall EVENTFD =
      new NativeCall("eventfd", returning(JAVA_INT, JAVA_INT, JAVA_INT));

  /** {@code int socket(int domain, int type, int protocol)}. */
  static final NativeCall SOCKET =
      new NativeCall("socket", returning(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

  /** {@code int bind(int fd, const struct sockaddr *address, socklen_t size)}. */
  static final NativeCall BIND =
      new NativeCall("bind", returning(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));

  /** {@code int setsockopt(int fd, int level, int name, const void *value, socklen_t length)}. */
  static final NativeCall SETSOCKOPT =
      new NativeCall(
          "setsockopt", returning(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));

  /**
   * {@code ssize_t sendto(int fd, const void *buf, size_t length, int flags, const struct sockaddr
   * *address, socklen_t size)}.
   */
  static final NativeCall SENDTO =
      new NativeCall(
          "sendto",
          returning(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

  /**
   * {@code ssize_t recvfrom(int fd, void *buf, size_t length, int flags, struct sockaddr *address,
   * socklen_t *size)}.
   */
  static final NativeCall RECVFROM =
      new NativeCall(
          "recvfrom",
          returning(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** {@code int isatty(int fd)}. */
  static final NativeCall ISATTY = new NativeCall("isatty", returning(JAVA_INT, JAVA_INT));

  /** {@code int tcgetattr(int fd, struct termios *)}. */
  static final NativeCall TCGETATTR =
      new NativeCall("tcgetattr", returning(JAVA_INT, JAVA_INT, JAVA_LONG));

  /** {@code int tcsetattr(int fd, int optional_actions, const struct termios *)}. */
  static final NativeCall TCSETATTR =
      new NativeCall("tcsetattr", returning(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));

  /** {@code int posix_openpt(int flags)}. */
  static final NativeCall POSIX_OPENPT =
      new NativeCall("posix_openpt", returning(JAVA_INT, JAVA_INT));

  /** {@code int grantpt(int fd)}. */
  static final NativeCall GRANTPT = new NativeCall("grantpt", returning(JAVA_INT, JAVA_INT));

  /** {@code int unlockpt(int fd)}. */
  static final NativeCall UNLOCKPT = new NativeCall("unlockpt", returning(JAVA_INT, JAVA_INT));

  /** {@code int ptsname_r(int fd, char *buf, size_t buflen)}. */
  static final NativeCall PTSNAME_R =
      new NativeCall("ptsname_r", returning(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** {@code int sched_setaffinity(pid_t pid, size_t cpusetsize, const cpu_set_t *mask)}. */
  static final NativeCall SCHED_SETAFFINITY =
      new NativeCall("sched_setaffinity", returning(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** {@code int sched_getaffinity(pid_t pid, size_t cpusetsize, cpu_set_t *mask)}. */
  static final NativeCall SCHED_GETAFFINITY =
      new NativeCall("sched_getaffinity", returning(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** {@code int poll(struct pollfd *fds, nfds_t nfds, int timeout)}. */
  static final NativeCall POLL =
      new NativeCall("poll", returning(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  /** {@code pid_t gettid(void)}. */
  static final NativeCall GETTID = new NativeCall("gettid", returning(JAVA_INT));

  /** {@code pid_t setsid(void)}. */
  static final NativeCall SETSID = new NativeCall("setsid", returning(JAVA_INT));

  /** {@code long syscall(long number, ...)} with six arguments. */
  static final NativeCall SYSCALL =
      new NativeCall(
          "syscall",
          returning(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
              JAVA_LONG));

  private Libc() {}

  /** Fails on hosts that are not Linux, before a native function is looked up. */
  static void requireLinux(String what) {
    if (!LINUX) {
      throw HostException.unsupported(what, "it needs Linux");
    }
  }
}
