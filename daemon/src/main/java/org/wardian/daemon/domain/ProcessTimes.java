package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The processor's time that a process or thread has used. Source: proc(5), {@code stat}.
 *
 * @param user nanoseconds
 * @param system nanoseconds
 * @param processor of the host on which it was last
 * @param residentPages of memory
 */
record ProcessTimes(long user, long system, int processor, long residentPages) {
  private static final long NANOSECONDS_PER_TICK = 10_000_000;

  // Places behind the name of the program.
  private static final int USER = 11;
  private static final int SYSTEM = 12;
  private static final int RESIDENT = 21;
  private static final int PROCESSOR = 36;

  /** Of a process; zeroes where there is none. */
  static ProcessTimes of(long pid) {
    return read(Path.of("/proc", Long.toString(pid), "stat"));
  }

  /** Of a thread of a process. */
  static ProcessTimes ofThread(long pid, long thread) {
    return read(Path.of("/proc", Long.toString(pid), "task", Long.toString(thread), "stat"));
  }

  private static ProcessTimes read(Path file) {
    try {
      String stat = Files.readString(file);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return new ProcessTimes(
          Long.parseLong(fields[USER]) * NANOSECONDS_PER_TICK,
          Long.parseLong(fields[SYSTEM]) * NANOSECONDS_PER_TICK,
          Integer.parseInt(fields[PROCESSOR]),
          Long.parseLong(fields[RESIDENT]));
    } catch (IOException | RuntimeException e) {
      return new ProcessTimes(0, 0, 0, 0);
    }
  }

  /** Nanoseconds in all. */
  long total() {
    return user + system;
  }
}
