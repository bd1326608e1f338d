package org.wardian.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.network.gateway.GatewayMain;
import org.wardian.network.MacAddress;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.NetworkOrder;
import org.wardian.network.wire.UdpHeader;

/**
 * A network that the kernel routes, in a network namespace that stands for the host; another one
 * stands for the world. Needs root.
 */
@Timeout(600)
class RoutedNetworkTest {
  private static final String XML =
      """
      <network>
        <name>routed</name>
        <uuid>5b9b1d6c-7a55-4d23-9b7e-0c1a6a3a2a11</uuid>
        <forward mode='route'/>
        <bridge name='wrt0' stp='on' delay='0'/>
        <mac address='52:54:00:00:77:01'/>
        <domain name='routed.example' localOnly='yes'/>
        <dns><host ip='10.77.0.5'><hostname>five</hostname></host></dns>
        <ip address='10.77.0.1' netmask='255.255.255.0'>
          <dhcp><range start='10.77.0.10' end='10.77.0.20'/></dhcp>
        </ip>
        <ip family='ipv6' address='2001:db8:77::1' prefix='64'/>
        <route address='10.78.0.0' prefix='16' gateway='10.77.0.9' metric='3'/>
        <route family='ipv6' address='2001:db8:78::' prefix='48' gateway='2001:db8:77::9'/>
      </network>
      """;
  private static final IpAddress WORLD = IpAddress.parse("203.0.113.2");

  @TempDir private Path folder;
  private final String host = "wh" + ProcessHandle.current().pid() % 100_000;
  private final String world = "ww" + ProcessHandle.current().pid() % 100_000;
  private Process gateway;

  private static void ip(String words) throws Exception {
    Tool.succeed(("ip " + words).split(" "));
  }

  @BeforeEach
  void namespaces() throws Exception {
    Tool.require("ip", "iproute2");
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root") && Files.exists(Path.of("/dev/net/tun")),
        "needs root and /dev/net/tun");
    Tool.Result probe = Tool.run(Map.of(), List.of("ip", "netns", "add", host));
    Assumptions.assumeTrue(probe.status() == 0, "needs network namespaces");
    ip("netns add " + world);
    ip("-n " + host + " link add va type veth peer name vb netns " + world);
    ip("-n " + host + " addr add 203.0.113.1/24 dev va");
    ip("-n " + world + " addr add 203.0.113.2/24 dev vb");
    ip("-n " + host + " link set va up");
    ip("-n " + world + " link set vb up");
    ip("-n " + world + " route add 10.77.0.0/24 via 203.0.113.1");
  }

  @AfterEach
  void clean() throws Exception {
    if (gateway != null) {
      gateway.destroy();
      gateway.waitFor();
    }
    Tool.run(Map.of(), List.of("ip", "netns", "del", host));
    Tool.run(Map.of(), List.of("ip", "netns", "del", world));
  }

  private void start(String xml) throws Exception {
    Path definition = Files.writeString(folder.resolve("n.xml"), xml);
    gateway =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                host,
                ProcessHandle.current().info().command().orElse("java"),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                GatewayMain.class.getName(),
                "--definition",
                definition.toString(),
                "--folder",
                folder.resolve("s").toString(),
                "--switch",
                "wrt0",
                "--leases",
                folder.resolve("leases").toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("words").toFile())
            .start();
    Path control = folder.resolve("s/control-wrt0.sock");
    while (gateway.isAlive() && !Files.exists(control)) {
      Thread.sleep(20);
    }
  }

  private String inHost(String words) throws Exception {
    return Tool.succeed(("ip -n " + host + " " + words).split(" "));
  }

  @Test
  void guestsReachTheWorldWithTheirOwnAddresses() throws Exception {
    start(XML);
    assertThat(inHost("addr show wrt0"))
        .contains("52:54:00:00:77:01", "10.77.0.1/24", "2001:db8:77::1/64", "UP");
    assertThat(inHost("route")).contains("10.78.0.0/16 via 10.77.0.9 dev wrt0 metric 3");
    assertThat(inHost("-6 route")).contains("2001:db8:78::/48 via 2001:db8:77::9 dev wrt0");
    try (FrameGuest guest = new FrameGuest(folder.resolve("s"), "wrt0", "52:54:00:00:77:02")) {
      assertThat(guest.lease("fern", null).address(6)).hasToString("10.77.0.1");
      assertThat(guest.address()).hasToString("10.77.0.10");
      byte[] answer = guest.resolve(IpAddress.parse("10.77.0.1"), "five", 1);
      assertThat(NetworkOrder.get32(answer, answer.length - 4))
          .isEqualTo(IpAddress.parse("10.77.0.5").v4());
      // A port of the world where nobody listens: its kernel says so, to the guest itself.
      byte[] datagram =
          guest.udp(
              MacAddress.parse("52:54:00:00:77:01"),
              guest.address(),
              WORLD,
              4000,
              4001,
              new byte[10]);
      boolean told =
          guest.exchange(
              datagram,
              packet ->
                  packet.source().equals(WORLD)
                          && packet.protocol() == 1
                          && NetworkOrder.get16(packet.bytes(), packet.payload()) == 0x0303
                      ? UdpHeader.parse(
                                  packet.bytes(), packet.payload() + 8 + 20, packet.length() - 28)
                              .sourcePort()
                          == 4000
                      : null);
      assertThat(told).isTrue();
    }
    gateway.destroy();
    gateway.waitFor();
    assertThat(inHost("link")).doesNotContain("wrt0");
  }

  @Test
  void anInterfaceOfTheHostIsNotTakenOver() throws Exception {
    ip("-n " + host + " link add wrt0 type veth peer name wrt1");
    start(XML);
    assertThat(gateway.waitFor()).isEqualTo(1);
    assertThat(folder.resolve("words"))
        .content()
        .contains("network 'routed': the host has an interface wrt0 already");
  }
}
