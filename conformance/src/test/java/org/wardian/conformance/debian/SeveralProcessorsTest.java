package org.wardian.conformance.debian;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.machine.Outcome;
import org.wardian.machine.platform.Translator;

/** Debian on machines of several processors: it finds them, uses them, and takes them away. */
class SeveralProcessorsTest {
  private static GuestShell boot(int processors) throws Exception {
    return GuestShell.boot(DebianGuest.cloud().withProcessors(processors));
  }

  private static void powerOff(GuestShell shell) throws Exception {
    shell.type("poweroff -f\n");
    assertThat(shell.end().cause()).isEqualTo(Outcome.Cause.POWERED_OFF);
  }

  /** What several processors do in turn and at the same time. */
  private static void exercise(GuestShell shell, int processors) throws Exception {
    assertThat(shell.run("nproc").text()).isEqualTo("" + processors);
    assertThat(shell.run("cat /sys/devices/system/cpu/online").text())
        .isEqualTo(numbers(processors));
    // Each program runs where it is told to.
    for (int cpu = 0; cpu < processors; cpu++) {
      String mask = Integer.toHexString(1 << cpu);
      assertThat(shell.run("taskset " + mask + " sh -c 'cut -d\" \" -f39 /proc/self/stat'").text())
          .isEqualTo("" + cpu);
    }
    String hashes =
        shell
            .run(
                "for i in $(seq "
                    + 2 * processors
                    + "); do (dd if=/dev/zero bs=64k count=64 2>/dev/null | sha256sum > /tmp/h$i)"
                    + " & done; wait; cat /tmp/h* | sort | uniq -c | sed 's/^ *//' | cut -c1-10")
            .text();
    assertThat(hashes.lines().filter(line -> !line.startsWith("[")).toList())
        .as("one sum of all")
        .hasSize(1)
        .allMatch(line -> line.startsWith(2 * processors + " "));
    assertThat(
            shell
                .run(
                    "n=0; for i in $(seq 60); do (exit 0) & (exit 0) & n=$((n+2)); done; wait;"
                        + " echo $n processes | tail -n 1")
                .text())
        .endsWith("120 processes");
  }

  private static String numbers(int processors) {
    return processors == 1 ? "0" : "0-" + (processors - 1);
  }

  /** Interrupts of a kind, by processor: a line of /proc/interrupts. */
  private static List<Integer> interrupts(GuestShell shell, String kind, int processors)
      throws Exception {
    String[] words =
        shell.run("grep '" + kind + ":' /proc/interrupts").text().strip().split("\\s+");
    return IntStream.range(0, processors).mapToObj(n -> Integer.valueOf(words[1 + n])).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void theyAreFoundAndUsed(int processors) throws Exception {
    try (GuestShell shell = boot(processors)) {
      exercise(shell, processors);

      assertThat(interrupts(shell, "LOC", processors)).as("timers").allMatch(n -> n > 0);
      assertThat(interrupts(shell, "CAL", processors)).as("cross-calls").allMatch(n -> n > 0);
      KernelLog log = KernelLog.of(shell);
      assertThat(log.has("Brought up 1 node, " + processors + " CPUs")).isTrue();
      assertThat(log.complaints()).isEmpty();
      powerOff(shell);
    }
  }

  @Test
  @Tag("slow")
  void theyAreFoundAndUsedInterpreted() throws Exception {
    try (GuestShell shell =
        GuestShell.boot(DebianGuest.cloud().withProcessors(2).withTranslator(Translator.OFF))) {
      exercise(shell, 2);
      powerOff(shell);
    }
  }

  @Test
  void oneIsTakenAwayAndComesBack() throws Exception {
    try (GuestShell shell = boot(2)) {
      for (int i = 0; i < 3; i++) {
        assertThat(shell.run("echo 0 > /sys/devices/system/cpu/cpu1/online").status()).isZero();
        assertThat(shell.run("nproc").text()).isEqualTo("1");
        assertThat(shell.run("echo 1 > /sys/devices/system/cpu/cpu1/online").status()).isZero();
        assertThat(shell.run("nproc").text()).isEqualTo("2");
      }
      powerOff(shell);
    }
  }

  /** More processors than most hosts have, all after the kernel's locks. */
  @Test
  @Tag("slow")
  void eightGoOnUnderALoadOfLocks() throws Exception {
    try (GuestShell shell = boot(8)) {
      exercise(shell, 8);
      String pipes =
          "for i in $(seq 16); do (yes | head -n 20000 | cat | cat | wc -l > /tmp/p$i) & done;"
              + " (i=0; while [ $i -lt 100 ]; do i=$((i+1)); mkdir /tmp/d$i; tar cf /tmp/d$i/t"
              + " /bin/busybox; rm -r /tmp/d$i; done) & wait;"
              + " cat /tmp/p* | sort | uniq -c | sed 's/^ *//' | grep -v '^\\['";
      assertThat(shell.run(pipes).text()).contains("16 20000");
      KernelLog log = KernelLog.of(shell);
      assertThat(log.has("soft lockup")).isFalse();
      assertThat(log.has("rcu_sched self-detected stall")).isFalse();
      powerOff(shell);
    }
  }
}
