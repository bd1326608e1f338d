package org.wardian.processor.software;

import java.util.ArrayList;
import java.util.List;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.GuestMemory.Region;

/**
 * What memory asks of a vCPU: to follow changes of the map, to have stores reported anew, to look
 * again at code that was written.
 *
 * <p>On the vCPU's own thread, inside a bus access, it is done at once; so the interpreter keeps no
 * host address of guest memory across a bus access. Where the vCPU is not in {@code run()} it is
 * done at once too, by the thread that asks, and {@code run()} cannot begin meanwhile. Else it
 * waits for the vCPU's next look at what is pending: a taken branch, or the end of an instruction
 * that leaves the straight line; a halted vCPU is woken.
 *
 * <p>Locks: the caller may hold the map's; this object's is the last, and nothing is called with it
 * held that takes another.
 */
final class MemoryRequests
    implements GuestMemory.MapListener, GuestMemory.CodeListener, GuestMemory.TranslationCache {
  /** After so many writes to its code a vCPU that sleeps is woken to hear of them. */
  private static final int WAKE_AFTER = 64;

  private final SoftwareVcpu cpu;
  private final CodeCache cache;
  private final GuestMemory memory;

  /** The thread in {@code run()}, or null; changes under this object's monitor. */
  private volatile Thread runner;

  /** The vCPU's tables are gone. */
  private boolean closed;

  // What waits for the vCPU.
  private boolean mapChanged;
  private boolean watch;
  private final List<Region> removed = new ArrayList<>();
  private final CodeWrites writes = new CodeWrites();
  private int writesAsked;

  /** Requests that were made, and those that are done with. */
  private long asked;

  private long done;

  MemoryRequests(SoftwareVcpu cpu, CodeCache cache) {
    this.cpu = cpu;
    this.cache = cache;
    this.memory = cpu.memory;
  }

  /** Begins to follow; the number among the code listeners. */
  int open() {
    memory.addTranslationCache(this);
    memory.addMapListener(this);
    return memory.addCodeListener(this);
  }

  /** Ends {@link #open}, for ever; the vCPU does not run. */
  void close() {
    synchronized (this) {
      closed = true;
    }
    memory.removeMapListener(this);
    memory.removeTranslationCache(this);
    memory.removeCodeListener(this);
  }

  /** The current thread is the vCPU's from now on. */
  synchronized void enter() {
    runner = Thread.currentThread();
  }

  /** Ends {@link #enter}. */
  void leave() {
    serve(true);
  }

  /** Does what was asked by other threads; on the vCPU's thread. */
  void serve() {
    serve(false);
  }

  private void serve(boolean leaving) {
    List<Region> gone;
    long now;
    synchronized (this) {
      cpu.lower(SoftwareVcpu.PENDING_MEMORY);
      if (leaving) {
        runner = null;
      }
      if (done == asked) {
        return;
      }
      now = asked;
      gone = List.copyOf(removed);
      removed.clear();
      gone.forEach(cache::forgetRegion);
      if (mapChanged) {
        cpu.flushTranslations();
      }
      if (watch) {
        cpu.watchStores();
      }
      if (writes.lost()) {
        cache.forgetAll();
      } else {
        writes.forEach(cache::codeWritten);
      }
      mapChanged = false;
      watch = false;
      writes.clear();
      writesAsked = 0;
    }
    gone.forEach(memory::release);
    synchronized (this) {
      done = Math.max(done, now);
      notifyAll();
    }
  }

  /** Whether the current thread may act on the vCPU at once; the monitor is held. */
  private boolean here() {
    return runner == null || Thread.currentThread().equals(runner);
  }

  private void ask() {
    asked++;
    cpu.attention();
  }

  @Override
  public synchronized void regionAdded(Region region) {
    if (closed) {
      return;
    }
    if (here()) {
      cpu.flushTranslations();
    } else {
      mapChanged = true;
      ask();
    }
  }

  @Override
  public synchronized void regionRemoved(Region region) {
    if (closed) {
      return;
    }
    if (here()) {
      cache.forgetRegion(region);
      cpu.flushTranslations();
    } else {
      memory.retain(region);
      removed.add(region);
      mapChanged = true;
      ask();
    }
  }

  @Override
  public synchronized void watchStores() {
    if (closed) {
      return;
    }
    if (here()) {
      cpu.watchStores();
    } else {
      watch = true;
      ask();
    }
  }

  @Override
  public void codeWritten(long address, int length) {
    if (Thread.currentThread().equals(runner)) {
      cache.codeWritten(address, length, 1);
      return;
    }
    synchronized (this) {
      if (closed) {
        return;
      }
      if (here()) {
        cache.codeWritten(address, length, 1);
        return;
      }
      writes.add(address, length);
      asked++;
      if (++writesAsked % WAKE_AFTER == 0) {
        cpu.attention();
      } else {
        // A vCPU that sleeps hears of it before it executes anything.
        cpu.raise(SoftwareVcpu.PENDING_MEMORY);
      }
    }
  }

  @Override
  public boolean settled(long deadline) {
    if (Thread.currentThread().equals(runner)) {
      serve();
      return true;
    }
    boolean interrupted = false;
    try {
      synchronized (this) {
        long wanted = asked;
        if (done < wanted) {
          cpu.attention();
        }
        while (done < wanted) {
          long left = deadline - System.nanoTime();
          if (left <= 0) {
            return false;
          }
          try {
            wait(left / 1_000_000, (int) (left % 1_000_000));
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        return true;
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
