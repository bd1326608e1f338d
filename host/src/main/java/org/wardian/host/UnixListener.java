package org.wardian.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A UNIX socket that accepts connections. Its permissions are set before the first connection is
 * possible: Java's channels bind and listen in one step, and leave a moment between.
 */
public final class UnixListener implements AutoCloseable {
  private static final int ENFILE = 23;
  private static final int ECONNABORTED = 103;
  private static final Duration PATIENCE = Duration.ofMillis(100);

  private final Path path;
  private final Descriptor descriptor;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final SocketPoller.Signals signals =
      new SocketPoller.Signals(new SocketPoller.Signal(), new SocketPoller.Signal());
  private final long key;

  private UnixListener(Path path, Descriptor descriptor) {
    this.path = path;
    this.descriptor = descriptor;
    key = SocketPoller.poller().add(descriptor.fd(), signals);
  }

  /**
   * Makes the socket and listens. The caller has made sure that no file of that name exists.
   *
   * @param permissions of the file, or null for what the process's mask leaves
   * @param backlog connections that may wait to be accepted
   * @throws HostException with the error number
   */
  public static UnixListener bind(Path path, Set<PosixFilePermission> permissions, int backlog) {
    Libc.requireLinux(path.toString());
    try (SocketMemory memory = SocketMemory.take()) {
      int fd = SocketCalls.socket(memory, UnixSocket.AF_UNIX, UnixSocket.TYPE, 0);
      if (fd < 0) {
        throw HostException.ofCall("socket", "UNIX", -fd, "");
      }
      Descriptor descriptor = Descriptor.adopt(fd, path.toString());
      try {
        int size = memory.address(path);
        require("bind", path, SocketCalls.bind(memory, fd, memory.scratch().address(), size));
        if (permissions != null) {
          Files.setPosixFilePermissions(path, permissions);
        }
        require("listen", path, SocketCalls.listen(memory, fd, backlog));
        return new UnixListener(path, descriptor);
      } catch (IOException e) {
        descriptor.close();
        throw HostException.unsupported(
            "the permissions of " + path + ": " + e.getMessage(), "choose another folder");
      } catch (RuntimeException e) {
        descriptor.close();
        throw e;
      }
    }
  }

  private static void require(String call, Path path, int result) {
    if (result < 0) {
      throw HostException.ofCall(call, path.toString(), -result, "");
    }
  }

  /** The file. */
  public Path path() {
    return path;
  }

  /**
   * Waits for a connection. When the process has no descriptor left it waits for one.
   *
   * @return the connection; null once this is closed
   */
  public UnixSocket accept() {
    while (true) {
      signals.readable().reset();
      int fd;
      try {
        descriptor.hold();
      } catch (IllegalStateException closed) {
        return null;
      }
      try (SocketMemory memory = SocketMemory.take()) {
        fd = SocketCalls.accept4(memory, descriptor.heldFd(), UnixSocket.TYPE & ~1);
      } finally {
        descriptor.letGo();
      }
      if (fd >= 0) {
        return UnixSocket.of(fd);
      }
      switch (-fd) {
        case Errno.EAGAIN -> signals.readable().await();
        case Errno.EINTR, ECONNABORTED -> {}
        case Errno.EMFILE, ENFILE, Errno.ENOMEM -> pause();
        default -> {
          if (descriptor.closed()) {
            return null;
          }
          throw HostException.ofCall("accept", path.toString(), -fd, "");
        }
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops listening and removes the file; a thread that waits in {@link #accept} gets null. */
  @Override
  public void close() {
    if (closing.getAndSet(true)) {
      return;
    }
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // The next one that listens there removes it.
    }
    SocketPoller.poller().remove(descriptor.fd(), key);
    descriptor.close();
    signals.raise();
  }
}
