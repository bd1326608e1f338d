package org.wardian.bench.exits;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * One vCPU and what pokes it. The machine below it reports its events: accesses of the guest, or
 * returns from kicks.
 */
abstract class GuestThread implements AutoCloseable {
  private static final int CLOCK_EVERY = 16;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final VarHandle EVENTS;

  static {
    try {
      EVENTS = MethodHandles.lookup().findVarHandle(GuestThread.class, "events", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final ExitKind kind;
  private final boolean acknowledged;
  private volatile boolean stop;
  private long events;
  private long deadline;

  /** How many interrupts the guest says it had, modulo 256; -1 before it says. */
  private int interrupts = -1;

  private boolean begun;

  GuestThread(ExitKind kind) {
    this.kind = kind;
    this.acknowledged = kind.compareTo(ExitKind.INTERRUPT) >= 0 && kind != ExitKind.KICK;
  }

  /** Runs the guest until {@link #stopped()} holds, reporting its events. */
  abstract void run();

  /** Makes {@link #run} look whether it shall return; any thread. */
  abstract void kick();

  /** Sends the guest its interrupt; any thread. */
  abstract void inject();

  final boolean stopped() {
    return stop;
  }

  /** The guest wrote to a port or register. */
  final void written(long value) {
    if (acknowledged) {
      interrupts = interrupts + 1 & 0xff;
      if ((value & 0xff) != interrupts) {
        throw new IllegalStateException((value & 0xff) + " interrupts in place of " + interrupts);
      }
    }
    event();
  }

  /** Something happened that is counted; on the thread of {@link #run}. */
  final void event() {
    long count = events + 1;
    if (kind.together()) {
      EVENTS.setRelease(this, count);
      return;
    }
    events = count;
    if (kind == ExitKind.INTERRUPT) {
      inject();
    }
    if (count % CLOCK_EVERY == 0 && System.nanoTime() >= deadline) {
      stop = true;
      kick();
    }
  }

  /** As {@link ExitSide#measure}. */
  final double measure(long milliseconds) {
    stop = false;
    long before = events;
    long start = System.nanoTime();
    deadline = start + milliseconds * 1_000_000;
    if (kind.together()) {
      return together(before) * 1e9 / (System.nanoTime() - start);
    }
    // Where one thread does it all, what else the machine does is left out.
    long processorStart = THREADS.getCurrentThreadCpuTime();
    run();
    return (events - before) * 1e9 / (THREADS.getCurrentThreadCpuTime() - processorStart);
  }

  private long together(long before) {
    Thread runner = Thread.ofPlatform().name("vcpu").start(this::run);
    long seen = before;
    if (kind != ExitKind.KICK && !begun) {
      // The guest reports that its local APIC is on.
      begun = true;
      seen = await(seen);
    }
    long count = 0;
    do {
      for (int i = 0; i < CLOCK_EVERY; i++) {
        if (kind == ExitKind.KICK) {
          kick();
        } else {
          inject();
        }
        seen = await(seen);
        count++;
      }
    } while (System.nanoTime() < deadline);
    stop = true;
    kick();
    try {
      runner.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return count;
  }

  private long await(long seen) {
    while ((long) EVENTS.getAcquire(this) == seen) {
      Thread.yield();
    }
    return seen + 1;
  }

  @Override
  public abstract void close();
}
