package org.wardian.daemon.node;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.wardian.host.DeviceEvents;
import org.wardian.host.HostException;

/**
 * Compares the devices of the host with those of before each time that the kernel says that
 * something has changed. Life cycle: constructed, {@link #start}, {@link #close}.
 */
final class DeviceWatch implements AutoCloseable {
  /** What became of a device. */
  enum Change {
    /** It was not there before. */
    CREATED,
    /** It is not there any more. */
    DELETED,
    /** Its document is another one. */
    UPDATED
  }

  private static final System.Logger LOG = System.getLogger(DeviceWatch.class.getName());
  private static final int PATIENCE = 500;

  /** What belongs together comes within this time, in milliseconds. */
  private static final long SETTLING = 30;

  private final Supplier<Map<String, String>> scan;
  private final BiConsumer<String, Change> told;
  private DeviceEvents events;
  private Thread thread;
  private volatile boolean closed;

  /**
   * Not begun yet.
   *
   * @param scan the documents of all devices, by name
   * @param told takes what has changed
   */
  DeviceWatch(Supplier<Map<String, String>> scan, BiConsumer<String, Change> told) {
    this.scan = scan;
    this.told = told;
  }

  /** Begins; a host that has no such messages is told of in the log, and nothing is watched. */
  void start() {
    try {
      events = DeviceEvents.open();
    } catch (HostException e) {
      LOG.log(System.Logger.Level.INFO, "devices of the host are not watched: " + e.getMessage());
      return;
    }
    Map<String, String> first = new HashMap<>(scan.get());
    thread = Thread.ofPlatform().daemon().name("device-watch").start(() -> run(first));
  }

  private void run(Map<String, String> first) {
    Map<String, String> known = first;
    try {
      while (!closed) {
        if (events.await(PATIENCE)) {
          Thread.sleep(SETTLING);
          events.await(0);
          Map<String, String> now = scan.get();
          tell(known, now);
          known = now;
        }
      }
    } catch (InterruptedException | IllegalStateException e) {
      // It was closed.
      LOG.log(System.Logger.Level.DEBUG, "devices are not watched any more");
    }
  }

  private void tell(Map<String, String> before, Map<String, String> now) {
    for (String name : before.keySet()) {
      if (!now.containsKey(name)) {
        told.accept(name, Change.DELETED);
      }
    }
    now.forEach((name, document) -> {
      String old = before.get(name);
      if (old == null) {
        told.accept(name, Change.CREATED);
      } else if (!old.equals(document)) {
        told.accept(name, Change.UPDATED);
      }
    });
  }

  @Override
  public void close() {
    closed = true;
    if (thread != null) {
      thread.interrupt();
      events.close();
    }
  }
}
