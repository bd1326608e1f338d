package org.wardian.processor.software;

import java.util.concurrent.locks.LockSupport;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** The thread that has a vCPU sampled. */
final class ProfileTicks implements AutoCloseable {
  private final SoftwareVcpu cpu;
  private final GuestProfile profile;
  private final Thread thread;
  private volatile boolean closed;

  ProfileTicks(SoftwareVcpu cpu, GuestProfile profile) {
    this.cpu = cpu;
    this.profile = profile;
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
        tick();
      }
    }
  }

  private void tick() {
    if (!cpu.runs()) {
      return;
    }
    if ((cpu.pending() & Signals.PENDING_HALT) != 0) {
      profile.idleTick();
    } else {
      profile.tick();
      cpu.raise(SoftwareVcpu.PENDING_SAMPLE);
    }
  }

  /** Notes where the vCPU is; its own thread, between two instructions. */
  void sample() {
    profile.note(
        cpu.cpl == 3 ? GuestProfile.Mode.USER : GuestProfile.Mode.KERNEL,
        cpu.code64 ? cpu.rip() : cpu.rip() + cpu.base(StateLayout.CS) & 0xffffffffL,
        RawMemory.getLong(cpu.state + StateLayout.LSTAR));
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
