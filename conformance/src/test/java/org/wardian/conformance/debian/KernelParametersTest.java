package org.wardian.conformance.debian;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.boot.BootProtocol;
import org.wardian.machine.Outcome;

/**
 * The kernel for virtual machines where it must do without something: the paravirtual clock, the
 * better interrupt controllers, ACPI, features of the processor, memory.
 */
@Tag("slow")
class KernelParametersTest {
  private static final String CLOCK =
      "cat /sys/devices/system/clocksource/clocksource0/current_clocksource";

  private static final Allowance NO_TABLES =
      Allowance.of(
          "smpboot: weird, boot CPU \\(#0\\) not listed by the BIOS",
          "the parameter hides the tables that list it");

  private static final Allowance NO_MP_TABLES =
      Allowance.of(
          "ACPI: MPS support code is not built-in, using acpi=off or acpi=noirq or pci=noacpi may"
              + " have problem",
          "said to everybody who gives acpi=off to this kernel");

  private static final Allowance NO_MMCONFIG =
      Allowance.of(
          "acpi PNP0A08:00: MMCONFIG is disabled, can't access extended PCI configuration space"
              + " under this bridge\\.",
          "the parameter asks for it");

  private static final Allowance UNSTABLE_CLOCK =
      Allowance.of(
          "Unstable clock detected, switching default tracing clock to \"global\"|If you want to"
              + " keep using the local clock, then add:|  \"trace_clock=local\"|on the kernel"
              + " command line",
          "the parameter says that the clock is unstable");

  private static final Allowance CALIBRATION =
      Allowance.of(
          "APIC calibration not consistent with PM-Timer: \\d+ms instead of 100ms",
          "without a deadline timer the kernel counts the APIC timer's rate against 25 ticks; a"
              + " busy host delivers some of them late, and the kernel corrects the rate by the"
              + " ACPI timer");

  private static final DebianGuest CLOUD = DebianGuest.cloud();

  private static Arguments guest(DebianGuest guest, String clock, Allowance... allowed) {
    String what = (guest.parameters() + " " + guest.cpuModel()).strip();
    return Arguments.of(Named.of(what, guest), clock, List.of(allowed));
  }

  private static Arguments parameters(String words, String clock, Allowance... allowed) {
    return guest(CLOUD.withParameters(words), clock, allowed);
  }

  static Stream<Arguments> guests() {
    return Stream.of(
        parameters("no-kvmclock", "tsc"),
        parameters("nohz=off highres=off no-kvmclock", "tsc"),
        parameters("clocksource=kvm-clock", "kvm-clock"),
        parameters("clocksource=acpi_pm no-kvmclock", "acpi_pm"),
        parameters("tsc=unstable no-kvmclock", "acpi_pm", UNSTABLE_CLOCK),
        parameters("nolapic", "tsc", NO_TABLES),
        parameters("noapic", "tsc"),
        parameters("nox2apic", "tsc"),
        parameters("lapic=notscdeadline", "tsc", CALIBRATION),
        parameters("lapic=notscdeadline no-kvmclock", "tsc"),
        // With a deadline timer this kernel sets up no other, even if it is not to be used.
        parameters("noapictimer lapic=notscdeadline", "tsc"),
        parameters("pci=conf1", "tsc", NO_MMCONFIG),
        parameters("pci=nommconf", "tsc", NO_MMCONFIG),
        guest(CLOUD.withCpuModel("x86-64-v1"), "tsc", CALIBRATION),
        guest(CLOUD.withCpuModel("x86-64-v2-plain"), "tsc", CALIBRATION),
        guest(CLOUD.withCpuModel("x86-64-v1").withParameters("no-kvmclock"), "tsc"),
        guest(CLOUD.withProtocol(BootProtocol.LINUX), "tsc"));
  }

  @ParameterizedTest
  @MethodSource("guests")
  void bootsWithoutAWarning(DebianGuest guest, String clock, List<Allowance> allowed)
      throws Exception {
    try (GuestShell shell = GuestShell.boot(guest)) {
      assertThat(KernelLog.of(shell).complaints(allowed.toArray(Allowance[]::new))).isEmpty();
      assertThat(shell.run(CLOCK).text()).isEqualTo(clock);
      assertThat(LinuxCpuFlags.seen(shell.run("cat /proc/cpuinfo").text()))
          .isSubsetOf(LinuxCpuFlags.of(guest.cpuModel()));
      GuestClock first = GuestClock.read(shell);
      shell.run("sleep 1").text();
      GuestClock.assertSteady(first, GuestClock.read(shell));

      shell.type("poweroff\n");
      assertThat(shell.end().cause()).isEqualTo(Outcome.Cause.POWERED_OFF);
    }
  }

  @Test
  void withoutAcpiTheGuestHalts() throws Exception {
    try (GuestShell shell = GuestShell.boot(CLOUD.withParameters("acpi=off"))) {
      assertThat(KernelLog.of(shell).complaints(NO_TABLES, NO_MP_TABLES)).isEmpty();
      assertThat(shell.run("cat /sys/bus/pci/devices/0000:00:00.0/class").text())
          .isEqualTo("0x060000");

      // Without tables it knows of no power switch.
      shell.type("poweroff\n");
      assertThat(shell.end().cause()).isEqualTo(Outcome.Cause.HALTED);
    }
  }

  @Test
  void bootsByItsOwnDecompressor() throws Exception {
    DebianGuest guest = CLOUD.withProtocol(BootProtocol.LINUX_DECOMPRESSOR);
    try (GuestShell shell = GuestShell.boot(guest)) {
      assertThat(KernelLog.of(shell).complaints()).isEmpty();
      assertThat(shell.run("uname -m").text()).isEqualTo("x86_64");
    }
  }

  @Test
  void littleMemoryIsEnough() throws Exception {
    try (GuestShell shell = GuestShell.boot(CLOUD.withMemory(128L << 20))) {
      assertThat(KernelLog.of(shell).complaints()).isEmpty();
      assertThat(shell.run("cat /proc/iomem").text()).contains("-07ffffff : System RAM");
    }
  }

  @Test
  void memoryAboveFourGibibytesIsUsed() throws Exception {
    try (GuestShell shell = GuestShell.boot(CLOUD.withMemory(5L << 30))) {
      assertThat(KernelLog.of(shell).complaints()).isEmpty();
      String map = shell.run("cat /proc/iomem").text();
      assertThat(map).contains("100000000-1");
      // Linux gives out the memory above 4 GiB first.
      shell.run("mkdir /mnt; mount -t tmpfs -o size=1g tmpfs /mnt").text();
      assertThat(
              shell
                  .run(
                      "yes wardian | head -c 8m > /mnt/0; for i in $(seq 100); do cp /mnt/0"
                          + " /mnt/$i; done; for i in 1 50 100; do cmp /mnt/0 /mnt/$i;"
                          + " done; du -m /mnt | cut -f 1")
                  .text())
          .isEqualTo("808");
    }
  }
}
