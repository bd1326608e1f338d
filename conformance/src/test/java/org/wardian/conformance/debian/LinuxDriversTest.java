package org.wardian.conformance.debian;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.initramfs.CpioEntry;
import org.wardian.display.PointerReceiver;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.DeviceConfiguration.CardModel;
import org.wardian.network.MacAddress;
import org.wardian.network.nat.NatConfiguration;
import org.wardian.network.nat.NatPort;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;

/** Drivers of Debian's unmodified kernel with devices that PCs have had for long. */
@Tag("slow")
@Timeout(1800)
class LinuxDriversTest {
  private static final int SECTOR = 512;
  private static final int FLOPPY = 1440 << 10;
  private static final int TRANSFER = 4 << 20;
  private static final MacAddress ADDRESS = new MacAddress(0x5254_0012_3456L);
  private static final int MOVES = 2000;
  private static final long MOVE_MILLISECONDS = 20;

  @TempDir private Path folder;

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static String sum(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Test
  void aFloppyDiskIsReadAndWritten() throws Exception {
    byte[] content = random(FLOPPY, 1);
    Path image = Files.write(folder.resolve("floppy.img"), content);
    // Eleven cylinders and a half, from the middle of a track to the middle of another.
    int first = 45;
    byte[] piece = random(414 * SECTOR, 2);
    DebianGuest guest =
        DebianGuest.named("debian")
            .withFiles(List.of(CpioEntry.file("piece", 0644, piece)))
            .withModules("drivers/block/floppy.ko");
    try (BlockDevice medium =
            new ImageDevice(
                "floppy",
                Images.open(image, OpenOptions.readWrite()),
                DeviceOptions.usual(),
                cause -> {});
        GuestShell shell =
            GuestShell.boot(guest.with(List.of(new DeviceConfiguration.Floppy("a", medium))))) {
      assertThat(shell.run("insmod /modules/floppy.ko").status()).isZero();
      assertThat(shell.run("sha256sum /dev/fd0").text()).startsWith(sum(content));
      String write = "dd if=/piece of=/dev/fd0 bs=512 conv=fsync seek=" + first;
      assertThat(shell.run(write).status()).isZero();
      assertThat(KernelLog.of(shell).complaints()).isEmpty();
    }
    System.arraycopy(piece, 0, content, first * SECTOR, piece.length);
    assertThat(Arrays.mismatch(Files.readAllBytes(image), content)).isEqualTo(-1);
  }

  @Test
  void anE1000MovesDataBothWays() throws Exception {
    byte[] down = random(TRANSFER, 3);
    byte[] up = random(TRANSFER, 4);
    DebianGuest guest =
        DebianGuest.named("debian")
            .withFiles(List.of(CpioEntry.file("up", 0644, up)))
            .withModules("drivers/net/ethernet/intel/e1000/e1000.ko");
    try (NatPort port = new NatPort(NatConfiguration.builder().build());
        ServerSocket server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
        GuestShell shell =
            GuestShell.boot(
                guest.with(
                    List.of(
                        new DeviceConfiguration.NetworkCard(
                            "net", CardModel.E1000, port, ADDRESS, 1, OptionalInt.empty()))))) {
      CompletableFuture<byte[]> taken = CompletableFuture.supplyAsync(() -> exchange(server, down));
      assertThat(shell.run("insmod /modules/e1000.ko").status()).isZero();
      assertThat(shell.run("ip link set eth0 up && udhcpc -i eth0 -n -q -s /bin/true").text())
          .contains("lease of 10.0.2.15 obtained");
      shell.run("ip addr add 10.0.2.15/24 dev eth0").text();
      String target = "10.0.2.2 " + server.getLocalPort();
      assertThat(shell.run("nc " + target + " </dev/null | sha256sum").text())
          .startsWith(sum(down));
      assertThat(shell.run("nc " + target + " </up").status()).isZero();
      assertThat(sum(taken.join())).isEqualTo(sum(up));
      assertThat(KernelLog.of(shell).complaints()).isEmpty();
    }
  }

  /** Sends {@code down} to the first who comes, and takes all from the second. */
  private static byte[] exchange(ServerSocket server, byte[] down) {
    try {
      try (Socket first = server.accept();
          OutputStream out = first.getOutputStream()) {
        out.write(down);
      }
      try (Socket second = server.accept();
          InputStream in = second.getInputStream()) {
        return in.readAllBytes();
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aMouseIsFoundAndFollowed() throws Exception {
    DebianGuest guest = DebianGuest.named("debian").withModules("drivers/input/mouse/psmouse.ko");
    try (GuestShell shell =
        GuestShell.boot(
            guest.with(List.of(new DeviceConfiguration.Display("screen", new byte[0]))))) {
      assertThat(shell.run("insmod /modules/psmouse.ko").status()).isZero();
      shell.type("hexdump -v -n 30 -e '3/1 \"%02x \" \"\\n\"' /dev/input/mice; echo mov''ed\n");
      PointerReceiver pointer = shell.machine().pointer();
      CompletableFuture<String> seen =
          CompletableFuture.supplyAsync(() -> {
            try {
              return shell.await("moved");
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          });
      for (int n = 0; n < MOVES && !seen.isDone(); n++) {
        pointer.pointer(100 + 2 * (n % 200), 100, 640, 480, PointerReceiver.LEFT, 0);
        Thread.sleep(MOVE_MILLISECONDS);
      }
      // Left button, some way to the right, none up or down.
      assertThat(seen.join()).containsPattern("09 0[1-9a-f] 00");
      shell.awaitPrompt();
      assertThat(KernelLog.of(shell).has("ImExPS/2 Generic Explorer Mouse")).isTrue();
    }
  }
}
