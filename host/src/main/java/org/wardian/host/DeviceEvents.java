package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Tells that devices of the host came, went or changed: the kernel's messages to every user, of
 * this process's network namespace. What a message says is not looked at, for others than the
 * kernel can send one too: it is a reason to look again. Sources: netlink(7), {@code
 * lib/kobject_uevent.c}.
 */
public final class DeviceEvents implements AutoCloseable {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 04000 | 02000000;
  private static final int NETLINK_KOBJECT_UEVENT = 15;

  /** {@code struct sockaddr_nl}, and where the groups are. */
  private static final int ADDRESS = 12;

  private static final int GROUPS = 8;
  private static final int KERNEL_GROUP = 1;
  private static final int POLLIN = 1;
  private static final int LONGEST = 8192;

  private final Descriptor socket;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(LONGEST, 8);

  private DeviceEvents(Descriptor socket) {
    this.socket = socket;
  }

  /**
   * Begins to listen.
   *
   * @throws HostException where the host does not let this process
   */
  public static DeviceEvents open() {
    Libc.requireLinux("the kernel's device events");
    NativeCall.Result made =
        Libc.SOCKET.call(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    if (made.failed()) {
      throw HostException.ofCall("socket", "NETLINK_KOBJECT_UEVENT", made.errno(), "");
    }
    Descriptor socket = Descriptor.adopt((int) made.value(), "the kernel's device events");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(ADDRESS, 8);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_NETLINK);
      address.set(ValueLayout.JAVA_INT, GROUPS, KERNEL_GROUP);
      NativeCall.Result bound = Libc.BIND.call(socket.fd(), address.address(), ADDRESS);
      if (bound.failed()) {
        socket.close();
        throw HostException.ofCall("bind", "NETLINK_KOBJECT_UEVENT", bound.errno(), "");
      }
      return new DeviceEvents(socket);
    }
  }

  /**
   * Waits for messages, and takes all that there are. One thread at a time.
   *
   * @param milliseconds how long at most
   * @return whether there were any, or some were lost
   * @throws IllegalStateException after {@link #close}
   */
  public boolean await(int milliseconds) {
    if (socket.poll(POLLIN, milliseconds) <= 0) {
      return false;
    }
    long read;
    do {
      read = socket.read(buffer.address(), LONGEST);
      // A buffer that ran over (ENOBUFS) has lost some: that is news as well.
    } while (read >= 0 || read == -Errno.EINTR);
    return true;
  }

  /** Ends it; who waits finds out after its time. */
  @Override
  public void close() {
    // The arena goes with this object: a thread may be reading still.
    socket.close();
  }
}
