package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ward run} as a newcomer types it: Debian's kernel, to a shell and back. */
class DefaultGuestTest {
  private static final int DOWNLOAD = 4;

  @TempDir private Path folder;

  @Test
  void answersCommandsRebootsAndPowersOff() throws Exception {
    Path script =
        Files.writeString(
            folder.resolve("script"),
            """
            uname -m
            echo answer $((6 * 7))
            dmesg -r | grep '^<[0-4]>' | sed 's/^/noisy: /'
            reboot
            """);

    // The user's own cache, so that the guest is fetched once for all runs of these tests.
    WardProcess.Start ward = new WardProcess.Start(folder).usersCache();
    try (WardProcess process = ward.run("run", "--script", script.toString(), "--timeout", "10m")) {
      int status = process.status();
      Assumptions.assumeFalse(status == DOWNLOAD, process.err());

      assertThat(status).as(process.out() + process.err()).isZero();
      assertThat(process.out())
          .contains("\nx86_64\r\n", "\nanswer 42\r\n", "reboot: Restarting system")
          .containsSubsequence("Linux version", "Linux version", "reboot: Power down");
    }
  }

  @Test
  void findsItsDiskAndItsNetwork() throws Exception {
    byte[] content = new byte[1 << 20];
    new Random(5).nextBytes(content);
    Path disk = Files.write(folder.resolve("disk.raw"), content);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual()
          .start(() -> {
            try (Socket client = server.accept()) {
              client.getOutputStream().write(content);
            } catch (IOException e) {
              // The guest says that nothing came.
            }
          });
      Path script =
          Files.writeString(
              folder.resolve("script"),
              """
              echo disk $(sha256sum </dev/vda)
              echo network $(nc 10.0.2.2 %d </dev/null | sha256sum)
              grep nameserver /etc/resolv.conf
              dd if=/dev/zero of=/dev/vda bs=512 count=1 conv=fsync
              """
                  .formatted(server.getLocalPort()));
      WardProcess.Start pull = new WardProcess.Start(folder).usersCache();
      try (WardProcess process = pull.run("image", "pull", "debian-cloud")) {
        // An image that was fetched long ago may have no drivers.
        int status = process.status();
        Assumptions.assumeFalse(status == DOWNLOAD, process.err());
        assertThat(status).as(process.err()).isZero();
      }
      WardProcess.Start ward = new WardProcess.Start(folder).usersCache();
      try (WardProcess process =
          ward.run(
              "run",
              "debian-cloud",
              "--disk",
              disk + ",format=raw",
              "--script",
              script.toString(),
              "--timeout",
              "10m")) {
        assertThat(process.status()).as(process.out() + process.err()).isZero();
        String hash =
            HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        assertThat(process.out())
            .contains("\ndisk " + hash, "\nnetwork " + hash, "\nnameserver 10.0.2.3");
      }
      assertThat(Arrays.copyOf(Files.readAllBytes(disk), 1024))
          .isEqualTo(ByteBuffer.allocate(1024).position(512).put(content, 512, 512).array());
    }
  }
}
