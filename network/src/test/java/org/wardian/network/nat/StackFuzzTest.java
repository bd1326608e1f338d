package org.wardian.network.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort.Offloads;
import org.wardian.network.wire.Damage;
import org.wardian.network.wire.IpAddress;

/**
 * A hostile guest before the whole network: real conversations, damaged, in an order of no sense,
 * while time runs and the card is full now and then. Nothing escapes, nothing grows, and what the
 * network sends is sound.
 */
class StackFuzzTest {
  private static final int CONNECTIONS = 48;
  private static final int FLOWS = 24;
  private static final long MEMORY = 4L << 20;
  private static final IpAddress SERVICE = IpAddress.parse("10.0.2.100");

  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void nothingEscapesAndNothingGrows(@TempDir Path folder) throws IOException {
    Files.write(folder.resolve("boot"), new byte[5000]);
    long[] clock = {1};
    try (ServerSocket echo = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"))) {
      Thread.ofPlatform().daemon().start(() -> serve(echo));
      NatConfiguration configuration =
          NatConfiguration.builder()
              .reach(Reach.NOWHERE)
              .tftpFolder(folder)
              .bootFile("boot")
              .service(SERVICE, 7, new InetSocketAddress("127.0.0.1", echo.getLocalPort()))
              .forward(
                  new Forward(
                      Forward.Protocol.TCP, InetAddress.ofLiteral("127.0.0.1"), 0, null, 22))
              .limits(new NatConfiguration.Limits(CONNECTIONS, 16, FLOWS, MEMORY))
              .build();
      try (NatEngine engine = new NatEngine(configuration, () -> clock[0])) {
        attack(engine, clock);
      }
    }
  }

  private static void attack(NatEngine engine, long[] clock) throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    HostileGuest guest = new HostileGuest(random, SERVICE);
    engine
        .link()
        .attach(frame -> {
          if (random.nextInt(64) == 0) {
            return false;
          }
          guest.hear(frame, engine.link().offloads());
          return true;
        });
    InetSocketAddress published = engine.forwards().addresses().getFirst();
    long baseline = 0;
    for (int i = 0; i < Damage.ITERATIONS; i++) {
      for (int burst = 1 + random.nextInt(3); burst > 0; burst--) {
        Frame frame = guest.next();
        engine.send(frame);
      }
      clock[0] += time(random);
      if (random.nextInt(8) == 0) {
        engine.cardReady();
      }
      if (random.nextInt(200) == 0) {
        engine
            .link()
            .accept(
                new Offloads(
                    random.nextBoolean(),
                    random.nextBoolean(),
                    random.nextBoolean(),
                    random.nextBoolean()));
      }
      if (random.nextInt(500) == 0) {
        try (Socket socket = new Socket(published.getAddress(), published.getPort())) {
          socket.getOutputStream().write(1);
        }
      }
      engine.step(0);
      if (i % 1000 == 999) {
        bounded(engine);
      }
      if (i == Damage.ITERATIONS / 4) {
        baseline = heap();
      }
    }
    bounded(engine);
    assertThat(guest.problems()).isEmpty();
    assertThat(heap() - baseline).as("growth of the heap in bytes").isLessThan(24L << 20);
    NatStatistics seen = engine.counters().read(0);
    System.getLogger(StackFuzzTest.class.getName()).log(System.Logger.Level.INFO, seen);
    assertThat(seen.connections()).as("connections were made").isPositive();
    assertThat(seen.framesOut()).as("the network spoke").isPositive();
  }

  private static long time(SplittableRandom random) {
    return switch (random.nextInt(1000)) {
      case 0 -> 100_000_000_000L;
      case 1, 2, 3 -> 1_500_000_000L;
      default -> random.nextLong(3_000_000L);
    };
  }

  private static void bounded(NatEngine engine) {
    if (engine.firstFailure() != null) {
      throw new AssertionError("escaped", engine.firstFailure());
    }
    assertThat(engine.tcp().size()).isLessThanOrEqualTo(CONNECTIONS);
    assertThat(engine.udp().size()).isLessThanOrEqualTo(FLOWS);
    assertThat(engine.udp().dns().pending()).isLessThanOrEqualTo(128);
    assertThat(engine.udp().dhcp().leases()).isLessThanOrEqualTo(1024);
    assertThat(engine.tcp().pool().allocated()).isLessThanOrEqualTo(MEMORY);
    assertThat(engine.input().reassembly().size()).isLessThanOrEqualTo(32);
    assertThat(engine.deadlines().size()).isLessThan(2000);
    assertThat(engine.counters().failures.sum()).isZero();
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static void serve(ServerSocket server) {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread.ofVirtual()
            .start(() -> {
              try (socket) {
                socket.getInputStream().transferTo(socket.getOutputStream());
                socket.shutdownOutput();
              } catch (IOException e) {
                // The guest has broken it, as it should.
                return;
              }
            });
      } catch (IOException e) {
        return;
      }
    }
  }
}
