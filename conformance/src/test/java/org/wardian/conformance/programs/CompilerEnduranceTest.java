package org.wardian.conformance.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.wardian.conformance.debian.CommandResult;
import org.wardian.conformance.debian.DebianGuest;
import org.wardian.conformance.debian.GuestShell;

/**
 * A guest compiles for a long time: each round's object files are those of the host, and the
 * process that it runs in does not grow. {@code -Dwardian.endurance.minutes} says how long.
 */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
class CompilerEnduranceTest {
  private static final Duration LENGTH =
      Duration.ofMinutes(Integer.getInteger("wardian.endurance.minutes", 3));

  private static final int LEAST_ROUNDS = 4;
  private static final String SCRIPT = "gcc.sh";
  private static final long MEMORY = 1L << 30;
  private static final long MIB = 1 << 20;

  /** What is not growth: the JVM's compilers and collector come and go. */
  private static final long SLACK = 64 * MIB;

  /** Memory of the process besides the guest's RAM, which is shared memory, in bytes. */
  private static long ownMemory() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("RssAnon:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    throw new IOException("/proc/self/status has no RssAnon");
  }

  @Test
  void compilesAsTheHostDoesAndDoesNotGrow() throws Exception {
    DebianTree tree = DebianTree.make(List.of(SCRIPT));
    CommandResult host = tree.run(SCRIPT);
    assertThat(host.status()).as(host.output()).isZero();
    List<String> expected = (host.output() + "status 0").strip().lines().toList();
    DebianGuest guest = DebianGuest.cloud().withMemory(MEMORY).withFiles(tree.entries("debian"));
    List<Long> memory = new ArrayList<>();
    long end = System.nanoTime() + LENGTH.toNanos();
    try (GuestShell shell = GuestShell.boot(guest)) {
      // A kernel that finds its timer late on a busy host says so between the lines.
      shell.run("echo 1 >/proc/sys/kernel/printk");
      while (memory.size() < LEAST_ROUNDS || System.nanoTime() < end) {
        CommandResult round =
            shell.run(
                "sh /debian/suite/in-tree.sh /debian "
                    + SCRIPT
                    + " >/tmp/out 2>&1 </dev/null; echo status $? >>/tmp/out; cat /tmp/out");
        assertThat(round.text().lines())
            .as("round %d", memory.size() + 1)
            .containsExactlyElementsOf(expected);
        System.gc();
        memory.add(ownMemory());
        report(memory, shell.counters());
      }
    }
    long early = memory.get(memory.size() / 2 - 1);
    assertThat(memory.getLast())
        .as("memory besides the guest's RAM after each round: %s", memory)
        .isLessThan(early + early / 20 + SLACK);
  }

  private static void report(List<Long> memory, Map<String, Long> counters) {
    StringBuilder text = new StringBuilder();
    text.append("round ").append(memory.size());
    text.append(": own memory ").append(memory.getLast() / MIB).append(" MiB");
    counters.forEach((name, value) -> {
      if (name.contains("code-cache") || name.contains("blocks") || name.contains("instr")) {
        text.append(", ").append(name).append(' ').append(value);
      }
    });
    System.out.println(text);
  }
}
