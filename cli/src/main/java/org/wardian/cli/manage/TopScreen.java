package org.wardian.cli.manage;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.wardian.cli.StandardInput;
import org.wardian.host.Terminal;

/** The terminal's second screen, with keys that are read one by one; the first comes back after. */
final class TopScreen implements AutoCloseable {
  private static final int STANDARD_OUTPUT = 1;
  private static final String ENTER = "\033[?1049h\033[?25l";
  private static final String LEAVE = "\033[?25h\033[?1049l";

  private final Terminal terminal;
  private final Optional<Terminal> keyboard = Terminal.standard();
  private final PrintStream out =
      new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
  private final LinkedBlockingQueue<Character> keys = new LinkedBlockingQueue<>();
  private final Thread restoration = new Thread(this::restore, "terminal-restoration");

  private TopScreen(Terminal terminal) {
    this.terminal = terminal;
  }

  /** One on this process's terminal; empty where standard output is none. */
  static Optional<TopScreen> open() {
    Optional<TopScreen> screen = Terminal.of(STANDARD_OUTPUT).map(TopScreen::new);
    screen.ifPresent(TopScreen::enter);
    return screen;
  }

  private void enter() {
    Runtime.getRuntime().addShutdownHook(restoration);
    keyboard.ifPresent(one -> {
      one.raw();
      Thread.ofPlatform().daemon().name("top-keys").start(this::readKeys);
    });
    out.print(ENTER);
    out.flush();
  }

  private void readKeys() {
    try (InputStream in = StandardInput.open()) {
      for (int key = in.read(); key >= 0; key = in.read()) {
        keys.add((char) key);
      }
    } catch (IOException noMoreKeys) {
      // The table goes on without them.
      return;
    }
  }

  int columns() {
    return terminal.columns();
  }

  int rows() {
    return terminal.rows();
  }

  /** Shows lines, which must fit; what was there before goes. */
  void show(List<String> lines) {
    StringBuilder text = new StringBuilder("\033[H");
    for (int i = 0; i < lines.size(); i++) {
      text.append(i == 0 ? "" : "\r\n").append(lines.get(i)).append("\033[K");
    }
    out.print(text.append("\033[J"));
    out.flush();
  }

  /** The next key within a time; 0 where none comes. */
  char key(long nanoseconds) throws InterruptedException {
    Character key = keys.poll(Math.max(0, nanoseconds), TimeUnit.NANOSECONDS);
    return key == null ? 0 : key;
  }

  private void restore() {
    out.print(LEAVE);
    out.flush();
    Terminal.restoreAll();
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(restoration);
    } catch (IllegalStateException ending) {
      return; // The hook does it.
    }
    restore();
  }
}
