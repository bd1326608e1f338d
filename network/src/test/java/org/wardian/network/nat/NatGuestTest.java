package org.wardian.network.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.network.LossyPort;
import org.wardian.network.NetworkPort.Offloads;
import org.wardian.network.wire.DnsMessage;
import org.wardian.network.wire.IpAddress;

/** Real programs of a guest, in a network namespace, against servers on the host's loopback. */
class NatGuestTest {
  private static final int MIB = 1 << 20;
  private static final String HOST = "10.0.2.2";

  private static void assertSound(GuestNamespace guest) {
    assertThat(guest.nat().firstFailure()).isNull();
    assertThat(guest.nat().statistics().failures()).isZero();
  }

  @Test
  void aDhcpClientGetsItsAddress() throws IOException {
    GuestNamespace.assume("dhclient:isc-dhcp-client");
    NatConfiguration configuration =
        NatConfiguration.builder().hostName("fern").search("example.org").build();
    try (GuestNamespace guest = new GuestNamespace(configuration)) {
      Path leases = guest.folder().resolve("leases");
      GuestNamespace.Run run = guest.run("timeout", "20", "sh", "-c", dhclient(guest, leases));
      assertThat(Files.readString(leases))
          .as(run.output())
          .contains("fixed-address 10.0.2.15;")
          .contains("routers 10.0.2.2;")
          .contains("domain-name-servers 10.0.2.3;")
          .contains("interface-mtu 1500;")
          .contains("host-name \"fern\";")
          .contains("example.org.");
      assertSound(guest);
    }
  }

  private static String dhclient(GuestNamespace guest, Path leases) {
    Path pid = guest.folder().resolve("pid");
    return "dhclient -1 -v -sf /bin/true -lf "
        + leases
        + " -pf "
        + pid
        + " "
        + guest.device()
        + "; status=$?; "
        + killer(pid)
        + "; exit $status";
  }

  /** Ends a program that goes on in the background, once it has said who it is. */
  private static String killer(Path pid) {
    return "for i in $(seq 600); do [ -s "
        + pid
        + " ] && kill $(cat "
        + pid
        + ") && break; sleep 0.1; done";
  }

  @Test
  void busyboxGetsAndRenewsItsAddress() throws IOException {
    GuestNamespace.assume("busybox:busybox-static");
    try (GuestNamespace guest = new GuestNamespace(NatConfiguration.builder().build())) {
      for (int i = 0; i < 2; i++) {
        GuestNamespace.Run run =
            guest.run(
                "busybox",
                "udhcpc",
                "-f",
                "-q",
                "-n",
                "-t",
                "5",
                "-i",
                guest.device(),
                "-s",
                "/bin/true");
        assertThat(run.status()).as(run.output()).isZero();
        assertThat(run.output()).contains("lease of 10.0.2.15 obtained from 10.0.2.2");
      }
      assertSound(guest);
    }
  }

  @Test
  void theGatewayAnswersPingOfBothFamiliesAndRoutersAreFound() throws Exception {
    GuestNamespace.assume("ping:iputils-ping");
    try (GuestNamespace guest =
        new GuestNamespace(NatConfiguration.builder().build()).configured()) {
      GuestNamespace.Run run = guest.run("ping", "-c", "3", "-i", "0.2", "-s", "8000", HOST);
      assertThat(run.output()).contains("3 received");
      String addresses = "";
      for (int i = 0; i < 600 && !addresses.contains("fec0::"); i++) {
        Thread.sleep(200);
        addresses = guest.run("ip", "-6", "addr", "show", "-tentative", "scope", "site").output();
      }
      assertThat(addresses).contains("fec0::");
      assertThat(guest.run("ip", "-6", "route").output()).contains("default via fe80::2");
      run = guest.run("ping", "-c", "3", "-i", "0.2", "-s", "4000", "fec0::2");
      assertThat(run.output()).contains("3 received");
      run = guest.run("ping", "-c", "1", "-t", "1", "192.0.2.99");
      assertThat(run.output()).contains("Time to live exceeded");
      assertSound(guest);
    }
  }

