package org.wardian.boot.catalogue;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Shows downloads on a terminal: name, percentage, bar, bytes, rate and remaining time, redrawn in
 * place ten times a second; likewise steps of other work. Where the stream is not a terminal, one
 * line per finished file or step.
 */
public final class TerminalProgress implements ProgressListener {
  private static final long REDRAW_NANOS = 100_000_000L;
  private static final int NAME_WIDTH = 26;
  private static final int BAR_WIDTH = 12;
  private static final int LINE_WIDTH = 79;

  private final PrintStream out;
  private final boolean terminal;
  private final LongSupplier nanoClock;

  private String name = "";
  private long total = -1;
  private int steps;
  private long received;
  private long startedAt;
  private long drawnAt;
  private boolean drawn;

  /**
   * @param out where to write, normally standard error
   * @param terminal whether {@code out} is a terminal, so that a line can be redrawn
   */
  public TerminalProgress(PrintStream out, boolean terminal) {
    this(out, terminal, System::nanoTime);
  }

  TerminalProgress(PrintStream out, boolean terminal, LongSupplier nanoClock) {
    this.out = out;
    this.terminal = terminal;
    this.nanoClock = nanoClock;
  }

  @Override
  public void fileStarted(String fileName, long totalBytes) {
    name = fileName;
    total = totalBytes;
    received = 0;
    startedAt = nanoClock.getAsLong();
    drawnAt = startedAt;
    drawn = false;
    if (terminal) {
      draw();
    }
  }

  @Override
  public void fileAdvanced(long receivedBytes) {
    received = receivedBytes;
    if (terminal && nanoClock.getAsLong() - drawnAt >= REDRAW_NANOS) {
      draw();
    }
  }

  @Override
  public void fileFinished() {
    if (terminal) {
      draw();
      out.println();
      drawn = false;
    } else {
      out.println("fetched " + name + " (" + bytes(received) + ")");
    }
    out.flush();
  }

  @Override
  public void fileFailed() {
    endLine();
  }

  @Override
  public void note(String line) {
    endLine();
    out.println(line);
    out.flush();
  }

  @Override
  public void stepStarted(String stepName, int pieces) {
    name = stepName;
    steps = pieces;
    startedAt = nanoClock.getAsLong();
    drawnAt = startedAt - REDRAW_NANOS;
    stepAdvanced(0, "");
  }

  @Override
  public void stepAdvanced(int done, String piece) {
    long now = nanoClock.getAsLong();
    if (terminal && now - drawnAt >= REDRAW_NANOS) {
      drawnAt = now;
      drawn = true;
      out.print("\r" + stepLine(done, piece) + "\033[K");
      out.flush();
    }
  }

  @Override
  public void stepFinished() {
    long seconds = (nanoClock.getAsLong() - startedAt) / 1_000_000_000L;
    String line = name + " (" + duration(seconds) + ")";
    out.println(terminal ? "\r" + line + "\033[K" : line);
    out.flush();
    drawn = false;
  }

  private String stepLine(int done, String piece) {
    StringBuilder line = new StringBuilder(80).append(name);
    if (steps > 0) {
      int percent = (int) Math.min(100, done * 100L / steps);
      int filled = percent * BAR_WIDTH / 100;
      line.append(String.format(Locale.ROOT, " %3d%% [", percent));
      line.append("#".repeat(filled)).append(".".repeat(BAR_WIDTH - filled)).append(']');
    }
    line.append(' ').append(piece);
    return line.length() <= LINE_WIDTH ? line.toString() : line.substring(0, LINE_WIDTH);
  }

  private void endLine() {
    if (drawn) {
      out.println();
      out.flush();
      drawn = false;
    }
  }

  private void draw() {
    long now = nanoClock.getAsLong();
    drawnAt = now;
    drawn = true;
    // Carriage return first and erase-to-end-of-line last: no flicker, no rest of a longer line.
    out.print("\r" + line(now - startedAt) + "\033[K");
    out.flush();
  }

  /** One line of at most 79 columns, so that it never wraps on the narrowest usual terminal. */
  private String line(long elapsedNanos) {
    StringBuilder line = new StringBuilder(80);
    line.append(fitted(name, NAME_WIDTH));
    double seconds = elapsedNanos / 1e9;
    double rate = seconds > 0 ? received / seconds : 0;
    if (total > 0) {
      int percent = (int) Math.min(100, received * 100 / total);
      int filled = percent * BAR_WIDTH / 100;
      line.append(String.format(Locale.ROOT, " %3d%% [", percent));
      line.append("#".repeat(filled)).append(".".repeat(BAR_WIDTH - filled)).append(']');
    }
    line.append(String.format(Locale.ROOT, " %9s", bytes(received)));
    line.append(String.format(Locale.ROOT, " %9s/s", bytes((long) rate)));
    if (total > 0 && received < total && rate >= 1) {
      line.append(' ').append(duration((long) ((total - received) / rate)));
    }
    return line.toString();
  }

  /** The end of a package's file name says least (version, architecture): it is what is cut. */
  private static String fitted(String text, int width) {
    return text.length() <= width
        ? text + " ".repeat(width - text.length())
        : text.substring(0, width - 2) + "..";
  }

  /** A size in binary units with one decimal, such as {@code 12.3 MiB}. */
  static String bytes(long count) {
    if (count < 1024) {
      return count + " B";
    }
    String[] units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = count / 1024.0;
    int unit = 0;
    while (value >= 1023.95 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
  }

  private static String duration(long seconds) {
    if (seconds >= 36_000) {
      return ">10h";
    }
    return seconds >= 3600
        ? String.format(
            Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
        : String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
  }
}
