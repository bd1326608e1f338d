package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Sends ICMP echo requests and hears the answers to them, without privilege where the host allows
 * it (sysctl {@code net.ipv4.ping_group_range}, {@code icmp(7)}), else by a raw socket, which only
 * root has.
 *
 * <p>One thread may send while another receives.
 */
public final class EchoSocket implements AutoCloseable {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_FLAGS = 02000000 | 04000;
  private static final int IPPROTO_IP = 0;
  private static final int IPPROTO_ICMP = 1;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPPROTO_ICMPV6 = 58;
  private static final int IP_TTL = 2;
  private static final int IPV6_UNICAST_HOPS = 16;
  private static final int POLLIN = 1;
  private static final int PATIENCE = 200;
  private static final int HEADER = 8;
  private static final int ADDRESS4 = 16;
  private static final int ADDRESS6 = 28;
  private static final int LONGEST = 65_535;
  private static final ValueLayout.OfShort NETWORK_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final boolean v4;
  private final boolean raw;
  private final Descriptor socket;
  private final int identifier;

  /**
   * An answer.
   *
   * @param from who sent it: 4 or 16 bytes
   * @param sequence the number that the request had, 0 to 65,535
   * @param length bytes of payload
   */
  public record Reply(byte[] from, int sequence, int length) {}

  private EchoSocket(boolean v4, boolean raw, int fd) {
    this.v4 = v4;
    this.raw = raw;
    socket = Descriptor.adopt(fd, "an ICMP socket");
    identifier = (int) (ProcessHandle.current().pid() ^ System.nanoTime()) & 0xffff;
  }

  /**
   * Opens one.
   *
   * @param v4 for IPv4, or else IPv6
   * @throws HostException where the host allows this user neither kind
   */
  public static EchoSocket open(boolean v4) {
    Libc.requireLinux("an ICMP socket");
    int family = v4 ? AF_INET : AF_INET6;
    int protocol = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    NativeCall.Result result = Libc.SOCKET.call(family, SOCK_DGRAM | SOCK_FLAGS, protocol);
    boolean raw = result.failed();
    if (raw) {
      result = Libc.SOCKET.call(family, SOCK_RAW | SOCK_FLAGS, protocol);
    }
    if (result.failed()) {
      throw HostException.ofCall(
          "socket",
          v4 ? "ICMP" : "ICMPv6",
          result.errno(),
          "let this group ping by sysctl net.ipv4.ping_group_range");
    }
    return new EchoSocket(v4, raw, (int) result.value());
  }

  /**
   * Sends a request.
   *
   * @param to 4 or 16 bytes
   * @param sequence comes back in the answer
   * @param hopLimit hops that it may go, 1 to 255
   * @throws HostException where the host knows no way
   */
  public void send(byte[] to, int sequence, byte[] payload, int offset, int length, int hopLimit) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment hops = arena.allocate(ValueLayout.JAVA_INT);
      hops.set(ValueLayout.JAVA_INT, 0, hopLimit);
      Libc.SETSOCKOPT.call(
          socket.fd(),
          v4 ? IPPROTO_IP : IPPROTO_IPV6,
          v4 ? IP_TTL : IPV6_UNICAST_HOPS,
          hops.address(),
          4);
      MemorySegment message = arena.allocate(HEADER + length);
      message.set(ValueLayout.JAVA_BYTE, 0, (byte) (v4 ? 8 : 128));
      message.set(NETWORK_SHORT, 4, (short) identifier);
      message.set(NETWORK_SHORT, 6, (short) sequence);
      MemorySegment.copy(payload, offset, message, ValueLayout.JAVA_BYTE, HEADER, length);
      if (v4) {
        message.set(NETWORK_SHORT, 2, (short) checksum(message));
      }
      MemorySegment address = arena.allocate(ADDRESS6, 4);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) (v4 ? AF_INET : AF_INET6));
      MemorySegment.copy(to, 0, address, ValueLayout.JAVA_BYTE, v4 ? 4 : 8, to.length);
      NativeCall.Result result =
          Libc.SENDTO.call(
              socket.fd(),
              message.address(),
              message.byteSize(),
              0,
              address.address(),
              v4 ? ADDRESS4 : ADDRESS6);
      if (result.failed() && result.errno() != Errno.EAGAIN) {
        throw HostException.ofCall("sendto", "an echo request", result.errno(), "");
      }
    }
  }

  private static int checksum(MemorySegment message) {
    long sum = 0;
    long size = message.byteSize();
    for (long i = 0; i + 1 < size; i += 2) {
      sum += message.get(NETWORK_SHORT, i) & 0xffff;
    }
    if ((size & 1) != 0) {
      sum += (message.get(ValueLayout.JAVA_BYTE, size - 1) & 0xff) << 8;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) ~sum;
  }

  /**
   * Waits for an answer to a request of this socket.
   *
   * @param payload where its payload goes, as much as fits
   * @return the answer; null once this is closed
   */
  public Reply receive(byte[] payload) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(LONGEST);
      MemorySegment address = arena.allocate(ADDRESS6, 4);
      MemorySegment addressSize = arena.allocate(ValueLayout.JAVA_INT);
      while (!socket.closed()) {
        if ((socket.poll(POLLIN, PATIENCE) & POLLIN) == 0) {
          continue;
        }
        addressSize.set(ValueLayout.JAVA_INT, 0, ADDRESS6);
        NativeCall.Result result =
            Libc.RECVFROM.call(
                socket.fd(),
                message.address(),
                (long) LONGEST,
                0,
                address.address(),
                addressSize.address());
        if (result.failed()) {
          continue;
        }
        Reply reply = parse(message.asSlice(0, result.value()), address, payload);
        if (reply != null) {
          return reply;
        }
      }
      return null;
    } catch (IllegalStateException closedMeanwhile) {
      return null;
    }
  }

  private Reply parse(MemorySegment packet, MemorySegment address, byte[] payload) {
    MemorySegment message = packet;
    if (v4 && raw) {
      int header = packet.byteSize() < 20 ? 0 : (packet.get(ValueLayout.JAVA_BYTE, 0) & 0xf) * 4;
      message = packet.asSlice(Math.min(header, packet.byteSize()));
    }
    if (message.byteSize() < HEADER
        || (message.get(ValueLayout.JAVA_BYTE, 0) & 0xff) != (v4 ? 0 : 129)
        || raw && (message.get(NETWORK_SHORT, 4) & 0xffff) != identifier) {
      return null;
    }
    int length = (int) Math.min(payload.length, message.byteSize() - HEADER);
    MemorySegment.copy(message, ValueLayout.JAVA_BYTE, HEADER, payload, 0, length);
    byte[] from = address.asSlice(v4 ? 4 : 8, v4 ? 4 : 16).toArray(ValueLayout.JAVA_BYTE);
    return new Reply(from, message.get(NETWORK_SHORT, 6) & 0xffff, length);
  }

  /** Closes the socket; a thread that receives ends within a moment. */
  @Override
  public void close() {
    socket.close();
  }
}
