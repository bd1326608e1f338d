package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A TAP interface of the host: each read takes one Ethernet frame that the host sends to it, each
 * write gives the host one. Before each frame stands the {@value #HEADER} bytes of {@code struct
 * virtio_net_hdr} in the host's byte order. Sources: {@code Documentation/networking/tuntap.rst},
 * {@code include/uapi/linux/if_tun.h}.
 */
public final class TapDevice implements AutoCloseable {
  /** Bytes of the header before each frame. */
  public static final int HEADER = 10;

  /** Offload: checksums may be left to do. */
  public static final int CHECKSUM = 1;

  /** Offload: long TCP frames over IPv4. */
  public static final int TCP4 = 2;

  /** Offload: long TCP frames over IPv6. */
  public static final int TCP6 = 4;

  /** Longest name of an interface, in bytes. */
  public static final int LONGEST_NAME = 15;

  private static final Path FILE = Path.of("/dev/net/tun");
  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETVNETHDRSZ = 0x400454d8L;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final long FIONBIO = 0x5421;
  private static final long SIOCGIFMTU = 0x8921;
  private static final int IFF_TAP = 2;
  private static final int IFF_NO_PI = 0x1000;
  private static final int IFF_VNET_HDR = 0x4000;
  private static final int IFREQ = 40;
  private static final int IFREQ_VALUE = 16;
  private static final int EPERM = 1;
  private static final int POLLIN = 1;
  private static final int AF_INET = 2;
  private static final int SOCK_DGRAM = 2;

  private final Descriptor file;
  private final String name;

  private final Runnable afterwards;

  private TapDevice(Descriptor file, String name, Runnable afterwards) {
    this.file = file;
    this.name = name;
    this.afterwards = afterwards;
  }

  /**
   * Opens an interface; creates it where there is none, which takes the privilege to.
   *
   * @param wanted its name, 1 to {@value #LONGEST_NAME} bytes of ASCII; {@code tap%d} takes the
   *     next free number
   * @throws HostException where the host has no such device, another program has it, or this user
   *     may not
   */
  public static TapDevice open(String wanted) {
    Libc.requireLinux("a TAP interface");
    if (!wanted.matches("[!-~&&[^/:]]{1," + LONGEST_NAME + "}")) {
      throw new IllegalArgumentException(
          "no name of an interface: " + wanted + "; it has 1 to " + LONGEST_NAME + " letters");
    }
    if (!Files.exists(FILE)) {
      throw HostException.unsupported(FILE.toString(), "load it: modprobe tun");
    }
    return attach(Descriptor.open(FILE), wanted, () -> {});
  }

  /**
   * Opens the file of a macvtap interface.
   *
   * @param index of the interface
   * @param afterwards done once it is closed
   */
  static TapDevice ofNode(int index, String name, Runnable afterwards) {
    return attach(Descriptor.open(Path.of("/dev/tap" + index)), name, afterwards);
  }

  private static TapDevice attach(Descriptor file, String wanted, Runnable afterwards) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(IFREQ, 8);
      request.setString(0, wanted, StandardCharsets.US_ASCII);
      request.set(
          ValueLayout.JAVA_SHORT, IFREQ_VALUE, (short) (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR));
      check(file.ioctl(TUNSETIFF, request.address()), "TUNSETIFF", wanted);
      String name = request.getString(0, StandardCharsets.US_ASCII);
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      number.set(ValueLayout.JAVA_INT, 0, HEADER);
      check(file.ioctl(TUNSETVNETHDRSZ, number.address()), "TUNSETVNETHDRSZ", name);
      number.set(ValueLayout.JAVA_INT, 0, 1);
      check(file.ioctl(FIONBIO, number.address()), "FIONBIO", name);
      return new TapDevice(file, name, afterwards);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static void check(int result, String request, String name) {
    if (result >= 0) {
      return;
    }
    String remedy =
        switch (-result) {
          case EPERM ->
              "root can make one for you: ip tuntap add dev " + name + " mode tap user $USER";
          case Errno.EBUSY -> "another program has it: choose another interface";
          case Errno.EINVAL ->
              "it is no TAP interface with a vnet header of one queue: choose another";
          default -> "";
        };
    throw HostException.ofCall("ioctl " + request, "interface " + name, -result, remedy);
  }

  /** The interface's name. */
  public String name() {
    return name;
  }

  /**
   * Says what the reader of frames takes beyond complete ones.
   *
   * @param offloads the sum of {@link #CHECKSUM}, {@link #TCP4} and {@link #TCP6}
   */
  public void accept(int offloads) {
    check(file.ioctl(TUNSETOFFLOAD, offloads), "TUNSETOFFLOAD", name);
  }

  /** The interface's MTU in bytes; 1,500 where it cannot be asked for. */
  public int mtu() {
    NativeCall.Result socket = Libc.SOCKET.call(AF_INET, SOCK_DGRAM, 0);
    if (socket.failed()) {
      return 1500;
    }
    try (Descriptor any = Descriptor.adopt((int) socket.value(), "a socket");
        Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(IFREQ, 8);
      request.setString(0, name, StandardCharsets.US_ASCII);
      int result = any.ioctl(SIOCGIFMTU, request.address());
      return result < 0 ? 1500 : request.get(ValueLayout.JAVA_INT, IFREQ_VALUE);
    }
  }

  /**
   * Takes a frame with its header.
   *
   * @return bytes, or the negated error number: {@link Errno#EAGAIN} where there is none
   * @throws IllegalStateException after {@link #close}
   */
  public long read(long address, long room) {
    return file.read(address, room);
  }

  /**
   * Gives the host a frame with its header.
   *
   * @return bytes, or the negated error number
   * @throws IllegalStateException after {@link #close}
   */
  public long write(long address, long bytes) {
    return file.write(address, bytes);
  }

  /**
   * Waits for a frame.
   *
   * @param milliseconds how long at most
   * @return whether there is one, or an error that {@link #read} will tell
   * @throws IllegalStateException after {@link #close}
   */
  public boolean await(int milliseconds) {
    return file.poll(POLLIN, milliseconds) > 0;
  }

  /** Closes it; an interface that this created goes away. */
  @Override
  public void close() {
    boolean first = !file.closed();
    file.close();
    if (first) {
      afterwards.run();
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
