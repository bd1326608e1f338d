package org.wardian.daemon.persistence;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * A process that outlived the daemon which started it. Where that was killed before it had written
 * the process down, it is found by its command, which names the file that it is made of: {@code
 * --definition FILE}.
 *
 * @param process the process
 * @param definition the file that it is made of
 */
public record Survivor(ProcessHandle process, Path definition) {
  private static final String OPTION = "--definition";
  private static final Path PROC = Path.of("/proc");
  private static final long PATIENCE_SECONDS = 10;

  /** Those whose file is below a folder; none where the host does not show its processes. */
  public static List<Survivor> below(Path folder) throws IOException {
    List<Survivor> found = new ArrayList<>();
    if (!Files.isDirectory(PROC)) {
      return found;
    }
    try (Stream<Path> processes = Files.list(PROC)) {
      for (Path one : processes.toList()) {
        String name = one.getFileName().toString();
        if (name.chars().allMatch(Character::isDigit)) {
          ProcessHandle process = ProcessHandle.of(Long.parseLong(name)).orElse(null);
          String definition = process == null ? null : definition(one);
          if (definition != null && definition.startsWith(folder + "/")) {
            found.add(
                new Survivor(
                    process, folder.resolve(definition.substring(folder.toString().length() + 1))));
          }
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return found;
  }

  private static String definition(Path process) {
    try {
      byte[] line = Files.readAllBytes(process.resolve("cmdline"));
      List<String> words = List.of(new String(line, StandardCharsets.UTF_8).split("\0"));
      int option = words.indexOf(OPTION);
      return option < 0 || option + 1 == words.size() ? null : words.get(option + 1);
    } catch (IOException e) {
      return null; // It has ended.
    }
  }

  /** Kills it; returns when it has ended. */
  public void kill() {
    process.destroyForcibly();
    try {
      process.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      System.getLogger(Survivor.class.getName())
          .log(System.Logger.Level.WARNING, "process " + process.pid() + " does not end", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