  @Test
  void curlGetsWhatTheHostServesAndHearsWhatItRefuses() throws IOException {
    GuestNamespace.assume("curl");
    byte[] content = HostServer.content(8 * MIB);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, content.length);
          try (OutputStream body = exchange.getResponseBody()) {
            body.write(content);
          }
        });
    server.start();
    int port = server.getAddress().getPort();
    try (GuestNamespace guest =
        new GuestNamespace(NatConfiguration.builder().build()).configured()) {
      Path file = guest.folder().resolve("got");
      String url = "http://" + HOST + ":" + port + "/";
      GuestNamespace.Run run = guest.run("curl", "-sS", "-m", "300", "-o", file.toString(), url);
      assertThat(run.status()).as(run.output()).isZero();
      assertThat(Files.readAllBytes(file)).isEqualTo(content);
      server.stop(0);
      run = guest.run("curl", "-sS", "-m", "300", url);
      assertThat(run.status()).as("curl: connection refused").isEqualTo(7);
      assertSound(guest);
      assertThat(guest.nat().statistics().connectionsOpen()).isZero();
    } finally {
      server.stop(0);
    }
  }

  /** Both send at once, and each side's end is only half of the connection's. */
  @ParameterizedTest(name = "loss {0}, duplication {1}, reordering {2}, long segments {3}")
  @CsvSource({
    "0, 0, 0, true",
    "0, 0, 0, false",
    "0.01, 0, 0, true",
    "0.01, 0.01, 0.02, false",
    "0.05, 0, 0, false",
    "0, 0.02, 0.1, true",
    "0.05, 0.02, 0.05, true",
  })
  void contentArrivesIntactBothWaysAtOnce(
      double loss, double duplication, double reordering, boolean offloads) throws Exception {
    GuestNamespace.assume("nc:netcat-openbsd", "timeout:coreutils");
    int sends = 3 * MIB + 17;
    int receives = 2 * MIB + 5;
    LossyPort.Damage damage = new LossyPort.Damage(loss, duplication, reordering);
    Offloads accepted = offloads ? Offloads.ALL : Offloads.NONE;
    try (HostServer server = new HostServer(sends);
        GuestNamespace guest =
            new GuestNamespace(NatConfiguration.builder().build(), accepted, damage).configured()) {
      Path up = guest.folder().resolve("up");
      Path down = guest.folder().resolve("down");
      Files.write(up, HostServer.content(receives));
      String command = "timeout 300 nc -N " + HOST + " " + server.port() + " <" + up + " >" + down;
      GuestNamespace.Run run = guest.run("sh", "-c", command);
      assertThat(run.status()).as(run.output()).isZero();
      assertThat(server.received().poll(120, TimeUnit.SECONDS))
          .isEqualTo(HostServer.checksum(HostServer.content(receives)));
      assertThat(HostServer.checksum(Files.readAllBytes(down)))
          .isEqualTo(HostServer.checksum(HostServer.content(sends)));
      assertSound(guest);
    }
  }

  @Test
  void digAsksTheHostsNameServerThroughOurs() throws IOException {
    GuestNamespace.assume("dig:dnsutils");
    try (NameServer names = new NameServer();
        GuestNamespace guest =
            new GuestNamespace(NatConfiguration.builder().resolver(names.address()).build())
                .configured()) {
      String[] ask = {"dig", "+short", "+time=60", "+tries=2", "fern.example.org"};
      assertThat(guest.run(ask).output()).isEqualTo("192.0.2.7\n");
      assertThat(guest.run(ask).output()).isEqualTo("192.0.2.7\n");
      assertThat(names.queries()).as("the second answer came from the cache").isEqualTo(1);
      assertThat(guest.run("dig", "+short", "gateway.wardian.internal").output())
          .isEqualTo("10.0.2.2\n");
      assertThat(guest.run("dig", "+short", "-x", "10.0.2.3").output())
          .isEqualTo("dns.wardian.internal.\n");
      assertThat(guest.run("dig", "nobody.wardian.internal").output()).contains("NXDOMAIN");
      assertSound(guest);
    }
  }

  /** Answers every query with 192.0.2.7. */
  private static final class NameServer implements AutoCloseable {
    private final DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
    private volatile int queries;

    NameServer() throws IOException {
      Thread.ofPlatform().daemon().start(this::serve);
    }

    InetSocketAddress address() {
      return new InetSocketAddress("127.0.0.1", socket.getLocalPort());
    }

    int queries() {
      return queries;
    }

    private void serve() {
      byte[] buffer = new byte[2048];
      int count = 0;
      while (true) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        try {
          socket.receive(packet);
          count++;
          queries = count;
          byte[] query = Arrays.copyOf(buffer, packet.getLength());
          var message = DnsMessage.parse(query, 0, query.length);
          byte[] address = {(byte) 192, 0, 2, 7};
          byte[] answer = DnsMessage.answer(query, 0, message, address, 300);
          socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        } catch (IOException e) {
          return;
        }
      }
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void iperfRunsBothWays(boolean reverse) throws Exception {
    GuestNamespace.assume("iperf3");
    String port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = Integer.toString(free.getLocalPort());
    }
    Process server =
        new ProcessBuilder("iperf3", "-s", "-1", "-B", "127.0.0.1", "-p", port)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (GuestNamespace guest =
        new GuestNamespace(NatConfiguration.builder().build()).configured()) {
      String command =
          "for i in 1 2 3 4 5 6 7 8 9; do timeout 300 iperf3 -p "
              + port
              + " -t 1 -c "
              + HOST
              + (reverse ? " -R" : "")
              + " && exit 0; sleep 0.3; done; exit 1";
      GuestNamespace.Run run = guest.run("sh", "-c", command);
      assertThat(run.status()).as(run.output()).isZero();
      assertThat(run.output()).contains("iperf Done.");
      assertSound(guest);
    } finally {
      server.destroy();
      server.waitFor();
    }
  }

  @Test
  void aPublishedPortLeadsToTheGuest() throws Exception {
    GuestNamespace.assume("nc:netcat-openbsd");
    NatConfiguration configuration =
        NatConfiguration.builder()
            .reach(Reach.NOWHERE)
            .forward(
                new Forward(
                    Forward.Protocol.TCP, InetAddress.ofLiteral("127.0.0.1"), 0, null, 2200))
            .forward(
                new Forward(
                    Forward.Protocol.UDP, InetAddress.ofLiteral("127.0.0.1"), 0, null, 2201))
            .build();
    try (GuestNamespace guest = new GuestNamespace(configuration).configured()) {
      InetSocketAddress tcp = guest.nat().forwards().getFirst();
      try (Socket refused = new Socket(tcp.getAddress(), tcp.getPort())) {
        refused.setSoTimeout(120_000);
        assertThat(readAll(refused)).as("nobody listens in the guest: reset").isNull();
      }
      Path file = guest.folder().resolve("secret");
      Files.writeString(file, "from the guest");
      Process listener = guest.start("sh", "-c", "nc -N -l 2200 <" + file);
      String got = null;
      for (int i = 0; i < 600 && got == null; i++) {
        try (Socket socket = new Socket(tcp.getAddress(), tcp.getPort())) {
          socket.setSoTimeout(120_000);
          socket.shutdownOutput();
          got = readAll(socket);
        }
        Thread.sleep(100);
      }
      assertThat(got).isEqualTo("from the guest");
      listener.waitFor();
      datagramsReachTheGuest(guest);
      // Restricted: the guest itself gets nowhere.
      assertThat(guest.run("nc", "-w", "3", "-z", HOST, "22").status()).isNotZero();
      assertSound(guest);
    }
  }

  private static void datagramsReachTheGuest(GuestNamespace guest) throws Exception {
    Path got = guest.folder().resolve("datagram");
    Process listener = guest.start("sh", "-c", "timeout 300 nc -u -l 2201 >" + got);
    InetSocketAddress udp = guest.nat().forwards().get(1);
    try (DatagramSocket socket = new DatagramSocket()) {
      byte[] hello = "hello".getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < 1200 && (!Files.exists(got) || Files.size(got) == 0); i++) {
        socket.send(new DatagramPacket(hello, hello.length, udp));
        Thread.sleep(100);
      }
    }
    listener.descendants().forEach(ProcessHandle::destroy);
    listener.destroy();
    listener.waitFor();
    assertThat(Files.readString(got)).startsWith("hello");
  }

  /** What comes until the end; null where the connection is reset. */
  private static String readAll(Socket socket) {
    try {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      return null;
    }
  }

  @Test
  void tftpGetsFilesOfItsFolderAndNoOthers(@TempDir Path folder) throws IOException {
    GuestNamespace.assume("tftp:tftp-hpa");
    byte[] content = HostServer.content(300_000);
    Files.write(folder.resolve("boot.ipxe"), content);
    Files.createSymbolicLink(folder.resolve("leak"), Path.of("/etc/hostname"));
    NatConfiguration configuration =
        NatConfiguration.builder().tftpFolder(folder).bootFile("boot.ipxe").build();
    try (GuestNamespace guest = new GuestNamespace(configuration).configured()) {
      String got = guest.folder().resolve("got").toString();
      GuestNamespace.Run run =
          guest.run("tftp", HOST, "-m", "binary", "-c", "get", "boot.ipxe", got);
      assertThat(run.status()).as(run.output()).isZero();
      assertThat(Files.readAllBytes(Path.of(got))).isEqualTo(content);
      for (String other : new String[] {"absent", "../../etc/hostname", "leak"}) {
        run = guest.run("tftp", HOST, "-m", "binary", "-c", "get", other, got + "2");
        assertThat(run.output()).contains("not found");
      }
      assertSound(guest);
    }
  }

  @Test
  void sshLogsInThroughAPublishedPort() throws Exception {
    GuestNamespace.assume("sshd:openssh-server", "ssh:openssh-client", "ssh-keygen:openssh-client");
    NatConfiguration configuration =
        NatConfiguration.builder()
            .forward(
                new Forward(Forward.Protocol.TCP, InetAddress.ofLiteral("127.0.0.1"), 0, null, 22))
            .build();
    try (GuestNamespace guest = new GuestNamespace(configuration).configured()) {
      Path key = guest.folder().resolve("key");
      Files.createDirectories(Path.of("/run/sshd"));
      assertThat(guest.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key.toString()))
          .isEqualTo(new GuestNamespace.Run(0, ""));
      Process server =
          guest.start(
              "/usr/sbin/sshd",
              "-D",
              "-e",
              "-p",
              "22",
              "-h",
              key.toString(),
              "-o",
              "AuthorizedKeysFile=" + key + ".pub",
              "-o",
              "StrictModes=no",
              "-o",
              "PidFile=none");
      try {
        String ssh =
            "for i in 1 2 3 4 5 6 7 8 9; do timeout 300 ssh -p "
                + guest.nat().forwards().getFirst().getPort()
                + " -i "
                + key
                + " -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
                + " -o LogLevel=ERROR root@127.0.0.1 'ip -br link' && exit 0; sleep 0.3; done;"
                + " exit 1";
        Process client =
            new ProcessBuilder("sh", "-c", ssh)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        String said =
            new String(client.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(client.waitFor()).as(said).isZero();
        assertThat(said).as("the interfaces of the guest").contains(guest.device());
      } finally {
        server.destroy();
        server.waitFor();
      }
      assertSound(guest);
    }
  }

  @Test
  void aDhcpClientOfIpv6GetsItsAddress() throws Exception {
    GuestNamespace.assume("dhclient:isc-dhcp-client");
    try (GuestNamespace guest = new GuestNamespace(NatConfiguration.builder().build())) {
      String ready = "";
      for (int i = 0; i < 600 && !ready.contains("fe80::"); i++) {
        Thread.sleep(200);
        ready = guest.run("ip", "-6", "addr", "show", "-tentative", "scope", "link").output();
      }
      Path leases = guest.folder().resolve("leases");
      Path pid = guest.folder().resolve("pid");
      String command =
          "timeout 300 dhclient -6 -1 -v -sf /bin/true -lf "
              + leases
              + " -pf "
              + pid
              + " "
              + guest.device()
              + "; status=$?; "
              + killer(pid)
              + "; exit $status";
      GuestNamespace.Run run = guest.run("sh", "-c", command);
      assertThat(run.status()).as(run.output()).isZero();
      assertThat(Files.readString(leases))
          .contains("iaaddr fec0::15")
          .contains("dhcp6.name-servers fec0::3")
          .contains("dhcp6.domain-search \"wardian.internal.\"");
      assertSound(guest);
    }
  }

  @Test
  void resetsPassBothWays() throws Exception {
    GuestNamespace.assume("curl", "bash");
    try (HostServer server = new HostServer(100_000);
        ServerSocket breaker = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"));
        GuestNamespace guest =
            new GuestNamespace(NatConfiguration.builder().build()).configured()) {
      Thread.ofPlatform().daemon().start(() -> breakOne(breaker));
      String url = "http://" + HOST + ":" + breaker.getLocalPort() + "/";
      GuestNamespace.Run run = guest.run("curl", "-sS", "-m", "300", url);
      assertThat(run.output()).contains("Connection reset by peer");
      // Who closes with something unread resets (RFC 9293 §3.6.1). Something has come for sure when
      // one byte of it was read.
      String close =
          "exec 3<>/dev/tcp/%s/%d; head -c 1 <&3; sleep 1; exec 3>&-"
              .formatted(HOST, server.port());
      run = guest.run("bash", "-c", close);
      assertThat(run.status()).as(run.output()).isZero();
      assertThat(server.received().poll(120, TimeUnit.SECONDS)).contains("Connection reset");
      assertSound(guest);
    }
  }

  private static void breakOne(ServerSocket server) {
    try (Socket socket = server.accept()) {
      assertThat(socket.getInputStream().read()).isPositive();
      socket.setSoLinger(true, 0);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatCannotBeReachedIsSaidToBeSo() throws Exception {
    GuestNamespace.assume("dig:dnsutils", "ping:iputils-ping", "curl");
    int closed;
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
      closed = socket.getLocalPort();
    }
    try (GuestNamespace guest =
        new GuestNamespace(NatConfiguration.builder().reach(Reach.HOST).build()).configured()) {
      GuestNamespace.Run run =
          guest.run(
              "dig", "+time=60", "+tries=1", "-p", Integer.toString(closed), "@" + HOST, "a.b");
      assertThat(run.output()).contains("connection refused");
      run = guest.run("ping", "-c", "1", "-W", "60", "192.0.2.99");
      assertThat(run.output()).contains("Packet filtered");
      run = guest.run("curl", "-sS", "-m", "300", "http://192.0.2.99/");
      assertThat(run.status()).as("curl: could not connect").isEqualTo(7);
      run = guest.run("dig", "+time=60", "+tries=1", "example.org");
      assertThat(run.output()).contains("status: REFUSED");
      assertSound(guest);
    }
  }

  @Test
  void pingReachesOtherAddressesWhereTheHostLendsAnIcmpSocket() throws Exception {
    GuestNamespace.assume("ping:iputils-ping");
    InetAddress other =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
            .findFirst()
            .orElse(null);
    assumeTrue(other != null, "needs another address of IPv4 than the loopback's");
    try (GuestNamespace guest =
        new GuestNamespace(NatConfiguration.builder().build()).configured()) {
      GuestNamespace.Run run =
          guest.run("ping", "-c", "3", "-i", "0.2", "-s", "3000", other.getHostAddress());
      assertThat(run.output()).contains("3 received");
      assertSound(guest);
    }
  }

  @Test
  void aServiceOfTheNetworkLeadsToTheHost() throws Exception {
    GuestNamespace.assume("nc:netcat-openbsd");
    try (HostServer server = new HostServer(1000)) {
      NatConfiguration configuration =
          NatConfiguration.builder()
              .reach(Reach.NOWHERE)
              .service(
                  IpAddress.parse("10.0.2.100"),
                  80,
                  new InetSocketAddress("127.0.0.1", server.port()))
              .build();
      try (GuestNamespace guest = new GuestNamespace(configuration).configured()) {
        GuestNamespace.Run run =
            guest.run("sh", "-c", "echo hello | timeout 300 nc -N 10.0.2.100 80 | wc -c");
        assertThat(run.output().strip()).isEqualTo("1000");
        assertThat(server.received().poll(120, TimeUnit.SECONDS)).startsWith("6:");
        assertSound(guest);
      }
    }
  }
}
