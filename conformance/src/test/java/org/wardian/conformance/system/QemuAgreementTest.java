package org.wardian.conformance.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The expectations are also what QEMU's own processor does, but for the lines that say otherwise.
 * Runs where {@code qemu-system-x86_64} 7.2 is installed: other versions deviate elsewhere.
 */
class QemuAgreementTest {
  private static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");
  private static final int LIMIT_SECONDS = 300;
  private static final int LOOK_MILLISECONDS = 50;

  @TempDir Path folder;

  @BeforeAll
  static void needsQemu() throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(QEMU), "QEMU is not installed");
    Process process = new ProcessBuilder(QEMU.toString(), "--version").start();
    String version = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    process.waitFor();
    assumeTrue(version.contains("version 7.2"), version);
  }

  static List<SystemGuest> guests() throws IOException {
    List<SystemGuest> guests = new ArrayList<>();
    for (SystemGuest guest : SystemGuests.all()) {
      if (!guest.expectation().qemu().isEmpty()) {
        guests.add(guest);
      }
    }
    return guests;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("guests")
  void printsTheSame(SystemGuest guest) throws Exception {
    List<String> expected = guest.expectation().qemu();
    List<String> printed = Expectation.linesOf(run(guest, expected.size()));
    assertThat(printed.subList(0, Math.min(expected.size(), printed.size()))).isEqualTo(expected);
  }

  /** What QEMU prints, at least {@code lines} of it if it gets that far. */
  private String run(SystemGuest guest, int lines) throws IOException, InterruptedException {
    Path image = Files.write(folder.resolve(guest.name() + ".elf"), guest.image());
    Path output = folder.resolve(guest.name() + ".out");
    Process process =
        new ProcessBuilder(
                QEMU.toString(),
                "-accel",
                "tcg",
                "-machine",
                "pc",
                "-cpu",
                "max,vendor=GenuineIntel",
                "-m",
                "64",
                "-display",
                "none",
                "-monitor",
                "none",
                "-serial",
                "stdio",
                "-no-reboot",
                "-nodefaults",
                "-device",
                "isa-debug-exit,iobase=0xf4,iosize=0x4",
                "-device",
                "pc-testdev",
                "-kernel",
                image.toString())
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().close();
    int looks = LIMIT_SECONDS * 1000 / LOOK_MILLISECONDS;
    while (!process.waitFor(LOOK_MILLISECONDS, TimeUnit.MILLISECONDS)) {
      if (--looks == 0 || completeLines(output) >= lines) {
        process.destroyForcibly().waitFor();
        return Files.readString(output, StandardCharsets.US_ASCII);
      }
    }
    // A triple fault ends QEMU with 0: it was asked not to reboot.
    int status = process.exitValue();
    String printed = Files.readString(output, StandardCharsets.US_ASCII);
    return printed + (status == 0 ? "\nreset" : "\nexit " + status) + "\n";
  }

  private static long completeLines(Path output) throws IOException {
    String printed = Files.readString(output, StandardCharsets.US_ASCII);
    return Expectation.linesOf(printed.substring(0, printed.lastIndexOf('\n') + 1)).size();
  }
}
