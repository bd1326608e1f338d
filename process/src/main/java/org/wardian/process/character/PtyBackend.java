package org.wardian.process.character;

import java.util.Arrays;
import org.wardian.host.HostException;
import org.wardian.host.PseudoTerminal;

/** A terminal of the host ({@code /dev/pts/N}) that a person opens. */
public final class PtyBackend extends CharacterBackend {
  /** Between two looks whether somebody has opened the terminal. */
  private static final long LOOK_MILLISECONDS = 100;

  private static final int PIECE = 1024;

  private final PseudoTerminal terminal;

  /**
   * Makes a terminal.
   *
   * @throws HostException where the host has none left
   */
  public PtyBackend(String id) {
    super(id);
    terminal = PseudoTerminal.open();
    terminal.leaveTerminal();
  }

  /** Its path. */
  public String path() {
    return terminal.name();
  }

  @Override
  public String filename() {
    return "pty:" + terminal.name();
  }

  @Override
  void begin() {
    Thread.ofPlatform().daemon().name(id() + "-input").start(this::read);
  }

  private void read() {
    try {
      while (!isClosed()) {
        byte[] keys = terminal.connected() ? terminal.read(PIECE) : new byte[0];
        if (keys.length == 0) {
          Thread.sleep(LOOK_MILLISECONDS);
        } else {
          guest().input(keys, 0, keys.length);
        }
      }
    } catch (InterruptedException | HostException e) {
      // The machine has ended.
    }
  }

  @Override
  void deliver(byte[] bytes, int length) {
    if (terminal.connected()) {
      terminal.write(Arrays.copyOf(bytes, length));
    }
  }

  @Override
  public void close() {
    super.close();
    terminal.close();
  }
}
