package org.wardian.network.nat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.wardian.network.wire.DnsMessage;
import org.wardian.network.wire.DnsName;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.NetworkOrder;

/**
 * The name server of the virtual network: it answers for the gateway and the guests itself, and
 * asks the host's name servers for the rest, each query from a port and with a number of its own
 * (RFC 5452). Queries by TCP are passed on as connections.
 */
final class DnsForwarder implements UdpHandler {
  private static final int MOST_PENDING = 128;
  private static final int MOST_CACHED = 512;
  private static final int LONGEST_CACHED = 1500;
  private static final int LONGEST = 65_535;
  private static final int LONGEST_QUERY = 4096;
  private static final int ATTEMPTS = 4;
  private static final int OWN_LIFE = 60;
  private static final long PATIENCE = 2_000_000_000L;
  private static final long SECOND = 1_000_000_000L;

  private final NatEngine engine;
  private final DhcpServer dhcp;
  private final SecureRandom random = new SecureRandom();
  private final Set<Pending> pending = new LinkedHashSet<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST);

  /** A response and when it came. */
  private record Cached(byte[] response, long since, int life) {}

  private final Map<ByteBuffer, Cached> cache =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Cached> eldest) {
          return size() > MOST_CACHED;
        }
      };

  private NameTable names;

  DnsForwarder(NatEngine engine, DhcpServer dhcp) {
    this.engine = engine;
    this.dhcp = dhcp;
    names = engine.configuration().names();
  }

  /** Answers by another table from now on. */
  void names(NameTable table) {
    names = table;
    cache.clear();
  }

  /** Whether queries are answered at all. */
  boolean enabled() {
    return names == null || names.enabled();
  }

  int pending() {
    return pending.size();
  }

  @Override
  public void datagram(Flow flow, byte[] bytes, int offset, int length) {
    if (flow.guest().unspecified()) {
      engine.counters().refused.increment();
      return;
    }
    DnsMessage message = DnsMessage.parse(bytes, offset, length);
    if (message == null || message.response() || length > LONGEST_QUERY) {
      engine.counters().malformed.increment();
      return;
    }
    engine.counters().queries.increment();
    byte[] own =
        message.query()
            ? own(bytes, offset, message)
            : DnsMessage.respond(bytes, offset, message, DnsMessage.NOT_IMPLEMENTED);
    if (own != null) {
      send(flow, own, own.length);
      return;
    }
    if (!engine.configuration().reach().outside()) {
      refuse(flow, bytes, offset, message, DnsMessage.REFUSED);
      return;
    }
    byte[] query = DnsMessage.withoutOptions(bytes, offset, length);
    byte[] known = cached(query);
    if (known != null) {
      send(flow, known, known.length);
      return;
    }
    if (pending.size() >= MOST_PENDING) {
      engine.counters().overLimit.increment();
      refuse(flow, bytes, offset, message, DnsMessage.SERVER_FAILURE);
      return;
    }
    Pending asked = new Pending(flow, query, message);
    pending.add(asked);
    asked.ask();
  }

  private void refuse(Flow flow, byte[] bytes, int offset, DnsMessage message, int code) {
    byte[] response = DnsMessage.respond(bytes, offset, message, code);
    send(flow, response, response.length);
  }

  private void send(Flow flow, byte[] response, int length) {
    engine
        .link()
        .sendUdp(flow.peer(), flow.peerPort(), flow.guest(), flow.guestPort(), response, 0, length);
  }

  /** What we know ourselves: names of the gateway, the name server and the guests. */
  private byte[] own(byte[] bytes, int at, DnsMessage message) {
    NatConfiguration configuration = engine.configuration();
    if (message.category() != DnsMessage.INTERNET) {
      return null;
    }
    if (names != null) {
      return new NameAnswers(names, configuration, dhcp).answer(bytes, at, message);
    }
    if (message.type() == DnsMessage.PTR) {
      return pointer(bytes, at, message);
    }
    String domain = configuration.domain();
    String name = message.name();
    if (domain == null || !name.endsWith("." + domain)) {
      return null;
    }
    String label = name.substring(0, name.length() - domain.length() - 1);
    IpAddress four;
    IpAddress six = null;
    switch (label) {
      case "gateway", "host" -> {
        four = configuration.gateway4();
        six = configuration.ipv6() ? configuration.gateway6() : null;
      }
      case "dns" -> {
        four = configuration.dns4();
        six = configuration.ipv6() ? configuration.dns6() : null;
      }
      default -> four = dhcp.byName(label);
    }
    if (four == null) {
      return DnsMessage.respond(bytes, at, message, DnsMessage.NAME_ERROR);
    }
    IpAddress address =
        message.type() == DnsMessage.A ? four : message.type() == DnsMessage.AAAA ? six : null;
    return address == null
        ? DnsMessage.respond(bytes, at, message, 0)
        : DnsMessage.answer(bytes, at, message, address.bytes(), OWN_LIFE);
  }

  /** A name for an address of ours, by in-addr.arpa (RFC 1035 §3.5). */
  private byte[] pointer(byte[] bytes, int at, DnsMessage message) {
    String name = message.name();
    if (!name.matches("(\\d{1,3}\\.){4}in-addr\\.arpa")) {
      return null;
    }
    String[] parts = name.split("\\.");
    int value = 0;
    for (int i = 3; i >= 0; i--) {
      value = value << 8 | Integer.parseInt(parts[i]) & 0xff;
    }
    NatConfiguration configuration = engine.configuration();
    IpAddress address = IpAddress.v4(value);
    if (!configuration.network4().contains(address)) {
      return null;
    }
    String label =
        address.equals(configuration.gateway4())
            ? "gateway"
            : address.equals(configuration.dns4()) ? "dns" : dhcp.nameOf(address);
    if (label == null || configuration.domain() == null) {
      return DnsMessage.respond(bytes, at, message, DnsMessage.NAME_ERROR);
    }
    byte[] encoded = DnsName.encode(label + "." + configuration.domain());
    return DnsMessage.answer(bytes, at, message, encoded, OWN_LIFE);
  }

  // The cache: a query without its number is the key.

  private static ByteBuffer key(byte[] query) {
    return ByteBuffer.wrap(query, 2, query.length - 2).slice();
  }

  private byte[] cached(byte[] query) {
    Cached found = cache.get(key(query));
    if (found == null) {
      return null;
    }
    long age = (engine.now() - found.since()) / SECOND;
    if (age >= found.life()) {
      cache.remove(key(query));
      return null;
    }
    byte[] response = found.response().clone();
    DnsMessage.age(response, response.length, (int) age);
    response[0] = query[0];
    response[1] = query[1];
    return response;
  }

  private void remember(byte[] query, byte[] response) {
    int code = NetworkOrder.get16(response, 2) & 0xf;
    boolean truncated = (NetworkOrder.get16(response, 2) & DnsMessage.TRUNCATED) != 0;
    int life = DnsMessage.life(response, response.length);
    if (life > 0
        && !truncated
        && response.length <= LONGEST_CACHED
        && (code == 0 || code == DnsMessage.NAME_ERROR)) {
      cache.put(key(query), new Cached(response.clone(), engine.now(), life));
    }
  }

  void close() {
    List.copyOf(pending).forEach(Pending::end);
  }

  /** A query that a name server of the host has not answered. */
  private final class Pending implements Ready {
    private final Flow flow;
    private final byte[] query;
    private final DnsMessage message;
    private final Deadline timer = new Deadline(this::ask);
    private DatagramChannel channel;
    private int id;
    private int attempt;

    Pending(Flow flow, byte[] query, DnsMessage message) {
      this.flow = flow;
      this.query = query;
      this.message = message;
    }

    /** Asks a name server, another one each time. */
    void ask() {
      drop();
      List<InetSocketAddress> servers = NameAnswers.servers(names, message, engine.resolvers());
      if (servers.isEmpty() || attempt == Math.max(ATTEMPTS, servers.size())) {
        end();
        refuse(flow, query, 0, message, DnsMessage.SERVER_FAILURE);
        return;
      }
      InetSocketAddress server = servers.get(attempt % servers.size());
      attempt++;
      timer.set(engine.deadlines(), engine.now() + PATIENCE);
      try {
        channel = DatagramChannel.open();
        channel.configureBlocking(false);
        channel.connect(server);
        channel.register(engine.selector(), SelectionKey.OP_READ, this);
        id = random.nextInt(1 << 16);
        buffer.clear();
        buffer.putShort((short) id).put(query, 2, query.length - 2).flip();
        channel.write(buffer);
      } catch (IOException e) {
        soon();
      }
    }

    /** This server does not answer: on to the next one, from the timer. */
    private void soon() {
      drop();
      timer.set(engine.deadlines(), engine.now());
    }

    @Override
    public void ready(int operations) {
      try {
        buffer.clear();
        if (channel == null || channel.receive(buffer) == null) {
          return;
        }
      } catch (IOException e) {
        soon();
        return;
      }
      byte[] response = new byte[buffer.flip().remaining()];
      buffer.get(response);
      DnsMessage answer = DnsMessage.parse(response, 0, response.length);
      if (answer == null
          || answer.id() != id
          || !answer.response()
          || !answer.name().equals(message.name())
          || answer.type() != message.type()
          || answer.category() != message.category()) {
        // Not an answer to this: the right one may follow (RFC 5452 §9.1).
        return;
      }
      if (answer.code() == DnsMessage.SERVER_FAILURE && attempt < ATTEMPTS) {
        soon();
        return;
      }
      end();
      remember(query, response);
      NetworkOrder.put16(response, 0, message.id());
      send(flow, response, response.length);
    }

    private void drop() {
      if (channel != null) {
        try {
          channel.close();
        } catch (IOException e) {
          engine.counters().failures.increment();
        }
        channel = null;
      }
    }

    void end() {
      timer.cancel();
      drop();
      pending.remove(this);
    }
  }
}
