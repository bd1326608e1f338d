package org.wardian.cli.console;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/**
 * Lines that are typed into the guest's shell, each when the prompt for it has come; behind the
 * last one, {@code poweroff}, unless the guest has ended by then.
 *
 * <p>Waiting for each prompt keeps the typing inside the 4,095 bytes that the guest's terminal
 * holds for a program that does not read yet, and keeps the output readable.
 */
public final class ConsoleScript {
  /** What Linux's line discipline holds of one line: {@code N_TTY_BUF_SIZE} less the line end. */
  private static final int MAX_LINE = 4095;

  private static final String POWER_OFF = "poweroff";

  private final PromptWatch prompt = new PromptWatch();
  private final Queue<byte[]> lines = new ArrayDeque<>();
  private boolean awaitingEcho;

  private ConsoleScript(List<String> lines) {
    for (String line : lines) {
      this.lines.add(typed(line));
    }
    this.lines.add(typed(POWER_OFF));
  }

  private static byte[] typed(String line) {
    return (line + "\r").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads a script to its end.
   *
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if a line cannot be typed; the message names the line
   */
  public static ConsoleScript read(InputStream stream) throws IOException {
    return of(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
  }

  /**
   * A script of the lines of {@code text}.
   *
   * @throws IllegalArgumentException if a line cannot be typed; the message names the line
   */
  static ConsoleScript of(String text) {
    List<String> lines = new ArrayList<>(text.lines().toList());
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.getBytes(StandardCharsets.UTF_8).length > MAX_LINE) {
        throw new IllegalArgumentException(
            "line " + (i + 1) + " is longer than the " + MAX_LINE + " bytes that a terminal takes");
      }
      if (line.chars().anyMatch(c -> c < ' ' && c != '\t')) {
        throw new IllegalArgumentException(
            "line " + (i + 1) + " has a control character, which would not arrive as it stands");
      }
    }
    return new ConsoleScript(lines);
  }

  /**
   * Takes the guest's next byte of output.
   *
   * @return what is to be typed now, or null
   */
  byte[] accept(byte next) {
    boolean asked = prompt.accept(next);
    if (awaitingEcho) {
      // Up to the end of its echo, the typed line itself may look like a prompt.
      awaitingEcho = next != '\n';
      return null;
    }
    if (!asked || lines.isEmpty()) {
      return null;
    }
    awaitingEcho = true;
    return lines.remove();
  }
}
