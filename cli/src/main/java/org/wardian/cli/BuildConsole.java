package org.wardian.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.wardian.boot.catalogue.ProgressListener;
import org.wardian.boot.catalogue.SystemMedia;
import org.wardian.chipset.SerialBackend;

/**
 * Listens to the console of a machine that makes a system ({@link SystemMedia} has the lines),
 * shows how far it is, and keeps all of it in a file.
 *
 * <p>The guest is trusted no further than its console: what it says ends in a progress line,
 * without control characters.
 */
final class BuildConsole implements SerialBackend, AutoCloseable {
  private static final String STEP = "ward: step: ";
  private static final String PROCESSING = "processing: ";
  private static final String FAILED = "ward: failed: ";
  private static final String DONE = "ward: done";
  private static final int MAX_LINE = 1000;
  private static final int LAST_LINES = 12;

  private final SystemMedia media;
  private final ProgressListener progress;
  private final OutputStream log;
  private final StringBuilder line = new StringBuilder();
  private final Deque<String> last = new ArrayDeque<>();
  private boolean inStep;
  private int steps;
  private int pieces;
  private boolean done;
  private Optional<String> failure = Optional.empty();

  /**
   * @param log the file to write; replaced if it exists
   */
  BuildConsole(SystemMedia media, ProgressListener progress, Path log) throws IOException {
    this.media = media;
    this.progress = progress;
    this.log = new BufferedOutputStream(Files.newOutputStream(log));
  }

  @Override
  public synchronized void transmit(byte value) {
    try {
      log.write(value);
    } catch (IOException e) {
      // The log is a help for the one who looks for a fault, and no more.
      failure = failure.or(() -> Optional.of("the log cannot be written: " + e.getMessage()));
    }
    if (value == '\n') {
      end();
      line.setLength(0);
    } else if (value >= ' ' && value != 0x7f && line.length() < MAX_LINE) {
      line.append((char) value);
    }
  }

  private void end() {
    String text = line.toString();
    if (text.startsWith(STEP)) {
      endStep();
      inStep = true;
      pieces = 0;
      progress.stepStarted(text.substring(STEP.length()), pieces(steps++));
    } else if (text.startsWith(PROCESSING)) {
      String piece = text.substring(PROCESSING.length());
      if (!piece.startsWith("trigproc")) {
        progress.stepAdvanced(pieces++, piece);
      }
      return;
    } else if (text.startsWith(FAILED)) {
      failure = Optional.of(text.substring(FAILED.length()));
    } else if (text.equals(DONE)) {
      endStep();
      done = true;
    }
    if (!text.startsWith("status: ")) {
      last.addLast(text);
      if (last.size() > LAST_LINES) {
        last.removeFirst();
      }
    }
  }

  /** How many packages are handled in the step of a number; 0 for those without. */
  private int pieces(int step) {
    return switch (step) {
      case 1 -> media.essentials();
      case 2 -> 2 * media.essentials();
      case 3, 4 -> media.others();
      default -> 0;
    };
  }

  private void endStep() {
    if (inStep) {
      progress.stepFinished();
      inStep = false;
    }
  }

  /** Whether the guest said that all is done. */
  synchronized boolean isDone() {
    return done && failure.isEmpty();
  }

  /** Why it is not done, in the guest's words or by what it said last. */
  synchronized String reason() {
    return failure.orElseGet(() -> "its last words: " + String.join(" / ", last));
  }

  @Override
  public synchronized void close() {
    try {
      log.close();
    } catch (IOException e) {
      failure = failure.or(() -> Optional.of("the log cannot be written: " + e.getMessage()));
    }
  }
}
