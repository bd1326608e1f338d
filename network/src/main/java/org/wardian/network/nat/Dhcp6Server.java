package org.wardian.network.nat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.wardian.network.wire.Dhcp6Message;
import org.wardian.network.wire.Dhcp6Message.Option;
import org.wardian.network.wire.DnsName;
import org.wardian.network.wire.IpAddress;

/** Addresses of IPv6 and what goes with them, for guests that ask: RFC 8415. */
final class Dhcp6Server implements UdpHandler {
  private static final int SERVER_PORT = 547;

  private static final int SOLICIT = 1;
  private static final int ADVERTISE = 2;
  private static final int REQUEST = 3;
  private static final int CONFIRM = 4;
  private static final int RENEW = 5;
  private static final int REBIND = 6;
  private static final int REPLY = 7;
  private static final int RELEASE = 8;
  private static final int DECLINE = 9;
  private static final int INFORMATION_REQUEST = 11;

  private static final int CLIENT_ID = 1;
  private static final int SERVER_ID = 2;
  private static final int IA_NA = 3;
  private static final int IA_ADDRESS = 5;
  private static final int STATUS = 13;
  private static final int RAPID_COMMIT = 14;
  private static final int NAME_SERVERS = 23;
  private static final int DOMAINS = 24;
  private static final int CLIENT_FQDN = 39;
  private static final int BOOT_FILE_URL = 59;

  private static final int NO_ADDRESSES = 2;
  private static final int NOT_ON_LINK = 4;
  private static final int SHORTEST_DUID = 3;
  private static final int LONGEST_DUID = 130;
  private static final int FOREVER = -1;

  /** Who has a lease: a client's identifier, and the number of one of its associations. */
  record Holder(String duid, int association) {}

  private final NatEngine engine;
  private final AddressPool<Holder> pool;
  private final byte[] serverId;

  Dhcp6Server(NatEngine engine, DhcpPlan plan) {
    this.engine = engine;
    NatConfiguration configuration = engine.configuration();
    pool =
        new AddressPool<>(
            plan,
            false,
            address ->
                configuration.ipv6()
                    && configuration.network6().contains(address)
                    && !address.equals(configuration.network6().first())
                    && !engine.routes().ours(address),
            NatEngine::seconds);
    serverId = new byte[10];
    // RFC 8415 §11.4: an identifier made of the Ethernet address.
    serverId[1] = 3;
    serverId[3] = 1;
    engine.configuration().mac().write(serverId, 4);
  }

  AddressPool<Holder> pool() {
    return pool;
  }

  @Override
  public void datagram(Flow flow, byte[] bytes, int offset, int length) {
    Dhcp6Message message = Dhcp6Message.parse(bytes, offset, length);
    if (message == null || flow.guest().unspecified()) {
      engine.counters().malformed.increment();
      return;
    }
    byte[] client = message.option(CLIENT_ID);
    byte[] server = message.option(SERVER_ID);
    boolean identified =
        client != null && client.length >= SHORTEST_DUID && client.length <= LONGEST_DUID;
    boolean other = server != null && !Arrays.equals(server, serverId);
    if (other || !identified && message.type() != INFORMATION_REQUEST) {
      engine.counters().refused.increment();
      return;
    }
    List<Option> options = new ArrayList<>();
    long station = engine.link().neighbours().find(flow.guest());
    int reply = REPLY;
    switch (message.type()) {
      case SOLICIT -> {
        boolean rapid = message.option(RAPID_COMMIT) != null;
        reply = rapid ? REPLY : ADVERTISE;
        if (rapid) {
          options.add(new Option(RAPID_COMMIT, new byte[0]));
        }
        associate(message, client, options, station, rapid);
      }
      case REQUEST, RENEW, REBIND -> associate(message, client, options, station, true);
      case CONFIRM -> options.add(status(onLink(message) ? 0 : NOT_ON_LINK));
      case RELEASE, DECLINE -> {
        String duid = DhcpServer.hex(client);
        for (DhcpLease lease : pool.leases()) {
          if (duid.equals(lease.client())) {
            pool.release(new Holder(duid, lease.association()));
          }
        }
        options.add(status(0));
      }
      case INFORMATION_REQUEST -> {
        // Only what every answer carries.
      }
      default -> {
        engine.counters().refused.increment();
        return;
      }
    }
    answer(message, reply, client, options, flow.guest(), flow.guestPort());
  }

