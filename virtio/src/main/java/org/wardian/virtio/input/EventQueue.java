package org.wardian.virtio.input;

import java.util.ArrayDeque;
import java.util.Deque;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * Events on their way to a driver, in groups that end with a synchronisation: a group comes whole
 * or not at all. Its monitor guards it.
 */
final class EventQueue {
  private static final int MOST = 1024;

  private final Deque<Long> events = new ArrayDeque<>();

  /** An event as one number. */
  static long event(int type, int code, int value) {
    return type | (long) code << 16 | (long) value << 32;
  }

  /** Adds a group; it is lost where the driver has left too many. */
  synchronized void add(long... group) {
    if (events.size() + group.length < MOST) {
      for (long event : group) {
        events.add(event);
      }
      events.add(event(InputProtocol.SYNCHRONIZE, 0, 0));
    }
  }

  synchronized boolean isEmpty() {
    return events.isEmpty();
  }

  synchronized long remove() {
    return events.remove();
  }

  synchronized void clear() {
    events.clear();
  }

  synchronized void save(StateWriter out) {
    out.writeInt(events.size());
    events.forEach(out::writeLong);
  }

  synchronized void load(StateReader in) {
    events.clear();
    int count = in.readInt(0, MOST);
    for (int i = 0; i < count; i++) {
      events.add(in.readLong());
    }
  }
}
