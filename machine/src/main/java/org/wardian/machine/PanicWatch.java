package org.wardian.machine;

import java.nio.charset.StandardCharsets;
import org.wardian.chipset.SerialBackend;

/**
 * Listens to the console for a Linux kernel's last words, and passes everything on. A panicking
 * kernel either resets (after "Kernel panic - not syncing") or loops forever (after "---[ end
 * Kernel panic").
 */
final class PanicWatch implements SerialBackend {
  private static final byte[] PANIC =
      "Kernel panic - not syncing".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "---[ end Kernel panic".getBytes(StandardCharsets.US_ASCII);

  private final SerialBackend next;
  private final Runnable dead;
  private int panicMatched;
  private int endMatched;
  private volatile boolean panicked;

  /**
   * @param dead called when the kernel has stopped for good
   */
  PanicWatch(SerialBackend next, Runnable dead) {
    this.next = next;
    this.dead = dead;
  }

  /** Whether a panic was announced since the last {@link #clear}. */
  boolean panicked() {
    return panicked;
  }

  void clear() {
    panicked = false;
    panicMatched = 0;
    endMatched = 0;
  }

  /** As {@link #panicked}, from a saved machine. */
  void panicked(boolean before) {
    panicked = before;
  }

  @Override
  public void transmit(byte value) {
    next.transmit(value);
    panicMatched = advance(PANIC, panicMatched, value);
    if (panicMatched == PANIC.length) {
      panicked = true;
      panicMatched = 0;
    }
    endMatched = advance(END, endMatched, value);
    if (endMatched == END.length) {
      endMatched = 0;
      dead.run();
    }
  }

  private static int advance(byte[] text, int matched, byte value) {
    if (value == text[matched]) {
      return matched + 1;
    }
    return value == text[0] ? 1 : 0;
  }
}
