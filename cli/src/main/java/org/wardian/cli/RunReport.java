package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How a run ended.
 *
 * @param code the process's status; one of {@link ExitStatus}, or what the guest wrote to the test
 *     device
 * @param reason one line for the user, or empty where the ending needs no words
 * @param registers a dump of the processor's registers, or empty
 * @param accelerator who executed the guest
 * @param wallTime from the machine's start to its end
 * @param counters the processor's figures by name
 */
record RunReport(
    int code,
    Optional<String> reason,
    Optional<String> registers,
    Accelerator accelerator,
    Duration wallTime,
    Map<String, Long> counters) {

  void print(PrintWriter err, boolean stats, boolean json) {
    registers.ifPresent(err::println);
    reason.ifPresent(line -> err.println("ward: " + line));
    double seconds = wallTime.toNanos() / 1e9;
    long instructions = counters.getOrDefault("instructions", 0L);
    double mips = seconds > 0 ? instructions / seconds / 1e6 : 0;
    if (stats) {
      err.printf(
          Locale.ROOT, "ward: accelerator %s, %.2f s, %.1f MIPS%n", accelerator, seconds, mips);
      counters.forEach((name, value) -> err.printf(Locale.ROOT, "  %-20s %,20d%n", name, value));
    }
    if (json) {
      ObjectNode node = Json.object();
      node.put("status", code);
      reason.ifPresent(line -> node.put("reason", line));
      node.put("accelerator", accelerator.toString());
      node.put("seconds", seconds);
      node.put("mips", mips);
      counters.forEach(node.putObject("counters")::put);
      err.println(Json.line(node));
    }
    err.flush();
  }
}
