package org.wardian.libvirt.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.Descriptor;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.memory.MemoryHost;
import org.wardian.libvirt.rpc.StreamItem;
import org.wardian.libvirt.sasl.ScramCredential;
import org.wardian.libvirt.sasl.ScramServer;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.TcpService;
import org.wardian.libvirt.server.UnixService;
import org.wardian.libvirt.wire.remote.DomainEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.DomainOpenGraphicsFdArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Our client and our server, with a host that exists in memory. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class MemoryHostTest {
  private static final String XML = "<domain type='kvm'><name>%s</name></domain>";

  @TempDir private Path folder;
  private final MemoryHost host = new MemoryHost();
  private Server server;
  private Connection connection;

  @BeforeEach
  void start() throws Exception {
    server =
        host.server(
            new Server.Settings(host)
                .mechanisms(
                    List.of(new ScramServer(Map.of("fred", ScramCredential.of("secret"))::get))));
    server.serve(
        new UnixService(
            folder.resolve("socket"),
            PosixFilePermissions.fromString("rw-------"),
            false,
            List.of(AuthenticationType.NONE)));
    connection = Connection.open("qemu+unix:///system?socket=" + folder.resolve("socket"));
  }

  @AfterEach
  void stop() {
    connection.close();
    server.close();
  }

  @Test
  void domainsLiveAndDie() throws Exception {
    Domain domain = connection.defineDomain(XML.formatted("one"));
    assertThat(connection.domains()).containsExactly(domain);
    assertThat(domain.state()).isEqualTo(DomainState.SHUTOFF);
    domain.start();
    assertThat(domain.state()).isEqualTo(DomainState.RUNNING);
    assertThat(connection.domain("one")).isEqualTo(domain);
    assertThat(connection.domain(domain.uuid()).id()).isPositive();
    assertThat(domain.xml()).isEqualTo(XML.formatted("one"));
    assertThatThrownBy(domain::start)
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.is(ErrorNumber.OPERATION_INVALID)).isTrue())
        .hasMessage("Requested operation is not valid: domain is already running");
    domain.destroy();
    domain.undefine(0);
    assertThat(connection.domains()).isEmpty();
    assertThatThrownBy(domain::state)
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.number()).isEqualTo(ErrorNumber.NO_DOMAIN));
  }

  @Test
  void typedParametersKeepTheirKinds() throws Exception {
    Domain domain = connection.defineDomain(XML.formatted("one"));
    domain.setMemoryParameters(
        new TypedParameters()
            .putUnsignedLong("hard_limit", 5)
            .putInt("an_int", -3)
            .putUnsignedInt("a_uint", -1)
            .putDouble("a_double", 1.5)
            .putBoolean("a_bool", true)
            .putString("a_string", "ä"),
        0);

    assertThat(domain.memoryParameters())
        .isEqualTo(
            Map.of(
                "hard_limit",
                5L,
                "soft_limit",
                524_288L,
                "an_int",
                -3,
                "a_uint",
                4_294_967_295L,
                "a_double",
                1.5,
                "a_bool",
                true,
                "a_string",
                "ä"));
  }

  @Test
  void eventsAreToldInOrderUntilTheSubscriptionEnds() throws Exception {
    BlockingQueue<DomainEventLifecycleMsg> told = new LinkedBlockingQueue<>();
    Subscription all = connection.events().ofLifecycle(told::add);
    Domain one = connection.defineDomain(XML.formatted("one"));
    Domain two = connection.defineDomain(XML.formatted("two"));
    List<Integer> ofTwo = new ArrayList<>();
    Subscription second =
        connection
            .events()
            .ofDomains(
                RemoteProgram.DOMAIN_EVENT_CALLBACK_LIFECYCLE,
                two,
                event -> ofTwo.add(event.msg().event()));
    one.start();
    two.start();
    for (DomainEventType type :
        List.of(
            DomainEventType.DEFINED,
            DomainEventType.DEFINED,
            DomainEventType.STARTED,
            DomainEventType.STARTED)) {
      assertThat(told.take().event()).isEqualTo(type.number());
    }
    all.close();
    two.destroy();
    second.close();
    connection.hostname();
    // One thread tells all events, so the last of all shows that those before it were told.
    BlockingQueue<DomainEventLifecycleMsg> last = new LinkedBlockingQueue<>();
    connection.events().ofLifecycle(last::add);
    one.destroy();
    assertThat(last.take().event()).isEqualTo(DomainEventType.STOPPED.number());
    assertThat(told).isEmpty();
    assertThat(ofTwo)
        .containsExactly(DomainEventType.STARTED.number(), DomainEventType.STOPPED.number());
  }

  @Test
  void aListenerMayMakeCalls() throws Exception {
    BlockingQueue<String> xml = new LinkedBlockingQueue<>();
    connection
        .events()
        .ofLifecycle(event -> {
          try {
            xml.add(connection.domain(event.dom().name()).xml());
          } catch (LibvirtException e) {
            xml.add(e.getMessage());
          }
        });
    connection.defineDomain(XML.formatted("one"));
    assertThat(xml.take()).isEqualTo(XML.formatted("one"));
  }

  @Test
  void aConsoleGoesBothWaysAndIsFinished() throws Exception {
    Domain domain = connection.defineDomain(XML.formatted("one"));
    assertThatThrownBy(() -> domain.console(null, 0)).isInstanceOf(LibvirtException.class);
    domain.start();
    try (ClientStream console = domain.console(null, 0)) {
      assertThat(text(console, 15)).isEqualTo("console ready\r\n");
      byte[] hello = "hello".getBytes(StandardCharsets.UTF_8);
      console.send(hello, 0, hello.length);
      assertThat(text(console, 5)).isEqualTo("hello");
      console.finish();
      assertThatThrownBy(() -> console.send(hello, 0, 1)).isInstanceOf(LibvirtException.class);
    }
    assertThat(connection.type()).isEqualTo("QEMU");
  }

  private static String text(ClientStream stream, int bytes) throws Exception {
    StringBuilder text = new StringBuilder();
    while (text.length() < bytes && stream.receive() instanceof StreamItem.Data data) {
      text.append(new String(data.bytes(), StandardCharsets.UTF_8));
    }
    return text.toString();
  }

  @Test
  void volumesComeBackWithTheirHoles() throws Exception {
    StorageVolume volume =
        connection.storagePool("memory").createVolume("<volume><name>v</name></volume>", 0);
    byte[] content = new byte[3_000_001];
    new SplittableRandom(4).nextBytes(content);
    Arrays.fill(content, 500_000, 1_500_000, (byte) 0);
    ClientStream up = volume.upload(0, 0, 1);
    up.send(content, 0, 500_000);
    up.sendHole(1_000_000);
    up.send(content, 1_500_000, content.length - 1_500_000);
    up.finish();
    int holes = 0;
    ClientStream down = volume.download(0, 0, 1);
    int at = 0;
    while (true) {
      StreamItem item = down.receive();
      if (item instanceof StreamItem.Hole hole) {
        holes++;
        at += (int) hole.length();
      } else if (item instanceof StreamItem.Data data) {
        for (byte b : data.bytes()) {
          assertThat(b).isEqualTo(content[at++]);
        }
      } else {
        break;
      }
    }
    down.finish();
    assertThat(at).isEqualTo(content.length);
    assertThat(holes).isPositive();
    try (InputStream all = volume.download(0, 0, 0).asInput()) {
      assertThat(all.readAllBytes()).isEqualTo(content);
    }
  }

  @Test
  void aFailureOfTheDaemonsSideIsToldToWhoSends() throws Exception {
    StorageVolume volume =
        connection.storagePool("memory").createVolume("<volume><name>v</name></volume>", 0);
    ClientStream up = volume.upload(0, 0, 1);
    up.sendHole(1L << 40);
    assertThatThrownBy(up::finish)
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.is(ErrorNumber.OPERATION_FAILED)).isTrue());
    OutputStream out = volume.upload(0, 0, 1).asOutput();
    out.write(new byte[100]);
    out.close();
    assertThat(volume.info().capacity()).isEqualTo(100);
  }

  @Test
  void anAbortedStreamLeavesTheConnectionAndTheVolumeAlone() throws Exception {
    StorageVolume volume =
        connection.storagePool("memory").createVolume("<volume><name>v</name></volume>", 0);
    ClientStream up = volume.upload(0, 0, 0);
    up.send(new byte[1_000_000], 0, 1_000_000);
    up.close();
    assertThat(volume.info().capacity()).isZero();
    byte[] content = new byte[30_000_000];
    try (OutputStream out = volume.upload(0, 0, 0).asOutput()) {
      out.write(content);
    }
    for (int i = 0; i < 5; i++) {
      ClientStream down = volume.download(0, 0, 0);
      assertThat(down.receive()).isInstanceOf(StreamItem.Data.class);
      down.close();
    }
    assertThat(connection.type()).isEqualTo("QEMU");
  }

  @Test
  void aFileComesWithAReply() throws Exception {
    Domain domain = connection.defineDomain(XML.formatted("one"));
    domain.start();
    RpcClient.Answer<?> answer =
        connection
            .rpc()
            .call(
                RemoteProgram.DOMAIN_OPEN_GRAPHICS_FD,
                new DomainOpenGraphicsFdArgs(domain.reference(), 0, 0),
                List.of(),
                false);
    assertThat(answer.descriptors()).hasSize(1);
    try (Descriptor descriptor = answer.descriptors().getFirst();
        UnixSocket graphics = UnixSocket.adopt(descriptor)) {
      byte[] greeting = new byte[12];
      int done = 0;
      while (done < 12) {
        done += graphics.read(greeting, done, 12 - done, passed -> {});
      }
      assertThat(new String(greeting, StandardCharsets.US_ASCII)).isEqualTo("RFB 003.008\n");
    }
  }

  @Test
  void aScreenshotHasATypeAndContent() throws Exception {
    Domain domain = connection.defineDomain(XML.formatted("one"));
    Domain.Screenshot screenshot = domain.screenshot(0);
    assertThat(screenshot.type()).isEqualTo("image/png");
    try (InputStream content = screenshot.content().asInput()) {
      assertThat(content.readAllBytes()).asString().isEqualTo("a picture");
    }
  }

  @Test
  void overTcpWithAPassword() throws Exception {
    TcpService service =
        new TcpService(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            null,
            List.of(AuthenticationType.SASL));
    server.serve(service);
    String uri =
        "qemu+tcp://"
            + InetAddress.getLoopbackAddress().getHostAddress()
            + ":"
            + service.port()
            + "/system";
    try (Connection other =
        Connection.open(uri, ConnectOptions.DEFAULT.withCredentials("fred", "secret"))) {
      assertThat(other.hostname()).isEqualTo("memory.example");
      assertThat(server.sessions()).anyMatch(session -> "fred".equals(session.user()));
    }
    assertThatThrownBy(
            () -> Connection.open(uri, ConnectOptions.DEFAULT.withCredentials("fred", "guess")))
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.is(ErrorNumber.AUTH_FAILED)).isTrue());
    assertThatThrownBy(() -> Connection.open(uri))
        .isInstanceOf(LibvirtException.class)
        .hasMessageContaining("asks for a name and a password");
    ConnectOptions asking = ConnectOptions.DEFAULT.withPrompt(new Person("fred", "secret"));
    Connection.open(uri, asking).close();
    Connection.open(uri.replace("://", "://fred@"), asking.withPrompt(new Person(null, "secret")))
        .close();
    assertThatThrownBy(() -> Connection.open(uri, asking.withPrompt(new Person("fred", null))))
        .hasMessageContaining("asks for a name and a password");
  }

  /** Somebody who can be asked, and knows one of both, or both. */
  private record Person(String name, String secret) implements CredentialPrompt {
    @Override
    public Optional<String> user(String host) {
      return Optional.ofNullable(name);
    }

    @Override
    public Optional<String> password(String user, String host) {
      assertThat(user).isEqualTo("fred");
      return Optional.ofNullable(secret);
    }
  }

  @Test
  void aDaemonThatGoesIsNoticed() throws Exception {
    BlockingQueue<String> why = new LinkedBlockingQueue<>();
    connection.whenClosed(why::add);
    server.close();
    assertThat(why.take()).isNotEmpty();
    assertThat(connection.isAlive()).isFalse();
    assertThatThrownBy(() -> connection.domains())
        .isInstanceOf(LibvirtException.class)
        .hasMessageContaining("has ended");
  }

  @Test
  void nobodyAtTheSocketIsAnError() {
    assertThatThrownBy(() -> Connection.open("qemu:///system?socket=" + folder.resolve("none")))
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.is(ErrorNumber.SYSTEM_ERROR)).isTrue())
        .hasMessageContaining("No such file");
    assertThatThrownBy(() -> Connection.open("xen:///system?socket=" + folder.resolve("socket")))
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.is(ErrorNumber.NO_CONNECT)).isTrue());
  }
}