  private void associate(
      Dhcp6Message message, byte[] client, List<Option> options, long station, boolean bind) {
    for (Option option : message.options()) {
      if (option.code() != IA_NA || option.data().length < 12) {
        continue;
      }
      ByteBuffer wanted = ByteBuffer.wrap(option.data());
      int association = wanted.getInt();
      Holder holder = new Holder(DhcpServer.hex(client), association);
      IpAddress address = lease(holder, station, name(message), bind);
      int length = address == null ? 0 : pool.plan().seconds(address);
      ByteBuffer granted = ByteBuffer.allocate(12 + 28);
      granted.putInt(association).putInt(length / 2).putInt((int) (length * 7L / 8));
      if (address == null) {
        byte[] status = Dhcp6Message.write(List.of(status(NO_ADDRESSES)));
        granted.put(status);
      } else {
        int life = length == 0 ? FOREVER : length;
        granted.putShort((short) IA_ADDRESS).putShort((short) 24);
        granted.put(address.bytes()).putInt(life).putInt(life);
      }
      byte[] data = new byte[granted.position()];
      granted.flip().get(data);
      options.add(new Option(IA_NA, data));
    }
  }

  private IpAddress lease(Holder holder, long station, String name, boolean bind) {
    DhcpPlan.Host known = null;
    for (DhcpPlan.Host host : pool.plan().hosts()) {
      if (!host.address().isV4()
          && (host.duid() != null
              ? host.duid().equalsIgnoreCase(holder.duid())
              : host.name() != null && host.name().equalsIgnoreCase(name))) {
        known = host;
      }
    }
    IpAddress address = pool.offer(holder, known, null);
    if (address == null) {
      engine.counters().overLimit.increment();
    } else if (bind) {
      String called = known != null && known.name() != null ? known.name() : name;
      pool.bind(holder, address, station, called, holder.duid(), holder.association());
    }
    return address;
  }

  /** The first label of the name that a client gives (RFC 4704), or null. */
  private static String name(Dhcp6Message message) {
    byte[] option = message.option(CLIENT_FQDN);
    if (option == null || option.length < 2) {
      return null;
    }
    int length = option[1] & 0xff;
    if (length == 0 || length > 63 || length + 2 > option.length) {
      return null;
    }
    String text = new String(option, 2, length, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
    return text.matches("[a-z0-9_-]{1,63}") ? text : null;
  }

  private boolean onLink(Dhcp6Message message) {
    for (Option option : message.options()) {
      byte[] data = option.data();
      if (option.code() != IA_NA || data.length < 12) {
        continue;
      }
      List<Option> inner = Dhcp6Message.options(data, 12, data.length);
      if (inner == null) {
        return false;
      }
      for (Option address : inner) {
        if (address.code() == IA_ADDRESS
            && (address.data().length < 16
                || !engine
                    .configuration()
                    .network6()
                    .contains(IpAddress.readV6(address.data(), 0)))) {
          return false;
        }
      }
    }
    return true;
  }

  private static Option status(int code) {
    return new Option(STATUS, new byte[] {0, (byte) code});
  }

  private void answer(
      Dhcp6Message message, int type, byte[] client, List<Option> options, IpAddress to, int port) {
    List<Option> all = new ArrayList<>();
    if (client != null) {
      all.add(new Option(CLIENT_ID, client));
    }
    all.add(new Option(SERVER_ID, serverId));
    all.addAll(options);
    NatConfiguration configuration = engine.configuration();
    if (configuration.names() == null || configuration.names().enabled()) {
      all.add(new Option(NAME_SERVERS, configuration.dns6().bytes()));
    }
    ByteArrayOutputStream domains = new ByteArrayOutputStream();
    engine.udp().dhcp().searchDomains().forEach(d -> domains.writeBytes(DnsName.encode(d)));
    if (domains.size() > 0) {
      all.add(new Option(DOMAINS, domains.toByteArray()));
    }
    if (configuration.bootFile() != null) {
      String url = "tftp://[" + configuration.gateway6() + "]/" + configuration.bootFile();
      all.add(new Option(BOOT_FILE_URL, url.getBytes(StandardCharsets.UTF_8)));
    }
    byte[] payload = new Dhcp6Message(type, message.transaction(), all).write();
    IpAddress from = to.linkLocal() ? Routes.LINK_LOCAL : configuration.gateway6();
    engine.link().sendUdp(from, SERVER_PORT, to, port, payload, 0, payload.length);
  }
}
