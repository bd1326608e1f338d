package org.wardian.cli.console;

import java.util.regex.Pattern;

/**
 * Tells from the console that a Linux guest has panicked, and that nothing will come behind it.
 *
 * <p>The kernel's last line before it spins for ever is {@code ---[ end Kernel panic - not syncing:
 * ... ]---} ({@code kernel/panic.c}). A user who types that very line, time stamp included, ends
 * his own machine; nobody else's.
 *
 * <p>Not safe for use by several threads.
 */
final class PanicWatch {
  private static final int MAX_LINE = 512;
  private static final Pattern PANIC =
      Pattern.compile("(\\[ *\\d+\\.\\d+\\](\\[[^]]*\\])? )?Kernel panic - not syncing: .*");
  private static final Pattern END =
      Pattern.compile(
          "(\\[ *\\d+\\.\\d+\\](\\[[^]]*\\])? )?---\\[ end Kernel panic - not syncing.*");

  private final StringBuilder line = new StringBuilder();
  private boolean panicked;

  /** Takes the guest's next byte and tells whether the kernel has now come to its end. */
  boolean accept(byte next) {
    if (next != '\n') {
      if (next != '\r' && line.length() < MAX_LINE) {
        line.append((char) (next & 0xff));
      }
      return false;
    }
    boolean end = END.matcher(line).matches();
    panicked |= end || PANIC.matcher(line).matches();
    line.setLength(0);
    return end;
  }

  /** Whether a panic has been announced, also by a kernel that is told to reset behind it. */
  boolean panicked() {
    return panicked;
  }
}
