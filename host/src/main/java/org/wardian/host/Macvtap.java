package org.wardian.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A macvtap interface: a second Ethernet address of an interface of the host, whose frames go to
 * and come from {@code /dev/tapN}. It stays until it is deleted. Takes CAP_NET_ADMIN. Sources:
 * rtnetlink(7), netlink(7), {@code include/uapi/linux/if_link.h}.
 */
public final class Macvtap {
  /** How it reaches others on the same interface ({@code enum macvlan_mode}). */
  public enum Mode {
    /** Not at all. */
    PRIVATE(1),
    /** Through a switch outside that turns frames back. */
    VEPA(2),
    /** At once. */
    BRIDGE(4),
    /** The interface is its alone. */
    PASSTHROUGH(8);

    private final int number;

    Mode(int number) {
      this.number = number;
    }

    /**
     * From its name in a document.
     *
     * @throws IllegalArgumentException for other texts
     */
    public static Mode of(String name) {
      return valueOf(name.toUpperCase(Locale.ROOT));
    }
  }

  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_CLOEXEC = 3 | 02000000;
  private static final int NETLINK_ROUTE = 0;
  private static final short RTM_NEWLINK = 16;
  private static final short RTM_DELLINK = 17;
  private static final short REQUEST_AND_ACKNOWLEDGE = 5;
  private static final short CREATE_EXCLUSIVELY = 0x600;
  private static final int HEADER = 16;
  private static final int LINK_HEADER = 16;
  private static final int NLMSG_ERROR = 2;
  private static final short IFLA_ADDRESS = 1;
  private static final short IFLA_IFNAME = 3;
  private static final short IFLA_LINK = 5;
  private static final short IFLA_LINKINFO = 18;
  private static final short IFLA_INFO_KIND = 1;
  private static final short IFLA_INFO_DATA = 2;
  private static final short IFLA_MACVLAN_MODE = 1;
  private static final int ROOM = 512;

  private final MemorySegment message;
  private int length;

  private Macvtap(Arena arena, short type, short flags) {
    message = arena.allocate(ROOM, 8);
    message.set(ValueLayout.JAVA_SHORT, 4, type);
    message.set(ValueLayout.JAVA_SHORT, 6, flags);
    length = HEADER + LINK_HEADER;
  }

  /**
   * Makes one and switches it on.
   *
   * @param name of the new interface
   * @param lower the interface of the host
   * @param address 48 bits, the first byte in bits 47 to 40
   * @throws HostException where the host refuses
   */
  public static TapDevice open(String name, String lower, Mode mode, long address) {
    int index = HostLink.of(lower).index();
    if (index < 0) {
      throw HostException.unsupported("interface " + lower, "there is no such interface");
    }
    HostLink link = HostLink.of(name);
    try (Arena arena = Arena.ofConfined()) {
      Macvtap request =
          new Macvtap(arena, RTM_NEWLINK, (short) (REQUEST_AND_ACKNOWLEDGE | CREATE_EXCLUSIVELY));
      request.number(IFLA_LINK, index);
      request.text(IFLA_IFNAME, name);
      byte[] mac = new byte[6];
      for (int i = 0; i < mac.length; i++) {
        mac[i] = (byte) (address >>> 40 - 8 * i);
      }
      request.bytes(IFLA_ADDRESS, mac);
      int info = request.begin(IFLA_LINKINFO);
      request.text(IFLA_INFO_KIND, "macvtap");
      int data = request.begin(IFLA_INFO_DATA);
      request.number(IFLA_MACVLAN_MODE, mode.number);
      request.end(data);
      request.end(info);
      request.send("RTM_NEWLINK", name + " on " + lower);
    }
    try {
      TapDevice device = TapDevice.ofNode(link.index(), name, () -> delete(name));
      link.up();
      return device;
    } catch (RuntimeException e) {
      delete(name);
      throw e;
    }
  }

  /** Deletes an interface; nothing where there is none. */
  public static void delete(String name) {
    int index = HostLink.of(name).index();
    if (index < 0) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      Macvtap request = new Macvtap(arena, RTM_DELLINK, REQUEST_AND_ACKNOWLEDGE);
      request.message.set(ValueLayout.JAVA_INT, HEADER + 4, index);
      request.send("RTM_DELLINK", name);
    }
  }

  private void bytes(short type, byte[] value) {
    message.set(ValueLayout.JAVA_SHORT, length, (short) (4 + value.length));
    message.set(ValueLayout.JAVA_SHORT, length + 2, type);
    MemorySegment.copy(value, 0, message, ValueLayout.JAVA_BYTE, length + 4, value.length);
    length += 4 + value.length + 3 & ~3;
  }

  private void text(short type, String value) {
    bytes(type, (value + '\0').getBytes(StandardCharsets.US_ASCII));
  }

  private void number(short type, int value) {
    message.set(ValueLayout.JAVA_SHORT, length, (short) 8);
    message.set(ValueLayout.JAVA_SHORT, length + 2, type);
    message.set(ValueLayout.JAVA_INT, length + 4, value);
    length += 8;
  }

  private int begin(short type) {
    int at = length;
    message.set(ValueLayout.JAVA_SHORT, at + 2, type);
    length += 4;
    return at;
  }

  private void end(int at) {
    message.set(ValueLayout.JAVA_SHORT, at, (short) (length - at));
  }

  private void send(String what, String about) {
    message.set(ValueLayout.JAVA_INT, 0, length);
    NativeCall.Result made = Libc.SOCKET.call(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
    if (made.failed()) {
      throw HostException.ofCall("socket", "NETLINK_ROUTE", made.errno(), "");
    }
    try (Descriptor socket = Descriptor.adopt((int) made.value(), "rtnetlink")) {
      long sent = socket.write(message.address(), length);
      long read = sent < 0 ? sent : socket.read(message.address(), ROOM);
      int error = (int) Math.min(0, read);
      if (read >= HEADER + 4 && message.get(ValueLayout.JAVA_SHORT, 4) == NLMSG_ERROR) {
        error = message.get(ValueLayout.JAVA_INT, HEADER);
      }
      if (error != 0) {
        String remedy =
            -error == Errno.EPERM ? "the privilege CAP_NET_ADMIN is missing: run as root" : "";
        throw HostException.ofCall(what, "interface " + about, -error, remedy);
      }
    }
  }
}
