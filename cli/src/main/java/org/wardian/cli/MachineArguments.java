package org.wardian.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.wardian.process.Launch;
import org.wardian.process.assembly.Sandbox;

/**
 * The arguments of {@code ward machine} in the form that the daemon writes them, read without
 * picocli: before that has read a line, it has learnt every verb, which takes longer than a machine
 * takes to start. Whatever is not of this form is left to picocli, which has words for mistakes.
 */
final class MachineArguments {
  private static final String VERB = "machine";
  private static final String PAUSED = "--paused";
  private static final String SANDBOX = "--sandbox";
  private static final String SNAPSHOT = "--snapshot=";

  private MachineArguments() {}

  /**
   * Reads them.
   *
   * @param arguments of {@code ward}, the verb first
   * @return nothing where it is another verb, or another form
   */
  static Optional<Launch> read(String[] arguments) {
    if (arguments.length == 0 || !arguments[0].equals(VERB)) {
      return Optional.empty();
    }
    Map<String, String> values = new HashMap<>();
    boolean paused = false;
    for (int i = 1; i < arguments.length; i++) {
      String argument = arguments[i];
      switch (argument) {
        case "--definition", "--qmp", "--incoming", SANDBOX -> {
          if (++i == arguments.length || values.put(argument, arguments[i]) != null) {
            return Optional.empty();
          }
        }
        case PAUSED -> paused = true;
        default -> {
          if (!argument.startsWith(SNAPSHOT)
              || values.put(SNAPSHOT, argument.substring(SNAPSHOT.length())) != null) {
            return Optional.empty();
          }
        }
      }
    }
    if (!values.containsKey("--definition") || !values.containsKey("--qmp")) {
      return Optional.empty();
    }
    Sandbox sandbox;
    switch (values.getOrDefault(SANDBOX, "auto")) {
      case "auto" -> sandbox = Sandbox.AUTO;
      case "on" -> sandbox = Sandbox.ON;
      case "off" -> sandbox = Sandbox.OFF;
      default -> {
        return Optional.empty();
      }
    }
    return Optional.of(
        new Launch(
            Path.of(values.get("--definition")),
            Path.of(values.get("--qmp")),
            Optional.ofNullable(values.get("--incoming")).map(Path::of),
            Optional.ofNullable(values.get(SNAPSHOT)),
            paused,
            sandbox,
            Version.wardian()));
  }
}
