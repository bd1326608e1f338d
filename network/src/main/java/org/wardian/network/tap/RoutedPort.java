package org.wardian.network.tap;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;

/**
 * The way out of a network whose packets the host's kernel routes: a TAP interface that has the
 * gateway's addresses. What guests ask of the gateway's own services, DHCP, DNS and TFTP, goes to
 * another port, that answers as the gateway; both have one Ethernet address. Whose ARP message or
 * neighbour's advertisement it is decides the kernel: the services' own are not passed on.
 */
public final class RoutedPort implements NetworkPort {
  private static final int ARP_REPLY = 2;
  private static final int SOLICITATION_OF_ROUTER = 133;
  private static final int REDIRECT = 137;
  private static final int ADVERTISEMENT = 136;
  private static final int TARGET_END = 24;

  private final NetworkPort host;
  private final NetworkPort services;
  private final List<IpAddress> gateways;

  /** Held while a frame is handed on, which is done one at a time. */
  private final ReentrantLock delivery = new ReentrantLock();

  /**
   * Joins the two.
   *
   * @param host the interface
   * @param services what answers for the gateway
   * @param gateways its addresses
   */
  public RoutedPort(NetworkPort host, NetworkPort services, List<IpAddress> gateways) {
    this.host = host;
    this.services = services;
    this.gateways = List.copyOf(gateways);
  }

  @Override
  public void attach(Receiver receiver) {
    host.attach(new OneByOne(receiver, false));
    services.attach(new OneByOne(receiver, true));
  }

  /** Hands on what one of the two delivers. */
  private final class OneByOne implements Receiver {
    private final Receiver receiver;
    private final boolean service;

    OneByOne(Receiver receiver, boolean service) {
      this.receiver = receiver;
      this.service = service;
    }

    @Override
    public boolean receive(Frame frame) {
      if (service && claims(frame)) {
        return true;
      }
      delivery.lock();
      try {
        return receiver.receive(frame);
      } finally {
        delivery.unlock();
      }
    }

    @Override
    public void batchEnd() {
      delivery.lock();
      try {
        receiver.batchEnd();
      } finally {
        delivery.unlock();
      }
    }
  }

  /**
   * Whether a frame of the services says whose an address is that the kernel has. The address by
   * which routers are advertised is the services' own.
   */
  private boolean claims(Frame frame) {
    byte[] bytes = frame.bytes();
    int packet = frame.offset() + Ethernet.HEADER;
    return switch (Ethernet.type(bytes, frame.offset())) {
      case Ethernet.ARP ->
          frame.length() >= Ethernet.HEADER + 8
              && NetworkOrder.get16(bytes, packet + 6) == ARP_REPLY;
      case Ethernet.IPV6 -> {
        IpPacket read = IpPacket.parse6(bytes, packet, frame.length() - Ethernet.HEADER);
        yield read != null
            && neighbour(read) == ADVERTISEMENT
            && read.length() >= TARGET_END
            && gateways.contains(IpAddress.readV6(bytes, read.payload() + TARGET_END - 16));
      }
      default -> false;
    };
  }

  /** The type of a message of neighbour discovery; -1 for other packets. */
  private static int neighbour(IpPacket packet) {
    if (packet.protocol() != IpProtocol.ICMP6 || packet.fragment() || packet.length() < 1) {
      return -1;
    }
    int type = packet.bytes()[packet.payload()] & 0xff;
    return type >= SOLICITATION_OF_ROUTER && type <= REDIRECT ? type : -1;
  }

  @Override
  public boolean send(Frame frame) {
    if (frame.length() < Ethernet.HEADER) {
      return false;
    }
    byte[] bytes = frame.bytes();
    int packet = frame.offset() + Ethernet.HEADER;
    int room = frame.length() - Ethernet.HEADER;
    IpPacket read =
        switch (Ethernet.type(bytes, frame.offset())) {
          case Ethernet.IPV4 -> IpPacket.parse4(bytes, packet, room, true);
          case Ethernet.IPV6 -> IpPacket.parse6(bytes, packet, room);
          default -> null;
        };
    boolean asks = read != null && asks(read);
    boolean both =
        Ethernet.type(bytes, frame.offset()) == Ethernet.ARP
            || read != null && neighbour(read) >= 0;
    if (both) {
      // Each keeps what it is given.
      byte[] copy = new byte[frame.length()];
      System.arraycopy(bytes, frame.offset(), copy, 0, copy.length);
      services.send(Frame.complete(copy, 0, copy.length));
    }
    return asks ? services.send(frame) : host.send(frame);
  }

  /** Whether a packet asks a service of the gateway. */
  private boolean asks(IpPacket packet) {
    boolean udp = packet.protocol() == IpProtocol.UDP;
    if (!udp && packet.protocol() != IpProtocol.TCP || packet.fragment() || packet.length() < 4) {
      return false;
    }
    IpAddress to = packet.destination();
    boolean here = gateways.contains(to);
    return switch (NetworkOrder.get16(packet.bytes(), packet.payload() + 2)) {
      case 53 -> here;
      case 67 -> udp && (here || to.equals(IpAddress.BROADCAST4));
      case 69 -> udp && here;
      case 547 -> udp && (here || to.equals(IpAddress.ALL_DHCP));
      default -> false;
    };
  }

  @Override
  public void accept(Offloads offloads) {
    host.accept(offloads);
    services.accept(offloads);
  }

  @Override
  public Offloads offered() {
    Offloads one = host.offered();
    Offloads other = services.offered();
    return new Offloads(
        one.checksum() && other.checksum(),
        one.tcp4() && other.tcp4(),
        one.tcp6() && other.tcp6(),
        one.udp() && other.udp());
  }

  @Override
  public void ready() {
    host.ready();
    services.ready();
  }

  @Override
  public int mtu() {
    return host.mtu();
  }

  @Override
  public void start() {
    host.start();
    services.start();
  }

  @Override
  public void pause() {
    host.pause();
    services.pause();
  }

  @Override
  public void resume() {
    host.resume();
    services.resume();
  }

  @Override
  public void close() {
    host.close();
    services.close();
  }
}
