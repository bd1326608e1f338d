package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

/**
 * A network interface of the host, by its name, in the network namespace of this process. What
 * changes it takes the privilege CAP_NET_ADMIN. Sources: netdevice(7), ipv6(7), {@code
 * include/uapi/linux/sockios.h}, {@code if.h}, {@code route.h}, {@code ipv6.h}, {@code
 * ipv6_route.h}.
 */
public final class HostLink {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOCK_DGRAM = 2;
  private static final long SIOCADDRT = 0x890b;
  private static final long SIOCGIFFLAGS = 0x8913;
  private static final long SIOCSIFFLAGS = 0x8914;
  private static final long SIOCSIFADDR = 0x8916;
  private static final long SIOCSIFNETMASK = 0x891c;
  private static final long SIOCGIFMTU = 0x8921;
  private static final long SIOCSIFMTU = 0x8922;
  private static final long SIOCSIFHWADDR = 0x8924;
  private static final long SIOCGIFINDEX = 0x8933;
  private static final long SIOCBRADDIF = 0x89a2;
  private static final short IFF_UP = 1;
  private static final short ARPHRD_ETHER = 1;
  private static final int RTF_UP = 1;
  private static final int RTF_GATEWAY = 2;

  /** {@code struct ifreq}: a name of 16 bytes, then a union. */
  private static final int IFREQ = 40;

  private static final int IFREQ_VALUE = 16;

  /** {@code struct rtentry} and where its parts are. */
  private static final int RTENTRY = 120;

  private static final int RT_DESTINATION = 8;
  private static final int RT_GATEWAY = 24;
  private static final int RT_MASK = 40;
  private static final int RT_FLAGS = 56;
  private static final int RT_METRIC = 80;

  /** {@code struct in6_rtmsg} and where its parts are. */
  private static final int IN6_RTMSG = 80;

  private static final int RT6_GATEWAY = 32;
  private static final int RT6_LENGTH = 52;
  private static final int RT6_METRIC = 56;
  private static final int RT6_FLAGS = 72;
  private static final int RT6_INDEX = 76;

  private final String name;

  private HostLink(String name) {
    this.name = name;
  }

  /**
   * The interface of a name, which need not exist.
   *
   * @param name 1 to 15 bytes of ASCII
   */
  public static HostLink of(String name) {
    Libc.requireLinux("a network interface");
    if (!name.matches("[!-~&&[^/:]]{1," + TapDevice.LONGEST_NAME + "}")) {
      throw new IllegalArgumentException("no name of an interface: " + name);
    }
    return new HostLink(name);
  }

  /** What is done with a socket and a structure. */
  private interface Request {
    int make(Descriptor socket, MemorySegment structure);
  }

  private int request(int family, int size, Request request) {
    NativeCall.Result socket = Libc.SOCKET.call(family, SOCK_DGRAM, 0);
    if (socket.failed()) {
      throw HostException.ofCall("socket", "for " + name, socket.errno(), "");
    }
    try (Descriptor any = Descriptor.adopt((int) socket.value(), "a socket");
        Arena arena = Arena.ofConfined()) {
      MemorySegment structure = arena.allocate(size, 8);
      return request.make(any, structure);
    }
  }

  /** A request by {@code struct ifreq}, whose name is filled in. */
  private int named(Request request) {
    return request(
        AF_INET,
        IFREQ,
        (socket, structure) -> {
          structure.setString(0, name, StandardCharsets.US_ASCII);
          return request.make(socket, structure);
        });
  }

  private void check(String what, int result) {
    if (result < 0) {
      String remedy =
          -result == Errno.EPERM ? "the privilege CAP_NET_ADMIN is missing: run as root" : "";
      throw HostException.ofCall("ioctl " + what, "interface " + name, -result, remedy);
    }
  }

  /** Its number; -1 where there is no such interface. */
  public int index() {
    return named((socket, structure) ->
        socket.ioctl(SIOCGIFINDEX, structure.address()) < 0
            ? -1
            : structure.get(ValueLayout.JAVA_INT, IFREQ_VALUE));
  }

  /** Whether there is such an interface. */
  public boolean exists() {
    return index() >= 0;
  }

  /**
   * Its largest packet in bytes.
   *
   * @throws HostException where there is no such interface
   */
  public int mtu() {
    return named((socket, structure) -> {
      check("SIOCGIFMTU", socket.ioctl(SIOCGIFMTU, structure.address()));
      return structure.get(ValueLayout.JAVA_INT, IFREQ_VALUE);
    });
  }

  /** Sets the largest packet in bytes. */
  public void setMtu(int bytes) {
    named((socket, structure) -> {
      structure.set(ValueLayout.JAVA_INT, IFREQ_VALUE, bytes);
      check("SIOCSIFMTU", socket.ioctl(SIOCSIFMTU, structure.address()));
      return 0;
    });
  }

