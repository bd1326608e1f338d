package org.wardian.conformance.debian;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.machine.Outcome;
import org.wardian.x86.CpuModel;

/** Each kernel of the catalogue: to the prompt without a warning, again after a reset, and off. */
@Tag("slow")
class DebianKernelsTest {
  @ParameterizedTest
  @CsvSource({
    "debian-cloud, -cloud-amd64, x86_64",
    "debian-pc,    -amd64,       x86_64",
    "debian-i386,  -686-pae,     i686"
  })
  void bootsRebootsAndPowersOff(String guest, String release, String architecture)
      throws Exception {
    try (GuestShell shell = GuestShell.boot(DebianGuest.named(guest))) {
      assertThat(shell.run("uname -r").text()).endsWith(release);
      assertThat(shell.run("uname -m").text()).isEqualTo(architecture);
      assertThat(shell.run("echo $((6 * 7))").text()).isEqualTo("42");
      assertThat(LinuxCpuFlags.seen(shell.run("cat /proc/cpuinfo").text()))
          .isEqualTo(
              architecture.equals("x86_64")
                  ? LinuxCpuFlags.of(CpuModel.standard())
                  : LinuxCpuFlags.ofIn32Bits(CpuModel.standard()));
      GuestClock first = GuestClock.read(shell);
      shell.run("sleep 1").text();
      GuestClock.assertSteady(first, GuestClock.read(shell));
      KernelLog log = KernelLog.of(shell);
      assertThat(log.has("Linux version")).isTrue();
      assertThat(log.complaints()).isEmpty();

      shell.type("reboot\n");
      shell.await("reboot: Restarting system");
      shell.await("Linux version");
      shell.awaitPrompt();
      assertThat(KernelLog.of(shell).complaints()).isEmpty();

      // The end of the shell is the end of the machine, as poweroff is.
      shell.type("exit\n");
      shell.await("reboot: Power down");
      assertThat(shell.end().cause()).isEqualTo(Outcome.Cause.POWERED_OFF);
    }
  }
}
