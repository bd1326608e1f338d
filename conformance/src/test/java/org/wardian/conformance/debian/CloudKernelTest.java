package org.wardian.conformance.debian;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.wardian.machine.Outcome;
import org.wardian.x86.CpuModel;

/**
 * Debian's kernel for virtual machines on the default machine. One boot serves all tests; the last
 * ones end it, so they come last.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CloudKernelTest {
  private GuestShell shell;

  @BeforeAll
  void boot() throws Exception {
    shell = GuestShell.boot(DebianGuest.cloud());
  }

  @AfterAll
  void stop() {
    if (shell != null) {
      shell.close();
    }
  }

  @Test
  void theKernelHasNothingToComplainOf() throws Exception {
    KernelLog log = KernelLog.of(shell);

    assertThat(log.has("Linux version")).as("the log is whole").isTrue();
    assertThat(log.complaints()).isEmpty();
  }

  @Test
  void theKernelIsDebians() throws Exception {
    assertThat(shell.run("uname -s -m").text()).isEqualTo("Linux x86_64");
    assertThat(shell.run("uname -r").text()).endsWith("-cloud-amd64");
    assertThat(shell.run("uname -v").text()).contains("Debian");
  }

  @Test
  void theProcessorIsWhatItsModelPromises() throws Exception {
    String cpuinfo = shell.run("cat /proc/cpuinfo").text();

    assertThat(LinuxCpuFlags.seen(cpuinfo)).isEqualTo(LinuxCpuFlags.of(CpuModel.standard()));
    assertThat(cpuinfo).containsOnlyOnce("processor\t: 0").contains("fpu\t\t: yes");
  }

  @Test
  void commandsAreAnswered() throws Exception {
    assertThat(shell.run("echo $((6 * 7))").text()).isEqualTo("42");
    assertThat(shell.run("seq 1 2000 | sort -rn | head -n 1").text()).isEqualTo("2000");
    assertThat(shell.run("cat /no/such/file").status()).isEqualTo(1);
    assertThat(shell.run("printf 'a\\nb\\n' > /tmp/f && wc -l < /tmp/f").text()).isEqualTo("2");
  }

  @Test
  void theInterruptKeyReachesTheCommand() throws Exception {
    // A key that comes before the command has the terminal is an editor's key.
    shell.type("sh -c 'echo sleeping now; sleep 100000'\n");
    shell.await("\r\nsleeping now\r\n");
    shell.type("\u0003");
    shell.awaitPrompt();

    assertThat(shell.run("echo still here").text()).isEqualTo("still here");
  }

  @Test
  void theClockOfTheProcessorIsUsed() throws Exception {
    String folder = "/sys/devices/system/clocksource/clocksource0/";

    assertThat(shell.run("cat " + folder + "current_clocksource").text()).isEqualTo("tsc");
    assertThat(shell.run("cat " + folder + "available_clocksource").text())
        .isEqualTo("tsc kvm-clock acpi_pm");
  }

  @Test
  void timePassesAsOutside() throws Exception {
    GuestClock first = GuestClock.read(shell);
    shell.run("sleep 2").text();
    GuestClock second = GuestClock.read(shell);

    assertThat(second.guest() - first.guest()).isGreaterThanOrEqualTo(2);
    GuestClock.assertSteady(first, second);
  }

  @Test
  void theCalendarIsTheHosts() throws Exception {
    long before = Instant.now().getEpochSecond();
    long guest = Long.parseLong(shell.run("date +%s").text());
    long after = Instant.now().getEpochSecond();

    // The clock chip gives whole seconds, and the kernel starts from what it read there.
    assertThat(guest).isBetween(before - 2, after + 2);
  }

  @Test
  void timerInterruptsCome() throws Exception {
    assertThat(shell.run("cat /proc/interrupts").text())
        .containsPattern(" 4: +[1-9]\\d* +IO-APIC +4-edge +ttyS0")
        .containsPattern("LOC: +[1-9]")
        .containsPattern("ERR: +0\n")
        .containsPattern("SPU: +0 ");
  }

  @Test
  void theMemoryIsAsLargeAsConfigured() throws Exception {
    String map = shell.run("cat /proc/iomem").text();

    assertThat(map)
        .contains("00100000-1fffffff : System RAM")
        .contains("fee00000-fee00fff : Local APIC")
        .contains("fec00000-fec003ff : IOAPIC 0");
  }

  @Test
  void theBoardIsFound() throws Exception {
    assertThat(shell.run("cat /sys/bus/pci/devices/0000:00:00.0/class").text())
        .isEqualTo("0x060000");
    assertThat(shell.run("cat /sys/class/rtc/rtc0/name").text()).startsWith("rtc_cmos");
    assertThat(shell.run("ls /sys/firmware/acpi/tables").text().split("\\s+"))
        .contains("APIC", "DSDT", "FACP", "FACS", "MCFG");
  }

  @Test
  @Order(Order.DEFAULT + 1)
  void rebootBootsAgain() throws Exception {
    shell.run("touch /tmp/of-the-first-boot").text();

    shell.type("reboot\n");
    shell.await("reboot: Restarting system");
    shell.await("Linux version");
    shell.awaitPrompt();

    assertThat(shell.run("test -e /tmp/of-the-first-boot").status()).isEqualTo(1);
    assertThat(KernelLog.of(shell).complaints()).isEmpty();
  }

  @Test
  @Order(Order.DEFAULT + 2)
  void aPanicEndsTheMachine() throws Exception {
    shell.type("echo c > /proc/sysrq-trigger\n");
    shell.await("Kernel panic - not syncing: sysrq triggered crash");

    Outcome outcome = shell.end();
    assertThat(outcome.cause()).isEqualTo(Outcome.Cause.PANIC);
    assertThat(outcome.registers()).containsIgnoringCase("rip");
  }
}
