package org.wardian.daemon.network.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.host.HostException;
import org.wardian.host.HostLink;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;
import org.wardian.network.tap.RoutedPort;
import org.wardian.network.tap.TapPort;
import org.wardian.network.wire.IpAddress;

/**
 * The host's side of a network that its kernel routes: a TAP interface with the bridge's name and
 * the gateway's addresses. It goes with the process.
 */
public final class HostRoute {
  private static final Path SYSCTL = Path.of("/proc/sys/net");
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path TUN = Path.of("/dev/net/tun");

  /** CAP_NET_ADMIN: capabilities(7). */
  private static final int NETWORK_ADMINISTRATOR = 12;

  private HostRoute() {}

  /**
   * What is missing for interfaces of the host to be made, in words.
   *
   * @return empty where nothing is
   */
  public static String missing() {
    if (!Files.exists(TUN)) {
      return TUN + " is missing: modprobe tun";
    }
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("CapEff:")) {
          long bits = Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16);
          if ((bits >>> NETWORK_ADMINISTRATOR & 1) == 0) {
            return "the privilege CAP_NET_ADMIN is missing: run the daemon as root";
          }
        }
      }
    } catch (IOException | NumberFormatException e) {
      return STATUS + " cannot be read: " + e.getMessage();
    }
    return "";
  }

  /** Whether a network is routed by the kernel: where that can be had, an open one too. */
  static boolean isFor(NetworkDocument network) {
    return switch (network.mode()) {
      case "route" -> true;
      case "open" -> missing().isEmpty();
      default -> false;
    };
  }

  /**
   * Makes the interface and lets the host route between it and its others.
   *
   * @param services what answers DHCP and DNS; null where nothing does
   * @param mac the gateway's Ethernet address
   * @throws IOException where the host refuses, in words
   */
  static NetworkPort open(NetworkDocument network, NetworkPort services, MacAddress mac)
      throws IOException {
    String name = network.bridge();
    if (HostLink.of(name).exists()) {
      throw new IOException(
          "network '" + network.name() + "': the host has an interface " + name + " already");
    }
    TapPort tap = null;
    try {
      tap = new TapPort(name);
      HostLink link = HostLink.of(name);
      link.setAddress(mac.bits());
      link.setMtu(network.mtu());
      List<IpAddress> gateways = new ArrayList<>();
      boolean six = false;
      for (XmlElement ip : network.addresses()) {
        IpAddress address = IpAddress.parse(ip.attribute("address"));
        gateways.add(address);
        if (!address.isV4() && !six) {
          six = true;
          // A router does not believe others on its own network.
          set("ipv6/conf/" + name + "/accept_ra", "0");
        }
        link.assign(address.inet(), NetworkDocument.prefix(ip));
      }
      link.up();
      forward(six);
      for (XmlElement route : network.routes()) {
        link.route(
            IpAddress.parse(route.attribute("address")).inet(),
            NetworkDocument.prefix(route),
            IpAddress.parse(route.attribute("gateway")).inet(),
            Integer.parseInt(route.attribute("metric", "1")));
      }
      return services == null ? tap : new RoutedPort(tap, services, gateways);
    } catch (HostException | IOException e) {
      if (tap != null) {
        tap.close();
      }
      throw new IOException("network '" + network.name() + "': " + e.getMessage(), e);
    }
  }

  private static void forward(boolean six) throws IOException {
    set("ipv4/ip_forward", "1");
    if (six) {
      set("ipv6/conf/all/forwarding", "1");
    }
  }

  /** Writes a setting of the kernel, where it is another one: sysctl(8). */
  private static void set(String setting, String value) throws IOException {
    Path file = SYSCTL.resolve(setting);
    if (!Files.readString(file).strip().equals(value)) {
      Files.writeString(file, value);
    }
  }
}
