package org.wardian.conformance.debian;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.catalogue.ProgressListener;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.DeviceConfiguration.CardModel;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.network.MacAddress;
import org.wardian.network.nat.NatConfiguration;
import org.wardian.network.nat.NatPort;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;

/** The drivers of an unmodified Debian kernel move data by disk, network and random source. */
class VirtioDriversTest {
  private static final int DISK_BYTES = 16 << 20;
  private static final int MEBIBYTE = 1 << 20;
  private static final MacAddress ADDRESS = MacAddress.parse("52:54:00:12:34:56");

  @TempDir private Path folder;

  private static byte[] noise(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static String sum(byte[] bytes) throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
    return "%064x".formatted(new BigInteger(1, digest));
  }

  private static ImageDevice disk(Path image) throws IOException {
    OpenOptions options = OpenOptions.readWrite().withFlushed(false);
    return new ImageDevice(
        image.getFileName().toString(),
        Images.open(image, options),
        DeviceOptions.usual(),
        cause -> {});
  }

  private static MachineConfiguration machine(List<DeviceConfiguration> devices) throws Exception {
    DebianGuest guest = DebianGuest.cloud().withProcessors(2);
    guest.configuration(); // skips the test where the guest cannot be had
    CachedImage image = ImageCache.open().ensure(guest.name(), ProgressListener.silent());
    return guest.withFiles(VirtioModules.of(image)).configuration().with(devices);
  }

  /** All that the next connection sends. */
  private static CompletableFuture<byte[]> received(ServerSocket server) {
    return CompletableFuture.supplyAsync(() -> {
      try (Socket socket = server.accept();
          InputStream in = socket.getInputStream()) {
        return in.readAllBytes();
      } catch (IOException e) {
        throw new CompletionException(e);
      }
    });
  }

  @Test
  void theyMoveData() throws Exception {
    byte[] content = noise(1, DISK_BYTES);
    Path raw = Files.write(folder.resolve("disk.raw"), content);
    Path packed = folder.resolve("disk.qcow2");
    Images.create(packed, CreateOptions.qcow2(DISK_BYTES));
    try (ImageDevice first = disk(raw);
        ImageDevice second = disk(packed);
        NatPort nat = new NatPort(NatConfiguration.builder().build());
        GuestShell shell =
            GuestShell.boot(
                machine(
                    List.of(
                        new DeviceConfiguration.Disk(
                            "raw", DiskBus.VIRTIO, first, false, "RAW", 2, OptionalInt.empty()),
                        new DeviceConfiguration.Disk(
                            "qcow2", DiskBus.VIRTIO, second, false, "Q", 1, OptionalInt.empty()),
                        new DeviceConfiguration.NetworkCard(
                            "card", CardModel.VIRTIO, nat, ADDRESS, 1, OptionalInt.empty()),
                        new DeviceConfiguration.Rng("rng", MEBIBYTE))))) {
      shell.run(VirtioModules.load()).text();
      disks(shell, content);
      network(shell);
      assertThat(shell.run("cat /sys/class/misc/hw_random/rng_current").text()).contains("virtio");
      assertThat(KernelLog.of(shell).complaints()).isEmpty();
      shell.type("poweroff -f\n");
      assertThat(shell.end().cause()).isEqualTo(Outcome.Cause.POWERED_OFF);
    }
    byte[] expected = content.clone();
    System.arraycopy(content, 0, expected, 8 * MEBIBYTE, 4 * MEBIBYTE);
    assertThat(sum(Files.readAllBytes(raw))).isEqualTo(sum(expected));
    try (BlockImage image = Images.open(packed, OpenOptions.readOnly())) {
      ByteBuffer bytes = ByteBuffer.allocate(DISK_BYTES);
      image.read(0, bytes);
      assertThat(sum(bytes.array())).isEqualTo(sum(expected));
    }
  }

  /** Reads by pages and by long transfers, past the guest's cache and through it; writes. */
  private static void disks(GuestShell shell, byte[] content) throws Exception {
    assertThat(shell.run("cat /sys/block/vda/serial").text()).isEqualTo("RAW");
    for (String how : List.of("bs=4k iflag=direct", "bs=1M iflag=direct", "bs=64k")) {
      String read = "dd if=/dev/vda " + how + " 2>/dev/null | sha256sum | cut -c1-64";
      assertThat(shell.run(read).text()).as(how).isEqualTo(sum(content));
    }
    shell.run("dd if=/dev/vda of=/dev/vda bs=1M count=4 seek=8 conv=fsync 2>/dev/null").text();
    shell.run("dd if=/dev/vda of=/dev/vdb bs=1M iflag=direct oflag=direct 2>/dev/null").text();
    // Two processors at the same disk.
    String both =
        "for i in 0 1; do taskset $((i+1)) dd if=/dev/vdb bs=4k iflag=direct skip=$((i*2048))"
            + " count=2048 2>/dev/null | sha256sum > /tmp/s$i & done; wait; cut -c1-64 /tmp/s?";
    byte[] expected = content.clone();
    System.arraycopy(content, 0, expected, 8 * MEBIBYTE, 4 * MEBIBYTE);
    String sums = shell.run(both).text();
    assertThat(sums.lines().filter(line -> line.length() == 64))
        .containsExactly(
            sum(Arrays.copyOf(expected, 8 * MEBIBYTE)),
            sum(Arrays.copyOfRange(expected, 8 * MEBIBYTE, DISK_BYTES)));
    shell.run("sync").text();
  }

  private static void network(GuestShell shell) throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    byte[] page = noise(2, 8 * MEBIBYTE);
    HttpServer http = HttpServer.create(new InetSocketAddress(loopback, 0), 0);
    http.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    http.start();
    try (ServerSocket server = new ServerSocket(0, 1, loopback)) {
      assertThat(shell.run("ip link set eth0 up; udhcpc -i eth0 -n -q -s /bin/true 2>&1").text())
          .contains("10.0.2.15");
      shell.run("ip addr add 10.0.2.15/24 dev eth0").text();
      shell.run("ip route add default via 10.0.2.2").text();
      int port = http.getAddress().getPort();
      String get = "wget -q -O - http://10.0.2.2:" + port + "/ | sha256sum | cut -c1-64";
      assertThat(shell.run(get).text()).isEqualTo(sum(page));
      CompletableFuture<byte[]> received = received(server);
      String put =
          "dd if=/dev/vda bs=1M count=8 2>/dev/null | nc 10.0.2.2 " + server.getLocalPort();
      shell.run(put).text();
      assertThat(sum(received.get(5, TimeUnit.MINUTES)))
          .isEqualTo(
              shell
                  .run("dd if=/dev/vda bs=1M count=8 2>/dev/null | sha256sum | cut -c1-64")
                  .text());
    } finally {
      http.stop(0);
    }
  }
}