  /**
   * Sets the Ethernet address.
   *
   * @param bits 48 bits, the first byte in bits 47 to 40
   */
  public void setAddress(long bits) {
    named((socket, structure) -> {
      structure.set(ValueLayout.JAVA_SHORT, IFREQ_VALUE, ARPHRD_ETHER);
      for (int i = 0; i < 6; i++) {
        structure.set(ValueLayout.JAVA_BYTE, IFREQ_VALUE + 2 + i, (byte) (bits >>> 40 - 8 * i));
      }
      check("SIOCSIFHWADDR", socket.ioctl(SIOCSIFHWADDR, structure.address()));
      return 0;
    });
  }

  /** Switches it on. */
  public void up() {
    named((socket, structure) -> {
      check("SIOCGIFFLAGS", socket.ioctl(SIOCGIFFLAGS, structure.address()));
      short flags = structure.get(ValueLayout.JAVA_SHORT, IFREQ_VALUE);
      structure.set(ValueLayout.JAVA_SHORT, IFREQ_VALUE, (short) (flags | IFF_UP));
      check("SIOCSIFFLAGS", socket.ioctl(SIOCSIFFLAGS, structure.address()));
      return 0;
    });
  }

  /**
   * Puts it into a bridge.
   *
   * @param bridge the bridge's name
   */
  public void join(String bridge) {
    int index = index();
    HostLink to = of(bridge);
    to.named((socket, structure) -> {
      structure.set(ValueLayout.JAVA_INT, IFREQ_VALUE, index);
      to.check("SIOCBRADDIF of " + name, socket.ioctl(SIOCBRADDIF, structure.address()));
      return 0;
    });
  }

  /**
   * Gives it an IP address; one of IPv4 replaces that of before.
   *
   * @param prefix bits of the network's part
   */
  public void assign(InetAddress address, int prefix) {
    if (address instanceof Inet4Address) {
      named((socket, structure) -> {
        internet(structure, IFREQ_VALUE, address.getAddress());
        check("SIOCSIFADDR", socket.ioctl(SIOCSIFADDR, structure.address()));
        internet(structure, IFREQ_VALUE, mask(prefix));
        check("SIOCSIFNETMASK", socket.ioctl(SIOCSIFNETMASK, structure.address()));
        return 0;
      });
    } else {
      int index = index();
      request(
          AF_INET6,
          24,
          (socket, structure) -> {
            bytes(structure, 0, address.getAddress());
            structure.set(ValueLayout.JAVA_INT, 16, prefix);
            structure.set(ValueLayout.JAVA_INT, 20, index);
            check("SIOCSIFADDR", socket.ioctl(SIOCSIFADDR, structure.address()));
            return 0;
          });
    }
  }

  /**
   * Adds a route through a router that this interface reaches.
   *
   * @param destination the first address of a network
   * @param prefix bits of the network's part
   * @param metric the least is taken first
   */
  public void route(InetAddress destination, int prefix, InetAddress gateway, int metric) {
    if (destination instanceof Inet4Address) {
      request(
          AF_INET,
          RTENTRY,
          (socket, structure) -> {
            internet(structure, RT_DESTINATION, destination.getAddress());
            internet(structure, RT_GATEWAY, gateway.getAddress());
            internet(structure, RT_MASK, mask(prefix));
            structure.set(ValueLayout.JAVA_SHORT, RT_FLAGS, (short) (RTF_UP | RTF_GATEWAY));
            // One more than meant: route.h, "+1 for binary compatibility".
            structure.set(ValueLayout.JAVA_SHORT, RT_METRIC, (short) (metric + 1));
            check("SIOCADDRT", socket.ioctl(SIOCADDRT, structure.address()));
            return 0;
          });
    } else {
      int index = index();
      request(
          AF_INET6,
          IN6_RTMSG,
          (socket, structure) -> {
            bytes(structure, 0, destination.getAddress());
            bytes(structure, RT6_GATEWAY, gateway.getAddress());
            structure.set(ValueLayout.JAVA_SHORT, RT6_LENGTH, (short) prefix);
            structure.set(ValueLayout.JAVA_INT, RT6_METRIC, metric);
            structure.set(ValueLayout.JAVA_INT, RT6_FLAGS, RTF_UP | RTF_GATEWAY);
            structure.set(ValueLayout.JAVA_INT, RT6_INDEX, index);
            check("SIOCADDRT", socket.ioctl(SIOCADDRT, structure.address()));
            return 0;
          });
    }
  }

  private static byte[] mask(int prefix) {
    int bits = prefix == 0 ? 0 : -1 << 32 - prefix;
    return new byte[] {
      (byte) (bits >>> 24), (byte) (bits >>> 16), (byte) (bits >>> 8), (byte) bits
    };
  }

  /** A {@code struct sockaddr_in} without a port. */
  private static void internet(MemorySegment structure, int at, byte[] address) {
    structure.set(ValueLayout.JAVA_SHORT, at, (short) AF_INET);
    bytes(structure, at + 4, address);
  }

  private static void bytes(MemorySegment structure, int at, byte[] bytes) {
    MemorySegment.copy(bytes, 0, structure, ValueLayout.JAVA_BYTE, at, bytes.length);
  }

  @Override
  public String toString() {
    return name;
  }
}
