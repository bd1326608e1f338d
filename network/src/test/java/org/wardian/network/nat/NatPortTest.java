package org.wardian.network.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.network.Frame;
import org.wardian.network.hub.PatchCable;
import org.wardian.network.hub.Switch;
import org.wardian.network.hub.SwitchPort;
import org.wardian.network.wire.Arp;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.Subnet;

class NatPortTest {
  private static Frame question() {
    byte[] bytes = new byte[Ethernet.SHORTEST];
    Ethernet.write(bytes, 0, 0xffff_ffff_ffffL, 0x5254_0000_0001L, Ethernet.ARP);
    IpAddress guest = IpAddress.parse("10.0.2.15");
    new Arp(Arp.REQUEST, 0x5254_0000_0001L, guest, IpAddress.parse("10.0.2.2"))
        .write(bytes, Ethernet.HEADER, 0);
    return Frame.complete(bytes, 0, bytes.length);
  }

  @Test
  void aPortThatIsTakenIsNamed() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      int port = taken.getLocalPort();
      NatConfiguration configuration =
          NatConfiguration.builder().forward(Forward.parse(port + ":22")).build();
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> new NatPort(configuration).close())
          .withMessageContaining("port " + port + " of 127.0.0.1 cannot be published")
          .withMessageContaining("choose another port");
    }
  }

  @Test
  void nothingIsDeliveredInAPauseAndNothingIsLost() throws Exception {
    try (NatPort port = new NatPort(NatConfiguration.builder().build())) {
      BlockingQueue<Integer> answers = new LinkedBlockingQueue<>();
      port.attach(frame -> answers.add(Ethernet.type(frame.bytes(), frame.offset())));
      port.start();
      port.send(question());
      assertThat(answers.poll(120, TimeUnit.SECONDS)).isEqualTo(Ethernet.ARP);
      for (int i = 0; i < 3; i++) {
        port.pause();
        port.send(question());
        assertThat(answers.poll(50, TimeUnit.MILLISECONDS)).isNull();
        port.resume();
        assertThat(answers.poll(120, TimeUnit.SECONDS)).isEqualTo(Ethernet.ARP);
      }
      port.pause();
    }
  }

  @Test
  void aCardWithoutRoomGetsItsFramesLater() throws Exception {
    try (NatPort port = new NatPort(NatConfiguration.builder().build())) {
      BlockingQueue<Integer> answers = new LinkedBlockingQueue<>();
      boolean[] full = {true};
      port.attach(frame -> {
        if (full[0]) {
          return false;
        }
        return answers.add(frame.length());
      });
      port.start();
      for (int i = 0; i < 5; i++) {
        port.send(question());
      }
      assertThat(answers.poll(50, TimeUnit.MILLISECONDS)).isNull();
      full[0] = false;
      port.ready();
      for (int i = 0; i < 5; i++) {
        assertThat(answers.poll(120, TimeUnit.SECONDS)).isNotNull();
      }
      assertThat(port.statistics().undelivered()).isZero();
    }
  }

  @Test
  void guestsOfASwitchReachTheNetworkByACable() throws Exception {
    Switch hub = new Switch(1500);
    try (PatchCable cable =
            new PatchCable(hub.port(), new NatPort(NatConfiguration.builder().build()));
        SwitchPort guest = hub.port()) {
      assertThat(cable).isNotNull();
      BlockingQueue<Integer> answers = new LinkedBlockingQueue<>();
      guest.attach(frame -> answers.add(Ethernet.type(frame.bytes(), frame.offset())));
      guest.start();
      guest.send(question());
      assertThat(answers.poll(120, TimeUnit.SECONDS)).isEqualTo(Ethernet.ARP);
    }
  }

  @Test
  void forwardsAreReadAndRefused() {
    Forward forward = Forward.parse("2222:22");
    assertThat(forward.protocol()).isEqualTo(Forward.Protocol.TCP);
    assertThat(forward.listen().toString()).isEqualTo("/127.0.0.1:2222");
    assertThat(Forward.parse("0.0.0.0:53:5353/udp").listen().toString()).isEqualTo("/0.0.0.0:53");
    assertThat(Forward.parse("[::1]:80:8080/tcp").guestPort()).isEqualTo(8080);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "22",
        "0:22",
        "22:0",
        "65536:22",
        "a:b",
        "1.2.3:1:2",
        "::1:1:2",
        "1:2/sctp",
        "[::1:1:2",
        "localhost:1:2",
        "1:2:3:4",
        "999999999999:1"
      })
  void malformedForwardsAreRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Forward.parse(text))
        .withMessageContaining("looks like 2222:22");
  }

  @Test
  void addressesFollowTheNetworkThatWasChosen() {
    NatConfiguration configuration =
        NatConfiguration.builder()
            .network4(Subnet.parse("192.168.9.0/24"))
            .network6(Subnet.parse("fd12:3456::/64"))
            .build();
    assertThat(configuration.gateway4()).hasToString("192.168.9.2");
    assertThat(configuration.guest4()).hasToString("192.168.9.15");
    assertThat(configuration.dns6()).isEqualTo(IpAddress.parse("fd12:3456::3"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NatConfiguration.builder().network4(Subnet.parse("10.0.0.0/30")).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NatConfiguration.builder().mtu(500).build())
        .withMessageContaining("1280");
  }

  @Test
  void resolvConfIsReadAsItsManualSays() {
    String text =
        """
        # a comment
        nameserver 192.0.2.1
        nameserver  2001:db8::1
        nameserver nonsense
        domain old.example
        search a.example b.example
        options ndots:2
        """;
    assertThat(Resolvers.servers(text)).hasSize(2);
    assertThat(Resolvers.domains(text)).isEqualTo(List.of("a.example", "b.example"));
  }
}
