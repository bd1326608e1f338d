package org.wardian.conformance.system;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.wardian.boot.BootException;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.x86.CpuModel;

/**
 * One of the small guests in {@code src/test/guests}: it observes the processor and the board, and
 * prints a line for each observation on the first serial port.
 *
 * @param name name of its source file, without the suffix
 */
record SystemGuest(String name) {
  private static final long MEMORY = 64L << 20;

  /** A guest that takes longer than this hangs; the slowest needs a tenth of a second. */
  private static final int LIMIT_SECONDS = 300;

  /** The assembled guest. */
  byte[] image() throws IOException {
    return resource(name + ".elf");
  }

  /** What it must print. */
  Expectation expectation() throws IOException {
    return Expectation.parse(new String(resource(name + ".txt"), StandardCharsets.US_ASCII));
  }

  private static byte[] resource(String file) throws IOException {
    try (InputStream in = SystemGuest.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IOException("no resource " + file + " beside " + SystemGuest.class.getName());
      }
      return in.readAllBytes();
    }
  }

  /** Runs it on our own machine and returns what it printed and how the machine ended. */
  String run() throws IOException, BootException {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    MachineConfiguration configuration =
        new MachineConfiguration(
            image(),
            Path.of(name + ".elf"),
            Optional.empty(),
            "",
            MEMORY,
            1,
            CpuModel.standard(),
            Set.of("testdev"),
            false);
    try (ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor();
        Machine machine = new Machine(configuration, value -> printed.write(value))) {
      Future<?> limit = watchdog.schedule(machine::stop, LIMIT_SECONDS, TimeUnit.SECONDS);
      Outcome outcome = machine.run();
      limit.cancel(false);
      watchdog.shutdownNow();
      String ending =
          switch (outcome.cause()) {
            case EXITED -> "exit " + outcome.status();
            case TRIPLE_FAULT, RESET -> "reset";
            default -> outcome.cause() + "\n" + outcome.registers();
          };
      return printed.toString(StandardCharsets.US_ASCII) + ending + "\n";
    }
  }
}
