package org.wardian.daemon;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The daemon's own log: what System.Logger is told by everything of this program becomes lines of
 * text, or of JSON, on standard error or in a file. It ends by {@link #close}; then all is as
 * before.
 */
public final class DaemonLog implements AutoCloseable {
  /** The form of a line. */
  public enum Form {
    /** For people. */
    TEXT,
    /** An object of JSON. */
    JSON
  }

  /**
   * How the log is to be.
   *
   * @param level the least that is written
   * @param file that takes it; standard error where there is none
   */
  public record Settings(Form form, System.Logger.Level level, Optional<Path> file) {}

  /** Bytes after which a file is renamed, and a fresh one begun. */
  private static final long MOST = 64L << 20;

  /** Held for as long as this is open: a logger that nobody holds forgets its handlers. */
  private final Logger logger = Logger.getLogger("org.wardian");

  private final LineHandler handler;
  private final boolean parents;
  private final Level before;

  /**
   * Begins to write.
   *
   * @throws IOException where the file cannot be written
   */
  public DaemonLog(Settings settings) throws IOException {
    handler = new LineHandler(settings.form(), settings.file());
    parents = logger.getUseParentHandlers();
    before = logger.getLevel();
    logger.setUseParentHandlers(false);
    logger.setLevel(level(settings.level()));
    logger.addHandler(handler);
  }

  private static Level level(System.Logger.Level level) {
    return switch (level) {
      case ERROR -> Level.SEVERE;
      case WARNING -> Level.WARNING;
      case INFO -> Level.INFO;
      default -> Level.FINE;
    };
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
    logger.setLevel(before);
    logger.setUseParentHandlers(parents);
    handler.close();
  }

  /** Writes lines, one after the other. */
  private static final class LineHandler extends Handler {
    private final Form form;
    private final Optional<Path> file;
    private PrintStream out;
    private long written;

    LineHandler(Form form, Optional<Path> file) throws IOException {
      this.form = form;
      this.file = file;
      open();
      setLevel(Level.ALL);
    }

    private void open() throws IOException {
      if (file.isEmpty()) {
        out = System.err;
        return;
      }
      Path path = file.get();
      Files.createDirectories(path.toAbsolutePath().getParent());
      if (!Files.exists(path)) {
        Files.createFile(
            path,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      }
      written = Files.size(path);
      out =
          new PrintStream(
              Files.newOutputStream(path, StandardOpenOption.APPEND), true, StandardCharsets.UTF_8);
    }

    @Override
    public synchronized void publish(LogRecord entry) {
      LogLine line = LogLine.of(entry);
      String text = form == Form.JSON ? line.json() : line.text();
      if (file.isPresent() && written > MOST) {
        turn(file.get());
      }
      out.println(text);
      written += text.length() + 1;
    }

    private void turn(Path path) {
      out.close();
      try {
        Files.move(
            path,
            path.resolveSibling(path.getFileName() + ".1"),
            StandardCopyOption.REPLACE_EXISTING);
        open();
      } catch (IOException e) {
        out = System.err;
        out.println("the log " + path + " cannot be begun anew: " + e.getMessage());
      }
    }

    @Override
    public void flush() {
      out.flush();
    }

    @Override
    public synchronized void close() {
      out.flush();
      if (file.isPresent()) {
        out.close();
      }
    }
  }
}
