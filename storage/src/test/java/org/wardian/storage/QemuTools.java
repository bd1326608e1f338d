package org.wardian.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** QEMU's own tools for images (Debian package qemu-utils), as the peer of ours. */
public final class QemuTools {
  /** What a tool said and how it ended. */
  public record Outcome(int status, String output) {}

  private QemuTools() {}

  /** Skips the test where the tools are missing. */
  public static void require() {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/qemu-img")),
        "qemu-img is missing: install the package qemu-utils");
  }

  /** {@code qemu-img} with the arguments; it must succeed. */
  public static String img(Object... arguments) {
    Outcome outcome = run("qemu-img", arguments);
    assertThat(outcome.status()).as("qemu-img %s: %s", List.of(arguments), outcome).isZero();
    return outcome.output();
  }

  /** {@code qemu-io} on an image, with commands for its standard input; it must succeed. */
  public static String io(Path image, List<String> commands, Object... options) {
    return io(image.toString(), commands, options);
  }

  /** The same on an image that is named by a URI. */
  public static String io(String image, List<String> commands, Object... options) {
    List<Object> arguments = new ArrayList<>(List.of(options));
    arguments.add(image);
    Outcome outcome = runWith(String.join("\n", commands) + "\n", "qemu-io", arguments.toArray());
    assertThat(outcome.status()).as("qemu-io: %s", outcome).isZero();
    assertThat(outcome.output()).doesNotContain("failed").doesNotContain("error");
    return outcome.output();
  }

  /** Any tool, with any end. */
  public static Outcome run(String tool, Object... arguments) {
    return runWith("", tool, arguments);
  }

  private static Outcome runWith(String input, String tool, Object... arguments) {
    List<String> command = new ArrayList<>(List.of(tool));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    try {
      Path in = Files.createTempFile("wardian-tool", ".in");
      Files.writeString(in, input);
      Process process =
          new ProcessBuilder(command).redirectErrorStream(true).redirectInput(in.toFile()).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      Files.delete(in);
      return new Outcome(status, output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
