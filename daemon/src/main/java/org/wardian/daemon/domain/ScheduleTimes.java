package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a thread has waited for the host. Sources: the kernel's
 * Documentation/scheduler/sched-stats.rst, and {@code /proc/PID/sched}.
 *
 * @param waited nanoseconds that it waited while it wanted to run, as {@code sched} has it; 0 where
 *     the host does not count that
 * @param delayed nanoseconds that it stood in the queue of a processor
 */
record ScheduleTimes(long waited, long delayed) {
  private static final Pattern WAIT_SUM =
      Pattern.compile(
          "^(?:se\\.)?(?:statistics\\.)?wait_sum\\s*:\\s*(\\d+)\\.(\\d+)$", Pattern.MULTILINE);
  private static final long NANOSECONDS_PER_MILLISECOND = 1_000_000;

  /** Of a thread of a process; zeroes where there is none. */
  static ScheduleTimes of(long pid, long thread) {
    Path task = Path.of("/proc", Long.toString(pid), "task", Long.toString(thread));
    try {
      String[] fields = Files.readString(task.resolve("schedstat")).strip().split(" ");
      return new ScheduleTimes(wait(task.resolve("sched")), Long.parseLong(fields[1]));
    } catch (IOException | RuntimeException e) {
      return new ScheduleTimes(0, 0);
    }
  }

  private static long wait(Path sched) {
    try {
      Matcher found = WAIT_SUM.matcher(Files.readString(sched));
      return found.find()
          ? Long.parseLong(found.group(1)) * NANOSECONDS_PER_MILLISECOND
              + Long.parseLong((found.group(2) + "000000").substring(0, 6))
          : 0;
    } catch (IOException e) {
      return 0; // A kernel without CONFIG_SCHED_DEBUG.
    }
  }
}
