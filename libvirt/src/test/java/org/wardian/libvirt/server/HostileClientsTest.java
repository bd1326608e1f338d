package org.wardian.libvirt.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.memory.MemoryHost;
import org.wardian.libvirt.rpc.Frame;
import org.wardian.libvirt.rpc.Header;
import org.wardian.libvirt.rpc.Message;
import org.wardian.libvirt.rpc.MessageConnection;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.keepalive.KeepaliveProgram;
import org.wardian.libvirt.wire.remote.ConnectDomainEventCallbackRegisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectOpenArgs;
import org.wardian.libvirt.wire.remote.ConnectSupportsFeatureArgs;
import org.wardian.libvirt.wire.remote.DomainGetHostnameArgs;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Clients that are slow, silent, greedy or mad: the others do not notice. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class HostileClientsTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  @TempDir private Path folder;
  private final MemoryHost host = new MemoryHost();
  private Path socket;
  private String uri;
  private Server server;

  @BeforeEach
  void start() throws Exception {
    socket = folder.resolve("socket");
    uri = "qemu+unix:///system?socket=" + socket;
    serve(host.server(), AuthenticationType.NONE);
  }

  private void serve(Server made, AuthenticationType type) throws Exception {
    server = made;
    server.serve(
        new UnixService(
            socket, PosixFilePermissions.fromString("rw-------"), false, List.of(type)));
  }

  @AfterEach
  void stop() {
    host.domains().gate.countDown();
    server.close();
  }

  private void othersAreServed() throws Exception {
    try (Connection other = Connection.open(uri)) {
      assertThat(other.type()).isEqualTo("QEMU");
    }
  }

  @Test
  void aClientsCallsThatWaitAreBoundedAndKeepaliveGoesOn() throws Exception {
    host.domains().gate = new CountDownLatch(1);
    DomainRef domain = host.domains().define("<domain><name>a</name></domain>");
    int calls = 2_000;
    try (RawPeer peer = new RawPeer(socket).open()) {
      for (int i = 0; i < 20; i++) {
        peer.send(RemoteProgram.DOMAIN_GET_HOSTNAME, new DomainGetHostnameArgs(domain, 0));
      }
      peer.connection().send(ping());
      // The server's own answer to the question; the connection hides it, so ask below it.
      peer.connection().keepAlive(Duration.ofMillis(100), 1_000);
      CompletableFuture<Integer> sent = new CompletableFuture<>();
      Thread.startVirtualThread(() -> {
        try {
          for (int i = 20; i < calls; i++) {
            peer.send(RemoteProgram.DOMAIN_GET_HOSTNAME, new DomainGetHostnameArgs(domain, 0));
          }
          sent.complete(calls);
        } catch (IOException e) {
          sent.completeExceptionally(e);
        }
      });
      while (host.domains().arrived.get() < 5) {
        Thread.sleep(5);
      }
      othersAreServed();
      assertThat(host.domains().arrived.get()).isEqualTo(5);
      host.domains().gate.countDown();
      Set<Integer> serials = new HashSet<>();
      for (int i = 0; i < calls; i++) {
        Message reply = peer.connection().receive();
        assertThat(reply.header().status()).isZero();
        assertThat(serials.add(reply.header().serial())).isTrue();
      }
      assertThat(sent.get()).isEqualTo(calls);
    }
  }

  private static Frame ping() {
    return Frame.of(
        new Header(KeepaliveProgram.NUMBER, 1, KeepaliveProgram.PING.number(), 2, 0, 0));
  }

  @Test
  void aQuestionIsAnsweredWhileCallsWait() throws Exception {
    host.domains().gate = new CountDownLatch(1);
    DomainRef domain = host.domains().define("<domain><name>a</name></domain>");
    try (RawPeer peer = new RawPeer(socket).open();
        UnixSocket raw = UnixSocket.connect(socket)) {
      raw.write(openFrame(), 0, openFrame().length);
      readMessage(raw);
      for (int i = 0; i < 10; i++) {
        Frame call =
            Frame.of(
                RawPeer.header(RemoteProgram.DOMAIN_GET_HOSTNAME, i),
                new DomainGetHostnameArgs(domain, 0));
        raw.write(call.bytes(), 0, call.length());
      }
      Frame ping = ping();
      raw.write(ping.bytes(), 0, ping.length());
      // All calls wait, so what comes is the answer to the question.
      ByteBuffer pong = readMessage(raw);
      assertThat(pong.getInt()).isEqualTo(KeepaliveProgram.NUMBER);
      pong.getInt();
      assertThat(pong.getInt()).isEqualTo(KeepaliveProgram.PONG.number());
      assertThat(peer.connection().ending()).isNull();
    }
  }

  private static byte[] openFrame() throws IOException {
    Frame open =
        Frame.of(
            RawPeer.header(RemoteProgram.CONNECT_OPEN, 99),
            new ConnectOpenArgs("qemu:///system", 0));
    return Arrays.copyOf(open.bytes(), open.length());
  }

  private static ByteBuffer readMessage(UnixSocket raw) throws IOException {
    byte[] length = new byte[4];
    read(raw, length);
    byte[] rest = new byte[ByteBuffer.wrap(length).getInt() - 4];
    read(raw, rest);
    return ByteBuffer.wrap(rest);
  }

  private static void read(UnixSocket raw, byte[] into) throws IOException {
    int done = 0;
    while (done < into.length) {
      int count = raw.read(into, done, into.length - done, passed -> {});
      if (count < 0) {
        throw new IOException("closed after " + done + " bytes");
      }
      done += count;
    }
  }

  @Test
  void aClientThatDoesNotReadItsEventsIsDisconnectedAndOthersHearThem() throws Exception {
    try (RawPeer deaf = new RawPeer(socket).open();
        Connection good = Connection.open(uri)) {
      deaf.call(
          RemoteProgram.CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY,
          new ConnectDomainEventCallbackRegisterAnyArgs(0, null));
      Semaphore heard = new Semaphore(0);
      good.events().ofLifecycle(event -> heard.release());
      String name = "n".repeat(100_000);
      int before = server.sessions().size();
      while (server.sessions().size() == before) {
        host.domains().define("<domain><name>" + name + "</name></domain>");
        // Who reads is never far behind, however busy the host is.
        heard.acquire();
      }
      assertThat(good.isAlive()).isTrue();
      othersAreServed();
    }
  }

  @Test
  void aSilentClientIsFoundOut() throws Exception {
    server.close();
    ServerLimits limits =
        new ServerLimits(100, 20, 5, 64, Duration.ofMillis(20), 2, Duration.ofMinutes(1));
    serve(host.server(new Server.Settings(host).limits(limits)), AuthenticationType.NONE);
    try (RawPeer silent = new RawPeer(socket).open()) {
      silent.call(RemoteProgram.CONNECT_SUPPORTS_FEATURE, new ConnectSupportsFeatureArgs(10));
      // Nobody receives on this side any more, so questions have no answer.
      while (!server.sessions().isEmpty()) {
        Thread.sleep(5);
      }
      assertThat(silent.connection().receive()).isNull();
      // A reset where the server was about to ask again.
      assertThat(silent.connection().ending())
          .isIn(MessageConnection.Ending.EOF, MessageConnection.Ending.ERROR);
    }
  }

  @Test
  void halfOpenClientsDoNotKeepOthersOut() throws Exception {
    server.close();
    ServerLimits limits =
        new ServerLimits(500, 10, 5, 64, Duration.ofSeconds(5), 5, Duration.ofMinutes(2));
    serve(
        host.server(new Server.Settings(host).limits(limits).polkit(session -> true)),
        AuthenticationType.SASL);
    List<UnixSocket> halfOpen = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      UnixSocket one = UnixSocket.connect(socket);
      one.write(new byte[] {0, 0, 0}, 0, 3);
      halfOpen.add(one);
    }
    try (RawPeer peer = new RawPeer(socket)) {
      assertThat(peer.call(RemoteProgram.AUTH_LIST).header().status()).isZero();
      assertThat(
              peer.error(
                      Frame.of(RawPeer.header(RemoteProgram.CONNECT_GET_TYPE, 3), Nothing.NOTHING))
                  .message())
          .isEqualTo("authentication required");
      assertThat(server.sessions().size()).isLessThanOrEqualTo(11);
    }
    halfOpen.forEach(UnixSocket::close);
  }

  @Test
  void whoeverTakesTooLongToAuthenticateIsDisconnected() throws Exception {
    server.close();
    ServerLimits limits =
        new ServerLimits(500, 10, 5, 64, Duration.ofSeconds(5), 5, Duration.ofMillis(30));
    serve(host.server(new Server.Settings(host).limits(limits)), AuthenticationType.SASL);
    try (RawPeer peer = new RawPeer(socket)) {
      assertThat(peer.connection().receive()).isNull();
    }
  }

  @Test
  void garbageEndsItsOwnConnectionOnly() throws Exception {
    SplittableRandom random = new SplittableRandom(17);
    try (Connection good = Connection.open(uri)) {
      for (int i = 0; i < ITERATIONS / 100; i++) {
        try (RawPeer peer = new RawPeer(socket)) {
          if (random.nextBoolean()) {
            peer.open();
          }
          for (int message = random.nextInt(8); message >= 0; message--) {
            byte[] bytes = noise(random);
            peer.socket().write(bytes, 0, bytes.length);
          }
        } catch (IOException disconnected) {
          assertThat(disconnected).hasMessageMatching("(?s).+");
        }
      }
      assertThat(good.type()).isEqualTo("QEMU");
    }
    othersAreServed();
    while (!server.sessions().isEmpty()) {
      Thread.sleep(5);
    }
  }

  /** Bytes that are mostly a message with a likely header and any payload. */
  private static byte[] noise(SplittableRandom random) {
    byte[] bytes = new byte[28 + 4 * random.nextInt(40)];
    random.nextBytes(bytes);
    if (random.nextInt(10) > 0) {
      ByteBuffer.wrap(bytes)
          .putInt(bytes.length)
          .putInt(RemoteProgram.NUMBER)
          .putInt(1)
          .putInt(1 + random.nextInt(445))
          .putInt(random.nextInt(8) == 0 ? random.nextInt(8) : 0)
          .putInt(random.nextInt(10))
          .putInt(random.nextInt(8) == 0 ? random.nextInt(4) : 0);
      for (int i = 28; i < bytes.length; i++) {
        bytes[i] = (byte) (random.nextInt(3) > 0 ? 0 : bytes[i] & 7);
      }
    }
    return bytes;
  }

  @Test
  void twoHundredClientsAtOnce() throws Exception {
    host.domains().define("<domain><name>a</name></domain>");
    CountDownLatch all = new CountDownLatch(200);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> results = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        results.add(
            threads.submit(() -> {
              try (Connection connection = Connection.open(uri)) {
                all.countDown();
                all.await();
                int sum = 0;
                for (int call = 0; call < 10; call++) {
                  sum += connection.domains().size();
                }
                return sum;
              }
            }));
      }
      for (Future<Integer> result : results) {
        assertThat(result.get()).isEqualTo(10);
      }
    }
  }
}
