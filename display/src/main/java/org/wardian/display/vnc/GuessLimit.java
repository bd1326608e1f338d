package org.wardian.display.vnc;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Makes a host wait that gives wrong passwords: after five in a row ten seconds, and twice as long
 * for each one more, up to five minutes. A right one, given when it may be, clears that.
 */
final class GuessLimit {
  private static final int FREE = 5;
  private static final int MOST_HOSTS = 1024;
  private static final long SECOND = 1_000_000_000L;
  private static final long FIRST_WAIT = 10 * SECOND;
  private static final long LONGEST_WAIT = 300 * SECOND;

  private record Guesses(int wrong, long until) {}

  private final LongSupplier nanoseconds;
  private final Map<String, Guesses> hosts = new LinkedHashMap<>();

  GuessLimit(LongSupplier nanoseconds) {
    this.nanoseconds = nanoseconds;
  }

  /** Seconds that a host must wait before it may guess; 0 where it may. */
  synchronized long wait(String host) {
    Guesses guesses = hosts.get(host);
    if (guesses == null || guesses.wrong < FREE) {
      return 0;
    }
    return Math.max(0, (guesses.until - nanoseconds.getAsLong() + SECOND - 1) / SECOND);
  }

  synchronized void wrong(String host) {
    Guesses before = hosts.remove(host);
    int wrong = Math.min(before == null ? 1 : before.wrong + 1, FREE + 10);
    long wait = wrong < FREE ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT << wrong - FREE);
    if (hosts.size() >= MOST_HOSTS) {
      hosts.remove(hosts.keySet().iterator().next());
    }
    hosts.put(host, new Guesses(wrong, nanoseconds.getAsLong() + wait));
  }

  synchronized void right(String host) {
    hosts.remove(host);
  }
}
