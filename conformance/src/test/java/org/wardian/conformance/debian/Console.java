package org.wardian.conformance.debian;

import java.time.Duration;
import org.wardian.chipset.SerialBackend;

/**
 * What a guest has written to its first serial port. A reader waits for a text and goes on behind
 * it; escape sequences, by which a shell asks the terminal for its size, are left out.
 */
public final class Console implements SerialBackend {
  private static final char ESCAPE = 0x1b;

  private final StringBuilder text = new StringBuilder();
  private int read;
  private boolean inEscape;
  private String end;

  @Override
  public synchronized void transmit(byte value) {
    char character = (char) (value & 0xff);
    if (inEscape) {
      // ESC [ parameters letter; the bracket is no end.
      inEscape = !Character.isLetter(character);
    } else if (character == ESCAPE) {
      inEscape = true;
    } else {
      text.append(character);
      notifyAll();
    }
  }

  /** Nothing more will be written. */
  public synchronized void close(String reason) {
    end = reason;
    notifyAll();
  }

  /**
   * Waits for {@code wanted} behind all that was waited for before, and returns what stands in
   * between.
   *
   * @throws AssertionError if it does not come in time, or the guest ends before
   */
  public synchronized String await(String wanted, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      int at = text.indexOf(wanted, read);
      if (at >= 0) {
        String between = text.substring(read, at);
        read = at + wanted.length();
        return between;
      }
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (end != null || left <= 0) {
        throw new AssertionError(
            "no \"%s\" %s; the console: %s"
                .formatted(wanted, end != null ? "before " + end : "in " + patience, text));
      }
      wait(left);
    }
  }

  /** All that was written. */
  public synchronized String transcript() {
    return text.toString();
  }
}
