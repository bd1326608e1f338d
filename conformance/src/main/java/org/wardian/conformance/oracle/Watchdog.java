package org.wardian.conformance.oracle;

import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicLong;
import org.wardian.x86.CpuModel;

/**
 * Notices a case that does not end: on the host a fault that the kernel retries for ever, on our
 * side an endless loop. Names the case and ends the process, since neither can be interrupted.
 */
final class Watchdog {
  private static final long PATIENCE_MILLIS = 15_000;
  private static final int STATUS = 3;

  private volatile OracleCase current;
  private final AtomicLong number = new AtomicLong();

  /** Starts watching; the thread ends with the process. */
  Watchdog(PrintStream out, CpuModel model) {
    Thread thread = new Thread(() -> watch(out, model), "oracle watchdog");
    thread.setDaemon(true);
    thread.start();
  }

  /** A case begins, or with null a pause. */
  void begin(OracleCase one) {
    current = one;
    number.incrementAndGet();
  }

  private void watch(PrintStream out, CpuModel model) {
    long seen = -1;
    while (true) {
      long before = number.get();
      if (before == seen && current != null) {
        out.println("oracle: this case does not end:");
        out.println(CaseReport.instruction(current, 0, model));
        out.printf("seed 0x%x%n", current.seed);
        out.flush();
        Runtime.getRuntime().halt(STATUS);
      }
      seen = before;
      try {
        Thread.sleep(PATIENCE_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
