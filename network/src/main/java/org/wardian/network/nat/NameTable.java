package org.wardian.network.nat;

import java.util.List;
import org.wardian.network.wire.IpAddress;

/**
 * What a network's name server knows by itself, and whom it asks for the rest.
 *
 * @param enabled whether there is a name server
 * @param domain domain of the guests, or null
 * @param local whether names of the domain that are not known are not asked for elsewhere
 * @param plain whether names without a dot are asked for elsewhere
 * @param hosts names of addresses
 * @param texts text records
 * @param services service records
 * @param forwarders whom to ask; empty for the host's name servers
 */
public record NameTable(
    boolean enabled,
    String domain,
    boolean local,
    boolean plain,
    List<Host> hosts,
    List<Text> texts,
    List<Service> services,
    List<Forwarder> forwarders) {
  /** Copies the lists. */
  public NameTable {
    hosts = List.copyOf(hosts);
    texts = List.copyOf(texts);
    services = List.copyOf(services);
    forwarders = List.copyOf(forwarders);
  }

  /** Names of an address, in lower case; the first is the one that the address has. */
  public record Host(IpAddress address, List<String> names) {}

  /** A text of a name, which is in lower case. */
  public record Text(String name, String value) {}

  /**
   * A service (RFC 2782).
   *
   * @param name such as {@code _sip._tcp.example.com}, in lower case
   * @param target who offers it; {@code .} for nobody
   */
  public record Service(String name, int priority, int weight, int port, String target) {}

  /**
   * Whom to ask.
   *
   * @param domain for which names, or null for all
   * @param address whom; null for the host's name servers
   */
  public record Forwarder(String domain, IpAddress address) {}

  /** No name server. */
  public static NameTable none() {
    return new NameTable(false, null, false, true, List.of(), List.of(), List.of(), List.of());
  }
}
