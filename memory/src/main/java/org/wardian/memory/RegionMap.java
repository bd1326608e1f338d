package org.wardian.memory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.wardian.host.Mapping;
import org.wardian.memory.GuestMemory.MapListener;
import org.wardian.memory.GuestMemory.Region;
import org.wardian.memory.GuestMemory.TranslationCache;

/** The regions that are there now, how they change, and who follows. */
final class RegionMap {
  /** How long a change waits for vCPUs that run on other threads. */
  private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(20);

  /** Serialises changes. */
  final Object changes = new Object();

  final DirtyLog log = new DirtyLog(this);
  private final FrameNumbers frames = new FrameNumbers();

  /** By first frame: what is mapped, in the map or not any more. */
  private final Map<Integer, Backing> alive = new HashMap<>();

  private final List<MapListener> listeners = new CopyOnWriteArrayList<>();
  private final List<TranslationCache> translations = new CopyOnWriteArrayList<>();
  private volatile AddressMap current = AddressMap.EMPTY;

  Backing find(long address) {
    return current.find(address);
  }

  /** In order of their creation. */
  List<Backing> backings() {
    return current.created;
  }

  /** One more than the highest frame number in use. */
  int frames() {
    synchronized (changes) {
      return frames.end();
    }
  }

  void addListener(MapListener listener) {
    listeners.add(listener);
  }

  void removeListener(MapListener listener) {
    listeners.remove(listener);
  }

  void addTranslationCache(TranslationCache processor) {
    translations.add(processor);
  }

  void removeTranslationCache(TranslationCache processor) {
    translations.remove(processor);
  }

  Region add(long base, long size, boolean writable, String name, Supplier<Mapping> content) {
    Backing backing;
    synchronized (changes) {
      Backing other = current.overlapping(base, size);
      if (other != null) {
        throw new IllegalArgumentException(name + " overlaps " + other.region.name());
      }
      backing = create(base, size, writable, name, content);
      log.adding(backing);
      current = current.with(backing);
      announce(backing);
    }
    settle();
    return backing.region;
  }

  private Backing create(
      long base, long size, boolean writable, String name, Supplier<Mapping> content) {
    int first = frames.allocate((int) (size / GuestMemory.PAGE));
    try {
      Mapping mapping = content.get();
      Region region =
          new Region(base, size, mapping.address(), first, writable, name, mapping.fd());
      Backing backing = new Backing(region, mapping);
      alive.put(first, backing);
      return backing;
    } catch (RuntimeException e) {
      frames.free(first);
      throw e;
    }
  }

  private void announce(Backing backing) {
    List<MapListener> told = new ArrayList<>();
    try {
      for (MapListener listener : listeners) {
        told.add(listener);
        listener.regionAdded(backing.region);
      }
      log.added(backing);
    } catch (RuntimeException e) {
      withdraw(backing, told);
      release(backing);
      throw e;
    }
  }

  void remove(Region region) {
    Backing backing;
    synchronized (changes) {
      backing = alive.get(region.firstFrame());
      if (backing == null
          || !backing.region.equals(region)
          || current.find(region.base()) != backing) {
        throw new IllegalArgumentException(region.name() + " is not in this memory");
      }
      withdraw(backing, listeners);
      log.removed(backing);
    }
    settle();
    release(backing);
  }

  private void withdraw(Backing backing, List<MapListener> told) {
    current = current.without(backing);
    RuntimeException failure = null;
    for (MapListener listener : told) {
      try {
        listener.regionRemoved(backing.region);
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    if (failure != null) {
      // The listener may still use the memory, which therefore stays mapped.
      throw failure;
    }
  }

  void clear() {
    List<Backing> last;
    synchronized (changes) {
      last = current.created;
      current = AddressMap.EMPTY;
    }
    last.forEach(this::release);
  }

  // ---- vCPUs that run on other threads
  // -------------------------------------------------------------

  /** Waits a little until every processor has followed; false where one has not. */
  private boolean settle() {
    long deadline = System.nanoTime() + PATIENCE;
    boolean settled = true;
    for (TranslationCache t : translations) {
      settled &= t.settled(deadline);
    }
    return settled;
  }

  /** Has stores reported anew; false where a vCPU may still store without. */
  boolean watchStores() {
    translations.forEach(TranslationCache::watchStores);
    return settle();
  }

  // ---- holds
  // ---------------------------------------------------------------------------------------

  void retain(Region region) {
    Backing b = alive(region);
    if (b == null || !b.hold()) {
      throw new IllegalArgumentException(region.name() + " is not in memory any more");
    }
  }

  void release(Region region) {
    Backing b = alive(region);
    if (b == null) {
      throw new IllegalStateException(region.name() + " is not held");
    }
    release(b);
  }

  private Backing alive(Region region) {
    synchronized (changes) {
      Backing b = alive.get(region.firstFrame());
      return b != null && b.region.equals(region) ? b : null;
    }
  }

  void release(Backing backing) {
    if (backing.release()) {
      synchronized (changes) {
        // No processor has anything of these frames left: they can be given out again.
        alive.remove(backing.region.firstFrame());
        frames.free(backing.region.firstFrame());
      }
    }
  }
}
