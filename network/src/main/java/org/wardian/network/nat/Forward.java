package org.wardian.network.nat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.wardian.network.wire.IpAddress;

/**
 * A port of the host that leads to a port of the guest.
 *
 * @param protocol what is forwarded
 * @param bind where the host listens
 * @param hostPort port of the host, 0 to 65,535; 0 takes any that is free
 * @param guest the guest's address, or null for the one that it is leased first
 * @param guestPort port of the guest, 1 to 65,535
 */
public record Forward(
    Protocol protocol, InetAddress bind, int hostPort, IpAddress guest, int guestPort) {
  /** What is forwarded. */
  public enum Protocol {
    /** Connections. */
    TCP,
    /** Datagrams. */
    UDP
  }

  private static final int LARGEST_PORT = 65_535;

  /** Checks the ports. */
  public Forward {
    if (hostPort < 0 || hostPort > LARGEST_PORT || guestPort < 1 || guestPort > LARGEST_PORT) {
      throw new IllegalArgumentException("ports are 1 to 65535: " + hostPort + ":" + guestPort);
    }
  }

  /**
   * Reads {@code [bind:]hostPort:guestPort[/tcp|/udp]}; without {@code bind} the host listens on
   * 127.0.0.1; an address of IPv6 stands in brackets.
   *
   * @throws IllegalArgumentException for other texts
   */
  public static Forward parse(String text) {
    String rest = text;
    Protocol protocol = Protocol.TCP;
    int slash = rest.lastIndexOf('/');
    if (slash >= 0) {
      protocol =
          switch (rest.substring(slash + 1)) {
            case "tcp" -> Protocol.TCP;
            case "udp" -> Protocol.UDP;
            default -> throw malformed(text);
          };
      rest = rest.substring(0, slash);
    }
    int guestColon = rest.lastIndexOf(':');
    int hostColon = guestColon < 0 ? -1 : rest.lastIndexOf(':', guestColon - 1);
    if (guestColon < 0) {
      throw malformed(text);
    }
    IpAddress bind = IpAddress.LOOPBACK4;
    if (hostColon >= 0) {
      String name = rest.substring(0, hostColon);
      boolean bracketed = name.startsWith("[") && name.endsWith("]");
      if (!bracketed && name.indexOf(':') >= 0) {
        throw malformed(text);
      }
      try {
        bind = IpAddress.parse(bracketed ? name.substring(1, name.length() - 1) : name);
      } catch (IllegalArgumentException e) {
        throw malformed(text);
      }
    }
    return new Forward(
        protocol,
        bind.inet(),
        port(rest.substring(hostColon + 1, guestColon), text),
        null,
        port(rest.substring(guestColon + 1), text));
  }

  private static int port(String digits, String text) {
    if (!digits.matches("\\d{1,5}")) {
      throw malformed(text);
    }
    int port = Integer.parseInt(digits);
    if (port < 1 || port > LARGEST_PORT) {
      throw malformed(text);
    }
    return port;
  }

  private static IllegalArgumentException malformed(String text) {
    return new IllegalArgumentException(
        "no forward: "
            + text
            + "; one looks like 2222:22, 0.0.0.0:8080:80, [::1]:5353:53/udp, with ports 1 to"
            + " 65535");
  }

  /** Where the host listens. */
  public InetSocketAddress listen() {
    return new InetSocketAddress(bind, hostPort);
  }
}
