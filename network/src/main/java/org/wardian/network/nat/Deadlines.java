package org.wardian.network.nat;

import java.util.PriorityQueue;

/**
 * What is due when. A deadline that is moved later keeps its early entry, which moves when it comes
 * up: a busy connection sets its timers thousands of times for each that expires.
 */
final class Deadlines {
  /** A place in the queue. */
  record Entry(Deadline deadline, long at) implements Comparable<Entry> {
    @Override
    public int compareTo(Entry other) {
      return Long.compare(at, other.at);
    }
  }

  private final PriorityQueue<Entry> queue = new PriorityQueue<>();

  void enter(Deadline deadline, long at) {
    Entry entry = new Entry(deadline, at);
    deadline.entry = entry;
    queue.add(entry);
  }

  /** When something may be due next, or {@link Deadline#NEVER}. */
  long next() {
    Entry first = queue.peek();
    return first == null ? Deadline.NEVER : first.at();
  }

  /** Runs what is due. */
  void run(long now) {
    for (Entry first = queue.peek(); first != null && first.at() <= now; first = queue.peek()) {
      queue.poll();
      Deadline deadline = first.deadline();
      if (!first.equals(deadline.entry)) {
        // An earlier one took its place.
        continue;
      }
      deadline.entry = null;
      if (deadline.at() <= now) {
        deadline.cancel();
        deadline.action.run();
      } else if (deadline.isSet()) {
        enter(deadline, deadline.at());
      }
    }
  }

  int size() {
    return queue.size();
  }
}
