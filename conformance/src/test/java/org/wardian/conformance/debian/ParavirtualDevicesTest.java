package org.wardian.conformance.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.initramfs.CpioEntry;
import org.wardian.host.HostFile;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.storage.share.Ownership;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.balloon.VirtioBalloon;
import org.wardian.virtio.vsock.HostSockets;

/** Drivers of an unmodified Debian kernel on devices that real computers have not. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ParavirtualDevicesTest {
  private static ModularKernel kernel;

  @TempDir private Path folder;

  @BeforeAll
  static void fetch() throws IOException, InterruptedException {
    assumeTrue(HostFile.available(), "folders are shared by hosts with Linux");
    kernel = ModularKernel.fetch();
  }

  private static List<String> modules(String... more) {
    List<String> names = new ArrayList<>(ModularKernel.VIRTIO);
    names.addAll(List.of(more));
    return names;
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static String sum(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static String sum(Path file) throws Exception {
    return sum(Files.readAllBytes(file));
  }

  private static void powerOff(GuestShell shell) throws Exception {
    KernelLog log = KernelLog.of(shell);
    assertThat(log.has("WARNING:")).isFalse();
    assertThat(log.has("BUG:")).isFalse();
    shell.type("poweroff -f\n");
    assertThat(shell.end().cause()).isEqualTo(Outcome.Cause.POWERED_OFF);
  }

  @Test
  void aFolderIsMountedAndOneThatIsReadOnly() throws Exception {
    Path mine = Files.createDirectory(folder.resolve("mine"));
    Path fixed = Files.createDirectory(folder.resolve("fixed"));
    byte[] content = noise(3_000_000);
    Files.write(mine.resolve("big"), content);
    Files.writeString(fixed.resolve("text"), "fixed");
    Files.createSymbolicLink(mine.resolve("out"), Path.of("/proc/self/status"));
    List<String> modules = modules("netfs", "fscache", "9pnet", "9pnet_virtio", "9p");
    try (SharedFolder writable = SharedFolder.open(mine, false, Ownership.ROOT);
        SharedFolder readable = SharedFolder.open(fixed, true, Ownership.ROOT);
        GuestShell shell =
            GuestShell.boot(
                kernel.machine(
                    modules,
                    List.of(),
                    List.of(
                        new DeviceConfiguration.Share("share0", writable, "mine"),
                        new DeviceConfiguration.Share("share1", readable, "fixed"))))) {
      ModularKernel.load(shell, modules);
      shell.run("mkdir /a /b").text();
      for (String[] mount : new String[][] {{"mine", "/a"}, {"fixed", "/b"}}) {
        shell
            .run(
                "mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 "
                    + mount[0]
                    + " "
                    + mount[1])
            .text();
      }
      assertThat(shell.run("sha256sum < /a/big | cut -c1-64").text()).isEqualTo(sum(content));
      // The prompt that is waited for is that of the home folder.
      shell
          .run(
              "(cd /a && mkdir -p d/e && cp big d/e/copy && mv d/e/copy d/moved && ln d/moved"
                  + " hard)")
          .text();
      assertThat(sum(mine.resolve("d/moved"))).isEqualTo(sum(content));
      assertThat(shell.run("stat -c '%h %u %a' /a/d/moved").text()).isEqualTo("2 0 644");
      shell.run("(cd /a && tar cf all.tar d hard out && mkdir un && tar xf all.tar -C un)").text();
      assertThat(sum(mine.resolve("un/d/moved"))).isEqualTo(sum(content));
      assertThat(Files.readSymbolicLink(mine.resolve("un/out")))
          .isEqualTo(Path.of("/proc/self/status"));
      assertThat(shell.run("grep Name /a/out").text()).as("the guest's own").contains("grep");
      shell.run("(mkdir /a/many; for i in $(seq 300); do echo $i > /a/many/$i; done)").text();
      assertThat(shell.run("ls -l /a/many | grep -c root").text()).isEqualTo("300");
      assertThat(mine.resolve("many/299")).hasContent("299\n");
      shell
          .run(
              "rm -r /a/many /a/un; dd if=/dev/zero of=/a/hole bs=1 count=1 seek=5000000000"
                  + " 2>/dev/null")
          .text();
      assertThat(mine.resolve("many")).doesNotExist();
      assertThat(Files.size(mine.resolve("hole"))).isEqualTo(5_000_000_001L);
      assertThat(shell.run("mkfifo /a/pipe").status()).isNotZero();
      assertThat(shell.run("echo x > /b/new").output()).contains("Read-only");
      assertThat(shell.run("cat /b/text").text()).isEqualTo("fixed");
      assertThat(shell.run("umount /a; umount /b").status()).isZero();
      powerOff(shell);
    }
    assertThat(fixed.resolve("new")).doesNotExist();
  }

  @Test
  void freedMemoryGoesBackAndRandomNumbersComeAlsoAfterASleep() throws Exception {
    AtomicReference<VirtioBalloon> balloon = new AtomicReference<>();
    List<String> modules = modules("virtio_balloon", "virtio-rng");
    try (GuestShell shell =
        GuestShell.boot(
            kernel.machine(
                modules,
                List.of(),
                List.of(
                    new DeviceConfiguration.Balloon("balloon0", balloon::set),
                    new DeviceConfiguration.Rng("rng0", 1 << 20))))) {
      ModularKernel.load(shell, modules);
      assertThat(shell.run("dd if=/dev/hwrng bs=1024 count=16 2>/dev/null | wc -c").text())
          .isEqualTo("16384");
      shell.run("dd if=/dev/zero of=/tmp/x bs=1M count=200 2>/dev/null").text();
      long before = balloon.get().reported();
      shell.run("rm /tmp/x").text();
      await(shell, () -> balloon.get().reported() - before > 150 << 20);

      CompletableFuture<Void> told = new CompletableFuture<>();
      balloon.get().ask(() -> told.complete(null));
      told.get(5, TimeUnit.MINUTES);
      assertThat(balloon.get().figures().get(VirtioBalloon.Figure.TOTAL))
          .isBetween(300L << 20, 512L << 20);
      balloon.get().target(64 << 20);
      await(shell, () -> balloon.get().actual() == 64 << 20);
      balloon.get().target(0);
      await(shell, () -> balloon.get().actual() == 0);

      assertThat(shell.run("cat /sys/power/mem_sleep").text()).isEqualTo("s2idle [deep]");
      shell.run("echo kept > /tmp/kept").text();
      assertThat(shell.sleepAndWake().status()).isZero();
      assertThat(shell.run("dmesg | grep -c 'Low-level resume complete'").text()).isEqualTo("1");
      assertThat(shell.run("cat /tmp/kept").text()).isEqualTo("kept");
      assertThat(shell.run("dd if=/dev/hwrng bs=1024 count=16 2>/dev/null | wc -c").text())
          .isEqualTo("16384");
      balloon.get().target(32 << 20);
      await(shell, () -> balloon.get().actual() == 32 << 20);
      powerOff(shell);
    }
  }

  private interface Condition {
    boolean holds();
  }

  /** The guest has its own time for it. */
  private static void await(GuestShell shell, Condition condition) throws InterruptedException {
    for (int i = 0; i < 300 && !condition.holds(); i++) {
      shell.run("sleep 1").text();
    }
    assertThat(condition.holds()).isTrue();
  }

  @Test
  void socketsReachTheOtherSideBothWays() throws Exception {
    Path program = folder.resolve("vsock");
    compile(program);
    byte[] fromHost = noise(2_000_000);
    List<String> modules =
        modules("vsock", "vmw_vsock_virtio_transport_common", "vmw_vsock_virtio_transport");
    Path file = folder.resolve("v");
    try (HostSockets sockets = HostSockets.listen(file);
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        GuestShell shell =
            GuestShell.boot(
                kernel.machine(
                    modules,
                    List.of(CpioEntry.file("bin/vsock", 0755, Files.readAllBytes(program))),
                    List.of(new DeviceConfiguration.Vsock("vsock0", sockets, 7))))) {
      listener.bind(UnixDomainSocketAddress.of(folder.resolve("v_99")));
      ModularKernel.load(shell, modules);
      shell.run("dd if=/dev/urandom of=/tmp/r bs=1000 count=3000 2>/dev/null").text();

      // The guest connects, sends, ends its half, and reads on.
      CompletableFuture<String> received =
          CompletableFuture.supplyAsync(() -> exchange(listener, fromHost));
      assertThat(shell.run("vsock connect 2 99 < /tmp/r | sha256sum | cut -c1-64").text())
          .isEqualTo(sum(fromHost));
      String guests = shell.run("sha256sum < /tmp/r | cut -c1-64").text();
      assertThat(received.get(5, TimeUnit.MINUTES)).isEqualTo(guests);
      assertThat(shell.run("vsock connect 2 98 < /dev/null").output()).contains("reset");

      // A program of the host connects.
      shell.run("(vsock listen 5 < /tmp/r | sha256sum > /tmp/s) 2>/tmp/e & true").text();
      shell.run("while ! grep -q LISTENING /tmp/e; do sleep 1; done").text();
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
        channel.write(ByteBuffer.wrap("CONNECT 5\n".getBytes(StandardCharsets.US_ASCII)));
        ByteBuffer byteByByte = ByteBuffer.allocate(1);
        StringBuilder line = new StringBuilder();
        while (line.isEmpty() || line.charAt(line.length() - 1) != '\n') {
          assertThat(channel.read(byteByByte.clear())).isOne();
          line.append((char) byteByByte.get(0));
        }
        assertThat(line.toString()).matches("OK \\d+\n");
        assertThat(exchange(channel, fromHost)).isEqualTo(guests);
      }
      shell.run("while [ ! -s /tmp/s ]; do sleep 1; done").text();
      assertThat(shell.run("cut -c1-64 /tmp/s").text()).isEqualTo(sum(fromHost));
      powerOff(shell);
    }
  }

  private static String exchange(ServerSocketChannel listener, byte[] sent) {
    try (SocketChannel channel = listener.accept()) {
      return exchange(channel, sent);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sends all and ends its half, while it reads the other's; the sum of that. */
  private static String exchange(SocketChannel channel, byte[] sent) throws Exception {
    Thread writer =
        Thread.ofPlatform()
            .start(() -> {
              try {
                ByteBuffer rest = ByteBuffer.wrap(sent);
                while (rest.hasRemaining()) {
                  channel.write(rest);
                }
                channel.shutdownOutput();
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    while (channel.read(bytes.clear()) >= 0) {
      digest.update(bytes.flip());
    }
    writer.join();
    return HexFormat.of().formatHex(digest.digest());
  }

  /** A static program for the guest; without a compiler the test is skipped. */
  private static void compile(Path program) throws IOException, InterruptedException {
    Path source = program.resolveSibling("vsock.c");
    try (var in = ParavirtualDevicesTest.class.getResourceAsStream("vsock.c")) {
      Files.write(source, in.readAllBytes());
    }
    Process process;
    try {
      process =
          new ProcessBuilder("gcc", "-static", "-O1", "-o", program.toString(), source.toString())
              .inheritIO()
              .start();
    } catch (IOException e) {
      assumeTrue(false, "no gcc");
      return;
    }
    assumeTrue(process.waitFor() == 0, "gcc makes no static programs here");
  }
}
