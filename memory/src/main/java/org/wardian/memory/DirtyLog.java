package org.wardian.memory;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The log of written pages, over all regions and all that write.
 *
 * <p>How no write is lost: a collection first takes the marks away, then has every vCPU report its
 * stores anew, and only then shows the pages to its consumer. A store before a vCPU's
 * acknowledgement is in the bytes that the consumer reads, and its page is in the marks that were
 * taken or in new ones; a store after it makes a new mark. Devices mark after they have written.
 */
final class DirtyLog {
  private final RegionMap map;
  private final List<GuestMemory.DirtySource> sources = new CopyOnWriteArrayList<>();

  /** Changes under both the monitor of this log and that of the map. */
  private boolean on;

  DirtyLog(RegionMap map) {
    this.map = map;
  }

  void addSource(GuestMemory.DirtySource source) {
    synchronized (map.changes) {
      sources.add(source);
      if (on) {
        map.backings().forEach(b -> source.start(b.region));
      }
    }
  }

  void removeSource(GuestMemory.DirtySource source) {
    sources.remove(source);
  }

  /** A region is about to appear in the map. */
  void adding(Backing backing) {
    if (on) {
      backing.startLog();
    }
  }

  /** A region is in the map, and every listener follows. */
  void added(Backing backing) {
    if (on) {
      sources.forEach(source -> source.start(backing.region));
      if (!sources.isEmpty()) {
        // A guest that runs may have written before its accelerator logged.
        backing.dirtyAll();
      }
    }
  }

  /** A region has left the map. */
  void removed(Backing backing) {
    if (on) {
      sources.forEach(source -> source.stop(backing.region));
    }
  }

  synchronized void start() {
    if (on) {
      throw new IllegalStateException("the dirty log is on already");
    }
    synchronized (map.changes) {
      for (Backing backing : map.backings()) {
        backing.startLog();
        sources.forEach(source -> source.start(backing.region));
      }
      on = true;
    }
    if (!map.watchStores()) {
      map.backings().forEach(Backing::dirtyAll);
    }
  }

  synchronized void stop() {
    synchronized (map.changes) {
      if (on) {
        on = false;
        for (Backing backing : map.backings()) {
          sources.forEach(source -> source.stop(backing.region));
          backing.stopLog();
        }
      }
    }
  }

  synchronized void collect(GuestMemory.DirtyConsumer consumer) {
    if (!on) {
      throw new IllegalStateException("the dirty log is off");
    }
    List<Backing> taken;
    synchronized (map.changes) {
      taken = map.backings();
      for (Backing backing : taken) {
        backing.hold();
        long[] pages = backing.take();
        sources.forEach(source -> source.collect(backing.region, pages));
      }
    }
    int reported = 0;
    try {
      if (!map.watchStores()) {
        // A vCPU may store to these pages without a mark until it has followed.
        taken.forEach(Backing::putBack);
      }
      for (; reported < taken.size(); reported++) {
        Backing backing = taken.get(reported);
        long[] pages = backing.taken();
        if (pages != null) {
          consumer.pages(backing.region, pages);
        }
      }
    } finally {
      for (int i = 0; i < taken.size(); i++) {
        if (i >= reported) {
          taken.get(i).putBack();
        }
        map.release(taken.get(i));
      }
    }
  }
}
