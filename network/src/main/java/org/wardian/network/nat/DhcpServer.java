package org.wardian.network.nat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.wardian.network.MacAddress;
import org.wardian.network.wire.DhcpMessage;
import org.wardian.network.wire.DnsName;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.Subnet;

/** Leases addresses of IPv4: RFC 2131, and BOOTP (RFC 951) for who knows no better. */
final class DhcpServer implements UdpHandler {
  private static final int SERVER_PORT = 67;
  private static final int CLIENT_PORT = 68;

  private static final int DISCOVER = 1;
  private static final int OFFER = 2;
  private static final int REQUEST = 3;
  private static final int DECLINE = 4;
  private static final int ACK = 5;
  private static final int NAK = 6;
  private static final int RELEASE = 7;
  private static final int INFORM = 8;

  private static final int MASK = 1;
  private static final int ROUTER = 3;
  private static final int NAME_SERVER = 6;
  private static final int HOST_NAME = 12;
  private static final int DOMAIN = 15;
  private static final int INTERFACE_MTU = 26;
  private static final int BROADCAST = 28;
  private static final int REQUESTED = 50;
  private static final int LEASE_TIME = 51;
  private static final int MESSAGE_TYPE = 53;
  private static final int SERVER = 54;
  private static final int RENEWAL = 58;
  private static final int REBINDING = 59;
  private static final int CLIENT_IDENTIFIER = 61;
  private static final int TFTP_SERVER = 66;
  private static final int BOOT_FILE = 67;
  private static final int DOMAIN_SEARCH = 119;

  private static final int BROADCAST_FLAG = 0x8000;
  private static final int MOST_SEARCH_BYTES = 255;

  private final NatEngine engine;
  private final NatConfiguration configuration;
  private final AddressPool<Long> pool;

  DhcpServer(NatEngine engine, DhcpPlan plan) {
    this.engine = engine;
    configuration = engine.configuration();
    pool = new AddressPool<>(plan, true, this::station, NatEngine::seconds);
  }

  AddressPool<Long> pool() {
    return pool;
  }

  /** The address of the guest with a name, or null. */
  IpAddress byName(String name) {
    for (DhcpPlan.Host host : pool.plan().hosts()) {
      if (host.address().isV4() && name.equalsIgnoreCase(host.name())) {
        return host.address();
      }
    }
    for (DhcpLease lease : pool.leases()) {
      if (name.equals(lease.name())) {
        return lease.address();
      }
    }
    return name.equals(configuration.hostName()) ? configuration.guest4() : null;
  }

  /** The name that the guest with an address has, or null. */
  String nameOf(IpAddress address) {
    DhcpPlan.Host host = pool.plan().holder(address);
    if (host != null && host.name() != null) {
      return host.name();
    }
    for (DhcpLease lease : pool.leases()) {
      if (lease.address().equals(address)) {
        return lease.name();
      }
    }
    return null;
  }

  int leases() {
    return pool.size();
  }

  /** The domains that guests search: ours, those that were configured, the host's. */
  List<String> searchDomains() {
    Set<String> all = new LinkedHashSet<>();
    if (configuration.domain() != null) {
      all.add(configuration.domain());
    }
    all.addAll(configuration.search());
    if (pool.plan().search()) {
      all.addAll(engine.resolvers().domains());
    }
    all.removeIf(domain -> DnsName.encode(domain).length == 0);
    return List.copyOf(all);
  }

  @Override
  public void datagram(Flow flow, byte[] bytes, int offset, int length) {
    DhcpMessage message = DhcpMessage.parse(bytes, offset, length);
    if (message == null
        || message.operation() != DhcpMessage.REQUEST
        || !message.relay().unspecified()) {
      engine.counters().malformed.increment();
      return;
    }
    long client = MacAddress.of(message.hardware(), 0).bits();
    DhcpPlan.Host known = known(client, message);
    switch (message.number(MESSAGE_TYPE)) {
      case DISCOVER -> {
        IpAddress address = pool.offer(client, known, message.address(REQUESTED));
        if (address != null) {
          answer(message, OFFER, address, client);
        } else {
          engine.counters().overLimit.increment();
        }
      }
      case REQUEST -> request(message, client, known);
      case DECLINE -> {
        IpAddress address = message.address(REQUESTED);
        DhcpLease lease = pool.of(client);
        if (address != null && lease != null && address.equals(lease.address())) {
          pool.decline(client, address);
        }
      }
      case RELEASE -> {
        DhcpLease lease = pool.of(client);
        if (lease != null && message.client().equals(lease.address())) {
          pool.release(client);
        }
      }
      case INFORM -> {
        if (engine.routes().guest(message.client())) {
          answer(message, ACK, null, client);
        }
      }
      case -1 -> {
        IpAddress address =
            message.options().containsKey(MESSAGE_TYPE) ? null : pool.offer(client, known, null);
        if (address != null) {
          bind(client, address, known, message);
          answer(message, 0, address, client);
        }
      }
      default -> engine.counters().malformed.increment();
    }
  }

  /** The host of the plan that a client is, by its address or its name; null where it is none. */
  private DhcpPlan.Host known(long client, DhcpMessage message) {
    String name = name(message);
    DhcpPlan.Host byName = null;
    for (DhcpPlan.Host host : pool.plan().hosts()) {
      if (host.address().isV4()) {
        if (host.mac() == client) {
          return host;
        }
        if (host.mac() < 0 && host.name() != null && host.name().equalsIgnoreCase(name)) {
          byName = host;
        }
      }
    }
    return byName;
  }

