package org.wardian.process.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.filter.FilterDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlReader;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.network.hub.Switch;
import org.wardian.network.hub.SwitchPort;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.NetworkOrder;

/** A card of a switch with the filters that libvirt brings: what reaches its neighbour. */
class CardLimitsTest {
  private static final MacAddress MAC = MacAddress.parse("52:54:00:00:00:01");
  private static final MacAddress OTHER = MacAddress.parse("52:54:00:00:00:03");
  private static final MacAddress PEER = MacAddress.parse("52:54:00:00:00:02");
  private static final String OWN = "10.0.0.1";
  private static final String FOREIGN = "10.0.0.66";
  private static final String PEERS = "10.0.0.2";
  private static final int END = 0x99;

  private final Switch hub = new Switch(1500);
  private final SwitchPort neighbour = hub.port();
  private final LinkPort card = new LinkPort(hub.port(), MAC, true);
  private final BlockingQueue<byte[]> atNeighbour = new LinkedBlockingQueue<>();
  private final BlockingQueue<byte[]> atCard = new LinkedBlockingQueue<>();

  CardLimitsTest() {
    neighbour.attach(frame -> atNeighbour.add(copy(frame)));
    card.attach(frame -> atCard.add(copy(frame)));
    neighbour.start();
    card.start();
  }

  @AfterEach
  void unplug() {
    card.close();
    neighbour.close();
  }

  private static byte[] copy(Frame frame) {
    byte[] bytes = new byte[frame.length()];
    System.arraycopy(frame.bytes(), frame.offset(), bytes, 0, bytes.length);
    return bytes;
  }

  private void limit(String filterOrBandwidth) throws Exception {
    XmlElement element =
        XmlReader.read(
            "<interface type='network'><mac address='"
                + MAC
                + "'/>"
                + filterOrBandwidth
                + "<target dev='vnet0'/></interface>");
    XmlElement filters = element.append("wardian:filters");
    for (FilterDocument one : FilterDocument.standard()) {
      filters.add(one.tree());
    }
    card.limits().set((NetworkInterface) DomainDocument.view(element));
  }

  private static Frame udp(MacAddress from, MacAddress to, String source, String target, int port) {
    byte[] bytes = new byte[60];
    Ethernet.write(bytes, 0, to.bits(), from.bits(), Ethernet.IPV4);
    NetworkOrder.put16(bytes, 14, 0x4500);
    NetworkOrder.put16(bytes, 16, 28);
    NetworkOrder.put16(bytes, 22, 64 << 8 | 17);
    NetworkOrder.put32(bytes, 26, IpAddress.parse(source).v4());
    NetworkOrder.put32(bytes, 30, IpAddress.parse(target).v4());
    NetworkOrder.put16(bytes, 34, 1000);
    NetworkOrder.put16(bytes, 36, port);
    NetworkOrder.put16(bytes, 38, 8);
    return Frame.complete(bytes, 0, bytes.length);
  }

  private static Frame arp(MacAddress from, MacAddress sender, String source) {
    byte[] bytes = new byte[60];
    Ethernet.write(bytes, 0, MacAddress.BROADCAST.bits(), from.bits(), Ethernet.ARP);
    NetworkOrder.put32(bytes, 14, 0x0001_0800);
    NetworkOrder.put32(bytes, 18, 0x0604_0001);
    sender.write(bytes, 22);
    NetworkOrder.put32(bytes, 28, IpAddress.parse(source).v4());
    return Frame.complete(bytes, 0, bytes.length);
  }

  /** Whether a frame of the card reaches its neighbour: what follows it does. */
  private boolean arrives(Frame frame) throws InterruptedException {
    card.send(frame);
    card.send(udp(MAC, PEER, OWN, PEERS, END));
    return firstOfTwo(atNeighbour);
  }

  /** Whether a frame of the neighbour reaches the card. */
  private boolean comes(Frame frame) throws InterruptedException {
    neighbour.send(frame);
    neighbour.send(udp(PEER, MAC, PEERS, OWN, END));
    return firstOfTwo(atCard);
  }

