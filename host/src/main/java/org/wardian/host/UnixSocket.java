package org.wardian.host;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A connected UNIX stream socket that can pass file descriptors, which Java's channels cannot. One
 * thread may read while another writes; either may be a virtual thread, which leaves its carrier
 * while it waits. {@link #close()} wakes both.
 */
public final class UnixSocket implements AutoCloseable {
  static final int AF_UNIX = 1;

  /** {@code SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK}. */
  static final int TYPE = 1 | 02000000 | 04000;

  private static final int SOCK_STREAM_CLOEXEC = 1 | 02000000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERCRED = 17;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int SHUT_RDWR = 2;
  private static final int SHUT_WR = 1;

  private static final Duration QUEUE_PATIENCE = Duration.ofSeconds(30);
  private static final Duration QUEUE_PAUSE = Duration.ofMillis(5);

  private final Descriptor descriptor;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final SocketPoller.Signals signals =
      new SocketPoller.Signals(new SocketPoller.Signal(), new SocketPoller.Signal());
  private final long key;

  private UnixSocket(Descriptor descriptor) {
    this.descriptor = descriptor;
    key = SocketPoller.poller().add(descriptor.fd(), signals);
  }

  /** A socket that a call returned: connected, and not blocking. */
  static UnixSocket of(int fd) {
    Descriptor descriptor = Descriptor.adopt(fd, "a UNIX socket");
    try {
      return new UnixSocket(descriptor);
    } catch (RuntimeException e) {
      descriptor.close();
      throw e;
    }
  }

  /** Whether this host has such sockets, and this JVM may use them. */
  public static boolean available() {
    return Libc.LINUX && UnixSocket.class.getModule().isNativeAccessEnabled();
  }

  /**
   * Connects.
   *
   * @throws HostException with the error number
   */
  public static UnixSocket connect(Path path) {
    Libc.requireLinux(path.toString());
    try (SocketMemory memory = SocketMemory.take()) {
      int fd = SocketCalls.socket(memory, AF_UNIX, TYPE, 0);
      if (fd < 0) {
        throw HostException.ofCall("socket", "UNIX", -fd, "");
      }
      Descriptor descriptor = Descriptor.adopt(fd, path.toString());
      try {
        int size = memory.address(path);
        long deadline = System.nanoTime() + QUEUE_PATIENCE.toNanos();
        int result;
        while ((result = SocketCalls.connect(memory, fd, memory.scratch().address(), size))
                == -Errno.EAGAIN
            && System.nanoTime() < deadline) {
          // The queue of those that wait to be accepted is full.
          Thread.sleep(QUEUE_PAUSE);
        }
        if (result < 0) {
          throw HostException.ofCall("connect", path.toString(), -result, "");
        }
        return new UnixSocket(descriptor);
      } catch (InterruptedException e) {
        descriptor.close();
        Thread.currentThread().interrupt();
        throw HostException.ofCall("connect", path.toString(), Errno.EINTR, "");
      } catch (RuntimeException e) {
        descriptor.close();
        throw e;
      }
    }
  }

  /** Two sockets that are connected to each other, both of this class. */
  public static UnixSocket[] pair() {
    int[] fds = rawPair(TYPE);
    return new UnixSocket[] {of(fds[0]), of(fds[1])};
  }

  /**
   * A pair of which one end is for another process, as a blocking descriptor to pass.
   *
   * @param own takes the end that stays here
   */
  public static Descriptor pairToPass(Consumer<UnixSocket> own) {
    int[] fds = rawPair(SOCK_STREAM_CLOEXEC);
    Descriptor passed = Descriptor.adopt(fds[1], "a socket to pass");
    own.accept(of(fds[0]));
    return passed;
  }

  private static int[] rawPair(int type) {
    Libc.requireLinux("a socket pair");
    try (SocketMemory memory = SocketMemory.take()) {
      int result = SocketCalls.socketpair(memory, AF_UNIX, type, memory.scratch().address());
      if (result < 0) {
        throw HostException.ofCall("socketpair", "UNIX", -result, "");
      }
      return new int[] {
        memory.scratch().get(ValueLayout.JAVA_INT, 0), memory.scratch().get(ValueLayout.JAVA_INT, 4)
      };
    }
  }

  /** Takes over a connected UNIX stream socket that was passed to this process. */
  public static UnixSocket adopt(Descriptor connected) {
    return new UnixSocket(connected);
  }

  /** Who is at the other end. */
  public PeerCredentials peer() {
    descriptor.hold();
    try (SocketMemory memory = SocketMemory.take()) {
      MemorySegment scratch = memory.scratch();
      scratch.set(ValueLayout.JAVA_INT, 16, 12);
      int result =
          SocketCalls.getsockopt(
              memory,
              descriptor.heldFd(),
              SOL_SOCKET,
              SO_PEERCRED,
              scratch.address(),
              scratch.address() + 16);
      if (result < 0) {
        throw HostException.ofCall("getsockopt", "SO_PEERCRED", -result, "");
      }
      return new PeerCredentials(
          scratch.get(ValueLayout.JAVA_INT, 0),
          scratch.get(ValueLayout.JAVA_INT, 4),
          scratch.get(ValueLayout.JAVA_INT, 8));
    } finally {
      descriptor.letGo();
    }
  }

  /**
   * Waits for bytes.
   *
   * @param passed takes descriptors that came with the last of the bytes that were read; it owns
   *     them
   * @return bytes that were read, at least one, or -1 after the last
   * @throws IOException when the connection broke, or was closed here
   */
  public int read(byte[] into, int offset, int length, Consumer<List<Descriptor>> passed)
      throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    if (length == 0) {
      return 0;
    }
    while (true) {
      signals.readable().reset();
      hold();
      try (SocketMemory memory = SocketMemory.take()) {
        long message = memory.toReceive(Math.min(length, SocketMemory.SIZE));
        long result =
            SocketCalls.recvmsg(
                memory, descriptor.heldFd(), message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (result >= 0) {
          List<Descriptor> descriptors = memory.received();
          if (!descriptors.isEmpty()) {
            passed.accept(descriptors);
          }
          MemorySegment.copy(memory.bytes(), ValueLayout.JAVA_BYTE, 0, into, offset, (int) result);
          return result == 0 ? -1 : (int) result;
        }
        if (result != -Errno.EAGAIN && result != -Errno.EINTR) {
          throw failure("recvmsg", (int) -result);
        }
        if (result == -Errno.EINTR) {
          continue;
        }
      } finally {
        descriptor.letGo();
      }
      signals.readable().await();
    }
  }

  /**
   * Sends all of the bytes.
   *
   * @throws IOException when the connection broke, or was closed here
   */
  public void write(byte[] from, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, from.length);
    int done = 0;
    while (done < length) {
      done += send(from, offset + done, Math.min(length - done, SocketMemory.SIZE), -1);
    }
  }

  /**
   * Sends a byte 0 that carries a descriptor.
   *
   * @throws IOException when the connection broke, or was closed here
   */
  public void pass(Descriptor carried) throws IOException {
    carried.hold();
    try {
      send(new byte[1], 0, 1, carried.heldFd());
    } finally {
      carried.letGo();
    }
  }

  private int send(byte[] from, int offset, int length, int fd) throws IOException {
    while (true) {
      signals.writable().reset();
      hold();
      try (SocketMemory memory = SocketMemory.take()) {
        MemorySegment.copy(from, offset, memory.bytes(), ValueLayout.JAVA_BYTE, 0, length);
        long result =
            SocketCalls.sendmsg(
                memory,
                descriptor.heldFd(),
                memory.toSend(length, fd),
                MSG_DONTWAIT | MSG_NOSIGNAL);
        if (result >= 0) {
          return (int) result;
        }
        if (result == -Errno.EINTR) {
          continue;
        }
        if (result != -Errno.EAGAIN) {
          throw failure("sendmsg", (int) -result);
        }
      } finally {
        descriptor.letGo();
      }
      signals.writable().await();
    }
  }

  private void hold() throws IOException {
    try {
      descriptor.hold();
    } catch (IllegalStateException e) {
      throw new IOException("the socket is closed", e);
    }
  }

  private static IOException failure(String call, int errno) {
    return new IOException(call + ": " + Errno.text(errno));
  }

  /** Tells the other end that nothing follows; reading goes on. */
  public void finishWriting() {
    shutdown(SHUT_WR);
  }

  private void shutdown(int how) {
    try {
      descriptor.hold();
    } catch (IllegalStateException closed) {
      return;
    }
    try (SocketMemory memory = SocketMemory.take()) {
      SocketCalls.shutdown(memory, descriptor.heldFd(), how);
    } finally {
      descriptor.letGo();
    }
  }

  /** Closes both ways; threads that wait here get an {@link IOException} or the end of bytes. */
  @Override
  public void close() {
    if (closing.getAndSet(true)) {
      return;
    }
    shutdown(SHUT_RDWR);
    SocketPoller.poller().remove(descriptor.fd(), key);
    descriptor.close();
    signals.raise();
  }
}
