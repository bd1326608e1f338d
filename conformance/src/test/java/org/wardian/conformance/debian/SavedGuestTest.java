package org.wardian.conformance.debian;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.machine.Outcome;

/** Debian is saved and goes on: what is in memory, what waits for a timer, what runs. */
class SavedGuestTest {
  @TempDir Path folder;

  private static double uptime(GuestShell shell) throws Exception {
    return Double.parseDouble(shell.run("cut -d' ' -f1 /proc/uptime").text());
  }

  private static void assertQuiet(GuestShell shell) throws Exception {
    // A host that had something else to do makes an interrupt long, and no timer wrong.
    assertThat(KernelLog.of(shell).complaints())
        .allMatch(line -> line.text().contains("hrtimer: interrupt took"));
  }

  private static void powerOff(GuestShell shell) throws Exception {
    shell.type("poweroff -f\n");
    assertThat(shell.end().cause()).isEqualTo(Outcome.Cause.POWERED_OFF);
  }

  @Test
  void memoryAndTimersGoOn() throws Exception {
    DebianGuest guest = DebianGuest.cloud().withMemory(128 << 20);
    Path file = folder.resolve("saved");
    String sum;
    double before;
    try (GuestShell shell = GuestShell.boot(guest)) {
      sum =
          shell
              .run("dd if=/dev/urandom of=/tmp/f bs=1M count=8 2>/dev/null; sha256sum < /tmp/f")
              .text();
      shell.run("(sleep 4; echo woke > /tmp/woke) & true");
      before = uptime(shell);
      shell.save(file);
    }
    try (GuestShell shell = GuestShell.restore(guest, file)) {
      assertThat(uptime(shell))
          .as("seconds since the guest's start")
          .isGreaterThanOrEqualTo(before);
      assertThat(shell.run("sha256sum < /tmp/f").text()).isEqualTo(sum);
      assertThat(shell.run("while ! [ -f /tmp/woke ]; do sleep 1; done; cat /tmp/woke").text())
          .isEqualTo("woke");
      assertQuiet(shell);
      powerOff(shell);
    }
  }

  @Test
  @Tag("slow")
  void twoProcessorsUnderLoadGoOnTwentyTimes() throws Exception {
    DebianGuest guest = DebianGuest.cloud().withMemory(128 << 20).withProcessors(2);
    Path file = folder.resolve("saved");
    // Each of the loads does its own sum again and again, and stops for good at a wrong one.
    String load =
        "for n in 1 2 3; do (dd if=/dev/urandom of=/tmp/f$n bs=64k count=8 2>/dev/null;"
            + " s=$(sha256sum < /tmp/f$n); i=0; while [ \"$(cat /tmp/f$n | sha256sum)\" = \"$s\" ];"
            + " do i=$((i+1)); echo $i > /tmp/i$n; cp /tmp/f$n /tmp/g$n; mv /tmp/g$n /tmp/f$n;"
            + " done; echo wrong > /tmp/wrong$n) & done; true";
    GuestShell shell = GuestShell.boot(guest);
    try {
      shell.run(load);
      int last = 0;
      for (int cycle = 0; cycle < 20; cycle++) {
        shell.run("sleep 1");
        shell.save(file);
        shell = GuestShell.restore(guest, file);
        assertThat(shell.run("ls /tmp/wrong* 2>/dev/null; true").text()).isEmpty();
        int now = Integer.parseInt(shell.run("cat /tmp/i1").text());
        assertThat(now).isGreaterThanOrEqualTo(last);
        last = now;
      }
      assertThat(shell.run("sleep 2; nproc").text()).isEqualTo("2");
      assertThat(Integer.parseInt(shell.run("cat /tmp/i1").text())).isGreaterThan(last);
      assertQuiet(shell);
      powerOff(shell);
    } finally {
      shell.close();
    }
  }
}