  private void request(DhcpMessage message, long client, DhcpPlan.Host known) {
    IpAddress server = message.address(SERVER);
    if (server != null && !engine.routes().gateway(server)) {
      // It took another server's offer.
      pool.release(client);
      return;
    }
    IpAddress wanted = message.address(REQUESTED);
    if (wanted == null) {
      wanted = message.client();
    }
    if (pool.allowed(client, known, wanted)) {
      bind(client, wanted, known, message);
      answer(message, ACK, wanted, client);
    } else {
      answer(message, NAK, null, client);
    }
  }

  /** Whether an address can be a guest's. */
  private boolean station(IpAddress address) {
    Subnet subnet = configuration.network4();
    return subnet.contains(address)
        && !address.equals(subnet.first())
        && !address.equals(subnet.broadcast4())
        && !engine.routes().ours(address);
  }

  private void bind(long client, IpAddress address, DhcpPlan.Host known, DhcpMessage message) {
    String name = known != null && known.name() != null ? known.name() : freeName(client, message);
    byte[] identifier = message.options().get(CLIENT_IDENTIFIER);
    String hex = identifier == null ? null : hex(identifier);
    pool.bind(client, address, client, name, hex, 0);
  }

  /** What a client calls itself, where nobody else is called so. */
  private String freeName(long client, DhcpMessage message) {
    String name = name(message);
    if (name == null) {
      return null;
    }
    DhcpLease own = pool.of(client);
    for (DhcpLease lease : pool.leases()) {
      if (name.equals(lease.name()) && !lease.equals(own)) {
        return null;
      }
    }
    return name;
  }

  private static String name(DhcpMessage message) {
    byte[] name = message.options().get(HOST_NAME);
    if (name == null || name.length == 0) {
      return null;
    }
    String text = new String(name, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
    return text.matches("[a-z0-9_-]{1,63}") ? text : null;
  }

  /** Bytes in hex digits with colons. */
  static String hex(byte[] bytes) {
    return HexFormat.ofDelimiter(":").formatHex(bytes);
  }

  private void answer(DhcpMessage message, int type, IpAddress address, long client) {
    Map<Integer, byte[]> options = new LinkedHashMap<>();
    IpAddress gateway = configuration.gateway4();
    if (type != 0) {
      options.put(MESSAGE_TYPE, new byte[] {(byte) type});
      options.put(SERVER, gateway.bytes());
    }
    boolean refusal = type == NAK;
    if (!refusal) {
      if (address != null && type != 0) {
        int length = pool.plan().seconds(address);
        options.put(LEASE_TIME, number(length == 0 ? -1 : length));
        if (length != 0) {
          options.put(RENEWAL, number(length / 2));
          options.put(REBINDING, number((int) (length * 7L / 8)));
        }
      }
      describe(options, address);
    }
    boolean file = !refusal && configuration.bootFile() != null;
    DhcpMessage reply =
        new DhcpMessage(
            DhcpMessage.REPLY,
            message.transaction(),
            0,
            message.flags(),
            refusal ? IpAddress.ANY4 : message.client(),
            address == null ? IpAddress.ANY4 : address,
            refusal ? IpAddress.ANY4 : gateway,
            IpAddress.ANY4,
            message.hardware(),
            options);
    byte[] payload = reply.write(file ? bytes(configuration.bootFile()) : new byte[0]);
    boolean configured = !message.client().unspecified() && !refusal;
    boolean broadcast = refusal || !configured && (message.flags() & BROADCAST_FLAG) != 0;
    IpAddress to = broadcast ? IpAddress.BROADCAST4 : configured ? message.client() : address;
    long station = broadcast || (client >>> 40 & 1) != 0 ? MacAddress.BROADCAST.bits() : client;
    engine.link().sendToStation(station, gateway, to, SERVER_PORT, CLIENT_PORT, payload);
  }

  private void describe(Map<Integer, byte[]> options, IpAddress address) {
    Subnet subnet = configuration.network4();
    options.put(MASK, number(subnet.mask4()));
    if (configuration.reach() != Reach.NOWHERE) {
      options.put(ROUTER, configuration.gateway4().bytes());
    }
    if (configuration.names() == null || configuration.names().enabled()) {
      options.put(NAME_SERVER, configuration.dns4().bytes());
    }
    options.put(BROADCAST, subnet.broadcast4().bytes());
    int mtu = configuration.mtu();
    options.put(INTERFACE_MTU, new byte[] {(byte) (mtu >> 8), (byte) mtu});
    DhcpPlan.Host known = address == null ? null : pool.plan().holder(address);
    String name = known != null && known.name() != null ? known.name() : configuration.hostName();
    if (name != null) {
      options.put(HOST_NAME, bytes(name));
    }
    if (configuration.domain() != null) {
      options.put(DOMAIN, bytes(configuration.domain()));
    }
    if (configuration.bootFile() != null) {
      options.put(TFTP_SERVER, bytes(configuration.gateway4().toString()));
      options.put(BOOT_FILE, bytes(configuration.bootFile()));
    }
    ByteArrayOutputStream search = new ByteArrayOutputStream();
    for (String domain : searchDomains()) {
      byte[] encoded = DnsName.encode(domain);
      if (search.size() + encoded.length <= MOST_SEARCH_BYTES) {
        search.writeBytes(encoded);
      }
    }
    if (search.size() > 0) {
      options.put(DOMAIN_SEARCH, search.toByteArray());
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] number(int value) {
    return IpAddress.v4(value).bytes();
  }
}
