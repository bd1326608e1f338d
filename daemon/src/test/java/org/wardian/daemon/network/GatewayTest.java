package org.wardian.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.network.gateway.LeaseFile;
import org.wardian.network.wire.DhcpMessage;
import org.wardian.network.wire.IpAddress;

/** Guests on the switch of a network that virsh started. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class GatewayTest {
  private static final String NETWORK =
      """
      <network>
        <name>lab</name>
        <forward mode='nat'/>
        <bridge name='wblab'/>
        <domain name='lab.example' localOnly='yes'/>
        <dns>
          <txt name='note' value='kept by the network'/>
          <srv service='ldap' protocol='tcp' domain='lab.example' target='one' port='389'/>
          <host ip='10.99.0.1'><hostname>gw</hostname></host>
        </dns>
        <ip address='10.99.0.1' netmask='255.255.255.0'>
          <dhcp>
            <range start='10.99.0.100' end='10.99.0.101'><lease expiry='5'/></range>
            <host mac='52:54:00:00:99:01' name='one' ip='10.99.0.201'/>
          </dhcp>
        </ip>
      </network>
      """;
  private static final IpAddress SERVER = IpAddress.parse("10.99.0.1");

  @TempDir private Path folder;

  private static String port(String mac) {
    return "<networkport><uuid>"
        + UUID.randomUUID()
        + "</uuid><owner><name>m</name><uuid>"
        + UUID.randomUUID()
        + "</uuid></owner><mac address='"
        + mac
        + "'/></networkport>";
  }

  private static FrameGuest guest(NetworkHost host, String mac) throws Exception {
    Networks.Plug plug = host.networks().plug("lab", port(mac));
    return new FrameGuest(plug.folder(), plug.name(), mac);
  }

  private void start(NetworkHost host) throws Exception {
    Path xml = Files.writeString(folder.resolve("lab.xml"), NETWORK);
    succeed(host, "net-define", xml.toString());
    succeed(host, "net-start", "lab");
  }

  private static String succeed(NetworkHost host, String... words) throws Exception {
    Tool.Result result = host.virsh(words);
    assertThat(result.status()).as(result.text()).isZero();
    return result.text();
  }

  private static String text(byte[] response) {
    return new String(response, StandardCharsets.ISO_8859_1);
  }

  @Test
  void processesOfNetworksThatAreNotActiveEnd() throws Exception {
    Path root = folder.resolve("d");
    long pid;
    try (NetworkHost host = new NetworkHost(root)) {
      start(host);
      pid = host.networks().process("lab");
    }
    // As where the daemon was killed before it had written down that the network is active.
    Files.delete(root.resolve("run/network/lab.xml"));
    try (NetworkHost host = new NetworkHost(root)) {
      assertThat(ProcessHandle.of(pid)).isEmpty();
      assertThat(root.resolve("run/network/lab.gateway")).doesNotExist();
      assertThat(succeed(host, "net-list", "--all")).contains("inactive");
      succeed(host, "net-start", "lab");
      succeed(host, "net-destroy", "lab");
    }
  }

  @Test
  void guestsGetAddressesAndNames() throws Exception {
    try (NetworkHost host = new NetworkHost(folder.resolve("d"))) {
      start(host);
      try (FrameGuest one = guest(host, "52:54:00:00:99:01");
          FrameGuest two = guest(host, "52:54:00:00:99:02");
          FrameGuest three = guest(host, "52:54:00:00:99:03")) {
        DhcpMessage first = one.lease(null, null);
        assertThat(one.address()).hasToString("10.99.0.201");
        assertThat(first.options().get(12)).asString().isEqualTo("one");
        assertThat(first.address(3)).isEqualTo(SERVER);
        assertThat(first.address(6)).isEqualTo(SERVER);
        DhcpMessage second = two.lease("fern", IpAddress.parse("10.99.0.201"));
        assertThat(two.address()).hasToString("10.99.0.100");
        assertThat(second.options().get(51)).containsExactly(0, 0, 1, 44);
        three.lease("moss", null);
        assertThat(three.address()).hasToString("10.99.0.101");

        assertThat(text(one.resolve(SERVER, "fern.lab.example", 1)))
            .endsWith(text(two.address().bytes()));
        assertThat(text(two.resolve(SERVER, "gw", 1))).endsWith(text(SERVER.bytes()));
        assertThat(text(two.resolve(SERVER, "note", 16))).endsWith("kept by the network");
        assertThat(text(two.resolve(SERVER, "_ldap._tcp.lab.example", 33)))
            .endsWith("\u0001\u0085\u0003one\0");
        assertThat(text(two.resolve(SERVER, "101.0.99.10.in-addr.arpa", 12))).contains("moss");
        // Names of a domain that is local are asked for nowhere else: NXDOMAIN.
        assertThat(two.resolve(SERVER, "none.lab.example", 1)[3] & 0xf).isEqualTo(3);

        // The file is written by a thread of its own.
        while (succeed(host, "net-dhcp-leases", "lab").lines().filter(l -> l.contains(":")).count()
            < 3) {
          Thread.sleep(20);
        }
        assertThat(succeed(host, "net-dhcp-leases", "lab"))
            .contains("52:54:00:00:99:01", "10.99.0.201/24", "one")
            .contains("52:54:00:00:99:02", "10.99.0.100/24", "fern");
        assertThat(succeed(host, "net-dhcp-leases", "lab", "--mac", "52:54:00:00:99:03"))
            .contains("10.99.0.101/24")
            .doesNotContain("10.99.0.100");
        assertThat(succeed(host, "net-port-list", "lab").lines().filter(l -> l.contains("-")))
            .hasSize(3);
      }
      succeed(host, "net-destroy", "lab");
    }
  }

  @Test
  void leasesOutliveTheProcessAndChangesReachIt() throws Exception {
    try (NetworkHost host = new NetworkHost(folder.resolve("d"))) {
      start(host);
      try (FrameGuest two = guest(host, "52:54:00:00:99:02")) {
        two.lease("fern", null);
        succeed(
            host,
            "net-update",
            "lab",
            "add-last",
            "ip-dhcp-host",
            "<host mac='52:54:00:00:99:04' name='four' ip='10.99.0.204'/>",
            "--live");
        try (FrameGuest four = guest(host, "52:54:00:00:99:04")) {
          four.lease(null, null);
          assertThat(four.address()).hasToString("10.99.0.204");
        }
        long before = pid(host);
        ProcessHandle.of(before).orElseThrow().destroyForcibly();
        while (pid(host) == before) {
          Thread.sleep(20);
        }
        // The one that took its place knows who has what, and the switch goes on.
        two.lease("fern", null);
        assertThat(two.address()).hasToString("10.99.0.100");
        assertThat(text(two.resolve(SERVER, "four", 1)))
            .endsWith(text(IpAddress.parse("10.99.0.204").bytes()));
        assertThat(succeed(host, "net-list")).contains("lab", "active");
      }
      succeed(host, "net-destroy", "lab");
    }
  }

  /** The process of the network; -1 while there is none. */
  private static long pid(NetworkHost host) {
    return host.networks().process("lab");
  }

  @Test
  @Tag("slow")
  void aProcessThatEndsAgainAndAgainIsGivenUp() throws Exception {
    try (NetworkHost host = new NetworkHost(folder.resolve("d"))) {
      start(host);
      Process events =
          new ProcessBuilder(
                  "virsh",
                  "-c",
                  host.uri(),
                  "net-event",
                  "--event",
                  "lifecycle",
                  "--loop",
                  "--timeout",
                  "120")
              .redirectOutput(folder.resolve("events").toFile())
              .start();
      try {
        long before = -1;
        while (host.virsh("net-list", "--name").text().contains("lab")) {
          long now = pid(host);
          if (now > 0 && now != before) {
            ProcessHandle.of(now).ifPresent(ProcessHandle::destroyForcibly);
            before = now;
          }
          Thread.sleep(20);
        }
        while (!Files.readString(folder.resolve("events")).contains("Stopped")) {
          Thread.sleep(20);
        }
      } finally {
        events.destroy();
      }
      succeed(host, "net-start", "lab");
      succeed(host, "net-destroy", "lab");
    }
  }

  @Test
  void aDamagedLeaseFileIsNoLeaseFile() throws Exception {
    Path file = folder.resolve("leases");
    LeaseFile.Lease lease =
        new LeaseFile.Lease("10.0.0.5", "52:54:00:00:00:01", "h\"<", "01:02", null, 7);
    LeaseFile.write(file, List.of(lease));
    assertThat(LeaseFile.read(file)).containsExactly(lease);
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length - 1; length += 13) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      assertThat(LeaseFile.read(file)).as("%d bytes", length).isEmpty();
    }
    Files.writeString(file, "[{\"ip-address\":\"10.0.0.300\"},{\"ip-address\":\"10.0.0.6\"},7]");
    assertThat(LeaseFile.read(file))
        .extracting(LeaseFile.Lease::address)
        .containsExactly("10.0.0.6");
  }
}
