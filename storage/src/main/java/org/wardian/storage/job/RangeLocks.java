package org.wardian.storage.job;

import java.util.ArrayList;
import java.util.List;

/** Ranges of a disk that threads have for themselves for a while. */
final class RangeLocks {
  private record Range(long start, long end) {
    boolean overlaps(Range other) {
      return start < other.end && other.start < end;
    }
  }

  private final List<Range> held = new ArrayList<>();

  /** Waits until nobody has a part of the range, and takes it. */
  synchronized void lock(long offset, long length) {
    Range wanted = new Range(offset, offset + length);
    boolean interrupted = false;
    while (held.stream().anyMatch(wanted::overlaps)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    held.add(wanted);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives a range back that was taken as it is. */
  synchronized void unlock(long offset, long length) {
    held.remove(new Range(offset, offset + length));
    notifyAll();
  }
}
