package org.wardian.daemon.network;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** Programs of the host that tests need, or are skipped without. */
public final class Tool {
  private Tool() {}

  /** The program's path; without it the test is skipped, with the package that has it. */
  public static Path require(String name, String debianPackage) {
    String folders = System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/sbin";
    for (String folder : folders.split(File.pathSeparator)) {
      Path path = Path.of(folder, name);
      if (Files.isExecutable(path)) {
        return path;
      }
    }
    Assumptions.abort(name + " is not installed; it is in Debian's " + debianPackage);
    throw new IllegalStateException();
  }

  /**
   * What a program printed, both ways, and how it ended.
   *
   * @param status 0 where all was well
   */
  public record Result(int status, String text) {}

  /** Runs a program to its end. */
  public static Result run(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectInput(new File("/dev/null"));
    builder.environment().putAll(environment);
    builder.environment().put("LC_ALL", "C");
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), text);
  }

  /** Runs a program that has to succeed; what it printed. */
  public static String succeed(String... command) throws IOException, InterruptedException {
    Result result = run(Map.of(), List.of(command));
    if (result.status() != 0) {
      throw new IOException(String.join(" ", command) + ": " + result.text());
    }
    return result.text();
  }
}
