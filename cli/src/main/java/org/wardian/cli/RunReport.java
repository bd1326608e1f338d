package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How a run ended.
 *
 * @param code the process's status; one of {@link ExitStatus}, or what the guest wrote to the test
 *     device
 * @param reason one line for the user, or empty where the ending needs no words
 * @param registers a dump of the processor's registers, or the accelerator's own report, or empty
 * @param execution who executed the guest, how and why
 * @param wallTime from the machine's start to its end
 * @param counters the processor's figures by name
 * @param memory how the guest used its memory, by name; empty without a balloon
 */
record RunReport(
    int code,
    Optional<String> reason,
    Optional<String> registers,
    Execution execution,
    Duration wallTime,
    Map<String, Long> counters,
    Map<String, Long> memory) {

  private static final String INSTRUCTIONS = "instructions";

  void print(PrintWriter err, boolean stats, boolean json) {
    registers.ifPresent(err::println);
    reason.ifPresent(line -> err.println("ward: " + line));
    double seconds = wallTime.toNanos() / 1e9;
    // Not every accelerator counts instructions.
    OptionalDouble mips =
        counters.containsKey(INSTRUCTIONS) && seconds > 0
            ? OptionalDouble.of(counters.get(INSTRUCTIONS) / seconds / 1e6)
            : OptionalDouble.empty();
    if (stats) {
      err.printf(Locale.ROOT, "ward: %.2f s", seconds);
      mips.ifPresent(figure -> err.printf(Locale.ROOT, ", %.1f MIPS", figure));
      err.println();
      execution.print(err);
      counters.forEach((name, value) -> err.printf(Locale.ROOT, "  %-20s %,20d%n", name, value));
      memory.forEach(
          (name, value) -> err.printf(Locale.ROOT, "  %-20s %,20d%n", "memory " + name, value));
    }
    if (json) {
      ObjectNode node = Json.object();
      node.put("status", code);
      reason.ifPresent(line -> node.put("reason", line));
      execution.describe(node);
      node.put("seconds", seconds);
      mips.ifPresent(figure -> node.put("mips", figure));
      counters.forEach(node.putObject("counters")::put);
      if (!memory.isEmpty()) {
        memory.forEach(node.putObject("memory")::put);
      }
      err.println(Json.line(node));
    }
    err.flush();
  }
}