  private static boolean firstOfTwo(BlockingQueue<byte[]> queue) throws InterruptedException {
    byte[] first = queue.poll(120, TimeUnit.SECONDS);
    assertThat(first).as("the frame that passes in any case").isNotNull();
    boolean passed = NetworkOrder.get16(first, 36) != END;
    if (passed) {
      assertThat(queue.poll(120, TimeUnit.SECONDS)).isNotNull();
    }
    return passed;
  }

  private void withCleanTraffic() throws Exception {
    limit("<filterref filter='clean-traffic'><parameter name='IP' value='10.0.0.1'/></filterref>");
  }

  @Test
  void withCleanTrafficACardSendsInItsOwnNameOnly() throws Exception {
    withCleanTraffic();
    assertThat(arrives(udp(MAC, PEER, OWN, PEERS, 53))).isTrue();
    assertThat(arrives(udp(MAC, PEER, FOREIGN, PEERS, 53))).as("another's IP address").isFalse();
    assertThat(arrives(udp(OTHER, PEER, OWN, PEERS, 53))).as("another's MAC address").isFalse();
    assertThat(arrives(arp(MAC, MAC, OWN))).isTrue();
    assertThat(arrives(arp(MAC, MAC, FOREIGN))).as("ARP for another's IP address").isFalse();
    assertThat(arrives(arp(MAC, OTHER, OWN))).as("ARP for another's MAC address").isFalse();
    assertThat(comes(udp(PEER, MAC, PEERS, OWN, 53))).isTrue();
    assertThat(card.limits().filteredFromGuest()).isEqualTo(4);
    assertThat(card.limits().filteredToGuest()).isZero();
  }

  @Test
  void whereNobodySaysTheAddressTheFirstOneIsLearned() throws Exception {
    limit("<filterref filter='clean-traffic'/>");
    assertThat(arrives(udp(MAC, PEER, OWN, PEERS, 53))).isTrue();
    // The rules are made anew by a thread of their own.
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (arrives(udp(MAC, PEER, FOREIGN, PEERS, 53)) && System.nanoTime() < deadline) {
      Thread.sleep(10);
    }
    assertThat(arrives(udp(MAC, PEER, FOREIGN, PEERS, 53))).isFalse();
    assertThat(arrives(udp(MAC, PEER, OWN, PEERS, 53))).isTrue();
  }

  @Test
  void withDhcpNothingElsePassesBeforeALease() throws Exception {
    limit(
        "<filterref filter='clean-traffic'><parameter name='CTRL_IP_LEARNING' value='dhcp'/>"
            + "</filterref>");
    card.send(udp(MAC, PEER, OWN, PEERS, 53));
    card.send(dhcp(MAC, MacAddress.BROADCAST, 68, 67, "0.0.0.0", 3));
    assertThat(NetworkOrder.get16(atNeighbour.poll(120, TimeUnit.SECONDS), 36)).isEqualTo(67);
    neighbour.send(dhcp(PEER, MAC, 67, 68, PEERS, 5));
    assertThat(atCard.poll(120, TimeUnit.SECONDS)).isNotNull();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    byte[] passed = null;
    while (passed == null && System.nanoTime() < deadline) {
      card.send(udp(MAC, PEER, OWN, PEERS, 53));
      passed = atNeighbour.poll(10, TimeUnit.MILLISECONDS);
    }
    assertThat(passed).isNotNull();
    atNeighbour.clear();
    assertThat(arrives(udp(MAC, PEER, FOREIGN, PEERS, 53))).isFalse();
  }

  private static Frame dhcp(
      MacAddress from, MacAddress to, int port, int toPort, String source, int type) {
    byte[] bytes = new byte[14 + 28 + 240 + 10];
    Ethernet.write(bytes, 0, to.bits(), from.bits(), Ethernet.IPV4);
    NetworkOrder.put16(bytes, 14, 0x4500);
    NetworkOrder.put16(bytes, 16, bytes.length - 14);
    NetworkOrder.put16(bytes, 22, 64 << 8 | 17);
    NetworkOrder.put32(bytes, 26, IpAddress.parse(source).v4());
    NetworkOrder.put32(bytes, 30, -1);
    NetworkOrder.put16(bytes, 34, port);
    NetworkOrder.put16(bytes, 36, toPort);
    NetworkOrder.put16(bytes, 38, bytes.length - 34);
    NetworkOrder.put32(bytes, 42 + 16, IpAddress.parse(OWN).v4());
    MAC.write(bytes, 42 + 28);
    NetworkOrder.put32(bytes, 42 + 236, 0x6382_5363);
    byte[] options = {53, 1, (byte) type, 51, 4, 0, 0, 14, 16, -1};
    System.arraycopy(options, 0, bytes, 42 + 240, options.length);
    return Frame.complete(bytes, 0, bytes.length);
  }

