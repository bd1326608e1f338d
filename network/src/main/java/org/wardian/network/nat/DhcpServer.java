package org.wardian.network.nat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
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
  private static final int TFTP_SERVER = 66;
  private static final int BOOT_FILE = 67;
  private static final int DOMAIN_SEARCH = 119;

  private static final int DAY = 86_400;
  private static final int BROADCAST_FLAG = 0x8000;
  private static final int MOST_LEASES = 1024;
  private static final int MOST_DECLINED = 64;
  private static final int MOST_SEARCH_BYTES = 255;

  private final NatEngine engine;
  private final NatConfiguration configuration;
  private final Map<Long, IpAddress> leases = new HashMap<>();
  private final Map<IpAddress, Long> holders = new HashMap<>();
  private final Map<IpAddress, String> names = new HashMap<>();
  private final Set<IpAddress> declined = new LinkedHashSet<>();

  DhcpServer(NatEngine engine) {
    this.engine = engine;
    configuration = engine.configuration();
  }

  /** The address of the guest with a name, or null. */
  IpAddress byName(String name) {
    for (Map.Entry<IpAddress, String> entry : names.entrySet()) {
      if (entry.getValue().equals(name)) {
        return entry.getKey();
      }
    }
    return name.equals(configuration.hostName()) ? configuration.guest4() : null;
  }

  /** The name that the guest with an address has given itself, or null. */
  String nameOf(IpAddress address) {
    return names.get(address);
  }

  int leases() {
    return leases.size();
  }

  /** The domains that guests search: ours, those that were configured, the host's. */
  List<String> searchDomains() {
    Set<String> all = new LinkedHashSet<>();
    if (configuration.domain() != null) {
      all.add(configuration.domain());
    }
    all.addAll(configuration.search());
    all.addAll(engine.resolvers().domains());
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
    switch (message.number(MESSAGE_TYPE)) {
      case DISCOVER -> {
        IpAddress address = offer(client, message.address(REQUESTED));
        if (address != null) {
          answer(message, OFFER, address, client);
        }
      }
      case REQUEST -> request(message, client);
      case DECLINE -> {
        IpAddress address = message.address(REQUESTED);
        if (address != null && address.equals(leases.get(client))) {
          release(client);
          declined.add(address);
          if (declined.size() > MOST_DECLINED) {
            declined.remove(declined.iterator().next());
          }
        }
      }
      case RELEASE -> {
        if (message.client().equals(leases.get(client))) {
          release(client);
        }
      }
      case INFORM -> {
        if (engine.routes().guest(message.client())) {
          answer(message, ACK, null, client);
        }
      }
      case -1 -> {
        IpAddress address =
            message.options().containsKey(MESSAGE_TYPE) ? null : offer(client, null);
        if (address != null) {
          bind(client, address);
          answer(message, 0, address, client);
        }
      }
      default -> engine.counters().malformed.increment();
    }
  }

  private void request(DhcpMessage message, long client) {
    IpAddress server = message.address(SERVER);
    if (server != null && !engine.routes().gateway(server)) {
      // It took another server's offer.
      release(client);
      return;
    }
    IpAddress wanted = message.address(REQUESTED);
    if (wanted == null) {
      wanted = message.client();
    }
    if (wanted.equals(leases.get(client)) || free(wanted)) {
      bind(client, wanted);
      note(message, wanted);
      answer(message, ACK, wanted, client);
    } else {
      answer(message, NAK, null, client);
    }
  }

  /** An address for a client: the one that it has, the one that it wants, or the next free one. */
  private IpAddress offer(long client, IpAddress wanted) {
    IpAddress held = leases.get(client);
    if (held != null) {
      return held;
    }
    if (wanted != null && free(wanted)) {
      return wanted;
    }
    Subnet subnet = configuration.network4();
    IpAddress first = configuration.guest4();
    long count = (subnet.broadcast4().v4() & 0xffff_ffffL) - (first.v4() & 0xffff_ffffL);
    for (long i = 0; i < Math.min(count, MOST_LEASES + MOST_DECLINED); i++) {
      IpAddress candidate = first.plus(i);
      if (free(candidate)) {
        return candidate;
      }
    }
    // What was declined once may serve again before nothing does.
    if (!declined.isEmpty()) {
      IpAddress again = declined.iterator().next();
      declined.remove(again);
      return again;
    }
    engine.counters().overLimit.increment();
    return null;
  }

  private boolean free(IpAddress address) {
    Subnet subnet = configuration.network4();
    return leases.size() < MOST_LEASES
        && subnet.contains(address)
        && !address.equals(subnet.first())
        && !address.equals(subnet.broadcast4())
        && !engine.routes().ours(address)
        && !holders.containsKey(address)
        && !declined.contains(address);
  }

  private void bind(long client, IpAddress address) {
    IpAddress before = leases.put(client, address);
    if (before != null && !before.equals(address)) {
      holders.remove(before);
      names.remove(before);
    }
    holders.put(address, client);
  }

  private void release(long client) {
    IpAddress address = leases.remove(client);
    if (address != null) {
      holders.remove(address);
      names.remove(address);
    }
  }

  private void note(DhcpMessage message, IpAddress address) {
    byte[] name = message.options().get(HOST_NAME);
    if (name != null && name.length > 0) {
      String text = new String(name, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
      Set<String> others = new HashSet<>(names.values());
      if (text.matches("[a-z0-9_-]{1,63}") && !others.contains(text)) {
        names.put(address, text);
      }
    }
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
        options.put(LEASE_TIME, number(DAY));
        options.put(RENEWAL, number(DAY / 2));
        options.put(REBINDING, number(DAY / 8 * 7));
      }
      describe(options);
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

  private void describe(Map<Integer, byte[]> options) {
    Subnet subnet = configuration.network4();
    options.put(MASK, number(subnet.mask4()));
    if (configuration.reach() != Reach.NOWHERE) {
      options.put(ROUTER, configuration.gateway4().bytes());
    }
    options.put(NAME_SERVER, configuration.dns4().bytes());
    options.put(BROADCAST, subnet.broadcast4().bytes());
    int mtu = configuration.mtu();
    options.put(INTERFACE_MTU, new byte[] {(byte) (mtu >> 8), (byte) mtu});
    if (configuration.hostName() != null) {
      options.put(HOST_NAME, bytes(configuration.hostName()));
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
