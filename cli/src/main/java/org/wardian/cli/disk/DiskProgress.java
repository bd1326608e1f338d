package org.wardian.cli.disk;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import org.wardian.host.Terminal;
import org.wardian.storage.operation.Progress;

/**
 * A bar on standard error: name, percentage, bar, bytes, rate and remaining time, redrawn in place
 * ten times a second. Where that is no terminal and the bar was asked for, a line for each tenth.
 *
 * <p>An interrupt (Ctrl-C) ends the operation at its next report, so that it leaves nothing behind.
 */
public final class DiskProgress implements Progress, AutoCloseable {
  private static final int STANDARD_ERROR = 2;
  private static final long REDRAW_NANOS = 100_000_000L;
  private static final int NAME_WIDTH = 26;
  private static final int BAR_WIDTH = 12;
  private static final long LONGEST_GOODBYE_MILLIS = 10_000;

  private enum Form {
    NONE,
    LINES,
    BAR
  }

  private final PrintWriter out;
  private final String name;
  private final Form form;
  private final LongSupplier nanoClock;
  private final LongFunction<String> amount;
  private final long startedAt;
  private final Thread interrupted;
  private volatile boolean ended;
  private volatile boolean closed;
  private long drawnAt;
  private boolean drawn;
  private int tenth;

  DiskProgress(PrintWriter out, String name, boolean bar, boolean lines, LongSupplier nanoClock) {
    this(out, name, bar, lines, nanoClock, DiskSize::text);
  }

  private DiskProgress(
      PrintWriter out,
      String name,
      boolean bar,
      boolean lines,
      LongSupplier nanoClock,
      LongFunction<String> amount) {
    this.amount = amount;
    this.out = out;
    this.name = name;
    this.form = bar ? Form.BAR : lines ? Form.LINES : Form.NONE;
    this.nanoClock = nanoClock;
    this.startedAt = nanoClock.getAsLong();
    this.drawnAt = startedAt - REDRAW_NANOS;
    this.interrupted = new Thread(this::end, "disk-interrupted");
    Runtime.getRuntime().addShutdownHook(interrupted);
  }

  /**
   * For an operation that begins now.
   *
   * @param asked true for {@code --progress}, false for {@code --no-progress}, null for neither: a
   *     bar on a terminal
   */
  public static DiskProgress of(PrintWriter err, String name, Boolean asked) {
    return of(err, name, asked, DiskSize::text);
  }

  /** As {@link #of(PrintWriter, String, Boolean)}, where things are counted in place of bytes. */
  static DiskProgress counting(PrintWriter err, String name, Boolean asked) {
    return of(err, name, asked, Long::toString);
  }

  private static DiskProgress of(
      PrintWriter err, String name, Boolean asked, LongFunction<String> amount) {
    boolean terminal = Terminal.isTerminal(STANDARD_ERROR);
    boolean wanted = asked == null ? terminal : asked;
    return new DiskProgress(err, name, wanted && terminal, wanted, System::nanoTime, amount);
  }

  @Override
  public synchronized boolean at(long done, long total) {
    switch (form) {
      case BAR -> {
        long now = nanoClock.getAsLong();
        if (now - drawnAt >= REDRAW_NANOS || done >= total) {
          drawnAt = now;
          drawn = true;
          out.print("\r" + line(done, total, now - startedAt) + "\033[K");
          out.flush();
        }
      }
      case LINES -> {
        int reached = (int) (total == 0 ? 10 : done * 10.0 / total);
        if (reached > tenth) {
          tenth = reached;
          out.println(name + ": " + reached * 10 + " %");
          out.flush();
        }
      }
      case NONE -> {
        // Nobody looks.
      }
    }
    return !ended;
  }

  /** One line of at most 79 columns. */
  private String line(long done, long total, long elapsedNanos) {
    StringBuilder line = new StringBuilder(80);
    line.append(
        name.length() <= NAME_WIDTH
            ? name + " ".repeat(NAME_WIDTH - name.length())
            : ".." + name.substring(name.length() - NAME_WIDTH + 2));
    int percent = total <= 0 ? 100 : (int) Math.min(100, done * 100.0 / total);
    int filled = percent * BAR_WIDTH / 100;
    line.append(String.format(Locale.ROOT, " %3d%% [", percent));
    line.append("#".repeat(filled)).append(".".repeat(BAR_WIDTH - filled)).append(']');
    double rate = elapsedNanos > 0 ? done * 1e9 / elapsedNanos : 0;
    line.append(String.format(Locale.ROOT, " %9s", amount.apply(done)));
    line.append(String.format(Locale.ROOT, " %9s/s", amount.apply((long) rate)));
    if (done < total && rate >= 1) {
      long seconds = (long) ((total - done) / rate);
      line.append(
          seconds >= 36_000
              ? " >10h"
              : String.format(
                  Locale.ROOT, " %d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60));
    }
    return line.toString();
  }

  /** Runs when the process is told to end: waits for the operation to take back what it made. */
  private void end() {
    ended = true;
    long until = System.nanoTime() + LONGEST_GOODBYE_MILLIS * 1_000_000;
    while (!closed && System.nanoTime() < until) {
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  @Override
  public void close() {
    if (drawn) {
      out.println();
      out.flush();
    }
    closed = true;
    try {
      Runtime.getRuntime().removeShutdownHook(interrupted);
    } catch (IllegalStateException e) {
      // The process is ending already, by this hook.
      out.flush();
    }
  }
}