  @Test
  void aFilterIsChangedWhileTheCardIsUsed() throws Exception {
    withCleanTraffic();
    assertThat(arrives(udp(MAC, PEER, FOREIGN, PEERS, 53))).isFalse();
    limit("");
    assertThat(arrives(udp(MAC, PEER, FOREIGN, PEERS, 53))).isTrue();
    limit("<filterref filter='no-mac-spoofing'/>");
    assertThat(arrives(udp(MAC, PEER, FOREIGN, PEERS, 53))).isTrue();
    assertThat(arrives(udp(OTHER, PEER, OWN, PEERS, 53))).isFalse();
  }

  @Test
  void whereAFilterCannotBeThatOfBeforeHolds() throws Exception {
    withCleanTraffic();
    assertThatThrownBy(() -> limit("<filterref filter='gone'/>"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("referenced filter 'gone' is missing");
    assertThat(arrives(udp(MAC, PEER, FOREIGN, PEERS, 53))).isFalse();
    assertThat(arrives(udp(MAC, PEER, OWN, PEERS, 53))).isTrue();
  }

  @Test
  void whatIsRejectedIsToldToTheGuest() throws Exception {
    XmlElement element =
        XmlReader.read(
            "<interface type='network'><filterref filter='deaf'/><wardian:filters>"
                + "<filter name='deaf'><rule action='reject' direction='out'>"
                + "<udp dstportstart='53'/></rule></filter></wardian:filters></interface>");
    card.limits().set((NetworkInterface) DomainDocument.view(element));
    assertThat(arrives(udp(MAC, PEER, OWN, PEERS, 53))).isFalse();
    byte[] told = atCard.poll(120, TimeUnit.SECONDS);
    assertThat(told).isNotNull();
    assertThat(told[23]).as("ICMP").isEqualTo((byte) 1);
    assertThat(NetworkOrder.get16(told, 34)).as("port unreachable").isEqualTo(0x0303);
    assertThat(NetworkOrder.get32(told, 26)).isEqualTo(IpAddress.parse(PEERS).v4());
  }

  @Test
  void whatIsSentBeyondTheBandwidthIsDropped() throws Exception {
    limit("<bandwidth><outbound average='1' burst='64'/></bandwidth>");
    int sent = 0;
    while (card.send(udp(MAC, PEER, OWN, PEERS, 53)) && sent < 100_000) {
      sent++;
      // The neighbour's port has room for a thousand: one that is full drops too.
      while (sent - atNeighbour.size() > 500) {
        Thread.sleep(1);
      }
    }
    // 64 KiB at once, and one kilobyte in a second.
    assertThat(sent).isBetween(65_536 / 60, 65_536 / 60 + 1_000);
    limit("");
    assertThat(card.send(udp(MAC, PEER, OWN, PEERS, 53))).isTrue();
  }

  @Test
  void whatComesBeyondTheBandwidthWaits() throws Exception {
    limit("<bandwidth><inbound average='20000' burst='64'/></bandwidth>");
    int frames = 65_536 / 60 + 200;
    for (int i = 0; i < frames; i++) {
      // The neighbour's port has room for a thousand.
      while (!neighbour.send(udp(PEER, MAC, PEERS, OWN, 53)) || i - atCard.size() > 500) {
        Thread.sleep(1);
      }
    }
    for (int i = 0; i < frames; i++) {
      assertThat(atCard.poll(120, TimeUnit.SECONDS)).as("frame %d", i).isNotNull();
    }
  }
}
