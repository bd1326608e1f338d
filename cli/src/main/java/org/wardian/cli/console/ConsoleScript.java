package org.wardian.cli.console;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.regex.Pattern;

/**
 * Lines that are typed into the guest's shell, each when the prompt for it has come; behind the
 * last one {@code poweroff}, and again at each prompt that shows that it was refused or that the
 * guest has come up anew.
 *
 * <p>Waiting for each prompt keeps the typing inside the 4,095 bytes that the guest's terminal
 * holds for a program that does not read yet, and keeps the output readable. Behind a line {@code
 * reboot} the prompts of the shell that is about to be killed are passed over: the next line goes
 * to the guest that comes up again.
 */
public final class ConsoleScript {
  /** What Linux's line discipline holds of one line: {@code N_TTY_BUF_SIZE} less the line end. */
  private static final int MAX_LINE = 4095;

  private static final byte[] POWER_OFF = typed("poweroff");

  private static final Pattern REBOOT = Pattern.compile("\\s*(busybox\\s+)?reboot\\b.*");

  /** What Linux prints last before a reset, and first behind it. */
  private static final Pattern RESTART =
      Pattern.compile(".*(reboot: Restarting system|Linux version \\d).*");

  /** What init, systemd and Linux say of a power-off that is under way. */
  private static final Pattern GOING_DOWN =
      Pattern.compile(
          ".*(going down|Terminated|Killed|Requesting system poweroff|reboot: Power down|Sent"
              + " SIG(TERM|KILL)).*");

  /** A message of the kernel, which answers no command. */
  private static final Pattern KERNEL_MESSAGE = Pattern.compile(".*\\[ *\\d+\\.\\d+] .*");

  private static final int MAX_OUTPUT_LINE = 512;

  private final PromptWatch prompt = new PromptWatch();
  private final Queue<String> lines;
  private final StringBuilder outputLine = new StringBuilder();
  private boolean awaitingEcho;
  private boolean awaitingRestart;
  private boolean poweringOff;

  /** What is done behind the last line before the guest is powered off; null for nothing. */
  private Runnable atEnd;

  private boolean ended;

  private ConsoleScript(List<String> lines) {
    this.lines = new ArrayDeque<>(lines);
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
  public static ConsoleScript of(String text) {
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
   * Has something done behind the last line, in place of {@code poweroff}. Before the first byte.
   *
   * @param action returns at once
   */
  public void atEnd(Runnable action) {
    atEnd = action;
  }

  /** Whether what is done {@link #atEnd} has begun. */
  synchronized boolean isAtEnd() {
    return ended && !poweringOff;
  }

  /** What the guest is powered off by, when what is done {@link #atEnd} did not end it. */
  synchronized byte[] powerOff() {
    awaitingEcho = true;
    poweringOff = true;
    return POWER_OFF.clone();
  }

  /**
   * Takes the guest's next byte of output.
   *
   * @return what is to be typed now, or null
   */
  synchronized byte[] accept(byte next) {
    boolean asked = prompt.accept(next);
    followLines(next);
    if (awaitingEcho) {
      // Up to the end of its echo, the typed line itself may look like a prompt.
      awaitingEcho = next != '\n';
      return null;
    }
    if (!asked || awaitingRestart || poweringOff) {
      return null;
    }
    if (lines.isEmpty()) {
      Runnable action = atEnd;
      atEnd = null;
      if (action == null) {
        return powerOff();
      }
      ended = true;
      action.run();
      return null;
    }
    awaitingEcho = true;
    String line = lines.remove();
    awaitingRestart = REBOOT.matcher(line).matches();
    return typed(line);
  }

  /** Whether a line behind {@code poweroff} says that the guest stays, or is back. */
  private static boolean refuses(CharSequence line) {
    if (RESTART.matcher(line).matches()) {
      return true;
    }
    String text = line.toString().stripTrailing();
    return !text.isEmpty()
        && !text.endsWith("#")
        && !text.endsWith("$")
        && !GOING_DOWN.matcher(line).matches()
        && !KERNEL_MESSAGE.matcher(line).matches();
  }

  private void followLines(byte next) {
    if (next == '\n') {
      awaitingRestart &= !RESTART.matcher(outputLine).matches();
      poweringOff &= awaitingEcho || !refuses(outputLine);
      outputLine.setLength(0);
    } else if (next >= ' ' && outputLine.length() < MAX_OUTPUT_LINE) {
      outputLine.append((char) next);
    }
  }
}
