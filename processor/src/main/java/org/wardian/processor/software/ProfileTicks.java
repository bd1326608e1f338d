package org.wardian.processor.software;

import java.util.concurrent.locks.LockSupport;

/** The thread that has a vCPU sampled. */
final class ProfileTicks implements AutoCloseable {
  private final SoftwareVcpu cpu;
  private final Thread thread;
  private volatile boolean closed;

  ProfileTicks(SoftwareVcpu cpu) {
    this.cpu = cpu;
    this.thread = Thread.ofPlatform().daemon().name("profiler").unstarted(this::run);
    thread.start();
  }

  private void run() {
    long interval = GuestProfile.INTERVAL.toNanos();
    long next = System.nanoTime() + interval;
    while (!closed) {
      long wait = next - System.nanoTime();
      if (wait > 0) {
        LockSupport.parkNanos(this, wait);
      } else {
        // A host that was busy elsewhere owes no ticks.
        next += (-wait / interval + 1) * interval;
        cpu.profileTick();
      }
    }
  }

  /** Ends the thread, which touches the vCPU no more. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
