package org.wardian.conformance.firmware;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.machine.Outcome;

/**
 * A Debian 12 on a disk, made by debootstrap, starts by its own GRUB through SeaBIOS, to a login on
 * the screen and on the serial port, and ends by itself.
 */
@Tag("slow")
@Timeout(3600)
class DebianDiskTest {
  private static final Path SCRIPT = Path.of("programs", "build-disk.sh").toAbsolutePath();
  private static final Path FOLDER = Path.of("target", "disks").toAbsolutePath();
  private static final long MEMORY = 1L << 30;
  private static final int LIMIT_MINUTES = 30;

  /** The disk that the user has already, or one that is made now. */
  private static Path disk(String architecture) throws IOException, InterruptedException {
    String own = System.getProperty("wardian.debian.disk." + architecture);
    if (own != null) {
      return Path.of(own);
    }
    Path log = Files.createDirectories(FOLDER).resolve(architecture + ".log");
    Process build =
        new ProcessBuilder("sh", SCRIPT.toString(), FOLDER.toString(), architecture)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()))
            .start();
    boolean ended = build.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
    if (!ended) {
      build.destroy();
    }
    Assumptions.assumeTrue(
        ended && build.exitValue() == 0,
        () -> "no disk can be made here (root, debootstrap and a mirror are needed): " + log);
    return FOLDER.resolve("debian-" + architecture + ".raw");
  }

  @ParameterizedTest
  @CsvSource({"amd64, VIRTIO, 2, x86_64", "amd64, IDE, 1, x86_64", "i386, VIRTIO, 1, i686"})
  void logsInOnScreenAndSerialPort(String architecture, DiskBus bus, int processors, String machine)
      throws Exception {
    PcParts parts =
        new PcParts("debian-%s-%s-%d".formatted(architecture, bus, processors))
            .memory(MEMORY)
            .processors(processors)
            .disk(bus, disk(architecture));
    try (Pc pc = parts.start()) {
      pc.awaitScreen("GNU GRUB");
      pc.type("\n");
      pc.awaitSerial("wardian login: ");
      pc.typeSerial("root\r");
      pc.awaitSerial("Password: ");
      pc.typeSerial("root\r");
      pc.awaitSerial("# ");
      pc.typeSerial("echo $(uname -m) $(nproc) $(findmnt -no FSTYPE /) 'here'\r");
      assertThat(pc.awaitSerial(" here\r")).endsWith(machine + " " + processors + " ext4");
      if (architecture.equals("amd64")) { // whose kernel for clouds stays in the VGA's text mode
        pc.awaitScreen("wardian login: ");
      }
      pc.keepPicture("debian-login-" + architecture + "-" + bus);
      pc.typeSerial("systemctl poweroff\r");
      assertThat(pc.end().cause()).isEqualTo(Outcome.Cause.POWERED_OFF);
    }
  }
}
