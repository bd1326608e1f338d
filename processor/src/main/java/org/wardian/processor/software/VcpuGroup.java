package org.wardian.processor.software;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * The software vCPUs of one machine, and the way in which one of them has others stand still: for
 * an access that must be atomic and that the host's processor would not make so (a locked one
 * across cache lines), and for changes of tables that otherwise only their owner touches.
 *
 * <p>A vCPU stands still between two instructions: outside of {@code run()}, while it sleeps, or at
 * its next look at what is pending. Whoever waits for others to do so stands still itself, so that
 * two may ask at the same time.
 *
 * <p>Locks: this object's monitor is the last; nothing is called while it is held. What runs
 * exclusively runs without it.
 */
public final class VcpuGroup {
  /** Rounds of watching before a thread goes to sleep for the others: some 10 µs. */
  private static final int SPINS = 200;

  private static final VarHandle HOLDER;

  static {
    try {
      HOLDER = MethodHandles.lookup().findVarHandle(VcpuGroup.class, "holder", SoftwareVcpu.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final List<SoftwareVcpu> members = new CopyOnWriteArrayList<>();

  /** Who has others stand still; written with the monitor held. */
  private volatile SoftwareVcpu holder;

  private final int capacity;

  /** A group for one. */
  public VcpuGroup() {
    this(1);
  }

  /**
   * A group of none yet.
   *
   * @param capacity how many there will be, by which each is measured the memory that it may use
   */
  public VcpuGroup(int capacity) {
    this.capacity = capacity;
  }

  /** How many there will be. */
  int capacity() {
    return capacity;
  }

  void join(SoftwareVcpu vcpu) {
    members.add(vcpu);
  }

  void leave(SoftwareVcpu vcpu) {
    members.remove(vcpu);
  }

  /** Whether there is but one vCPU, so that everything is atomic that is one instruction's. */
  boolean single() {
    return members.size() <= 1;
  }

  /** {@code vcpu} begins to execute instructions; waits while another has the group. */
  void enter(SoftwareVcpu vcpu) {
    for (int spin = 0; spin < SPINS && (SoftwareVcpu) HOLDER.getOpaque(this) != null; spin++) {
      Thread.onSpinWait();
    }
    synchronized (this) {
      await(() -> holder == null);
      vcpu.executing = true;
      vcpu.sleepsForGood = false;
    }
  }

  /** {@code vcpu} executes no instruction until {@link #enter}. */
  void exit(SoftwareVcpu vcpu) {
    synchronized (this) {
      vcpu.executing = false;
      if (holder != null) {
        notifyAll();
      }
    }
  }

  /** {@code vcpu}, between two instructions, stands still for as long as another wants it to. */
  void yieldTo(SoftwareVcpu vcpu) {
    if (holder != null) {
      exit(vcpu);
      enter(vcpu);
    }
  }

  /**
   * Has other vCPUs stand still while {@code action} runs. It is called between two instructions,
   * or in one before anything was changed: while this vCPU waits for its turn, others may change
   * its tables.
   *
   * @param concerned which of them must
   */
  void exclusively(SoftwareVcpu vcpu, Predicate<SoftwareVcpu> concerned, Runnable action) {
    boolean executed = vcpu.executing;
    acquire(vcpu);
    try {
      List<SoftwareVcpu> others =
          members.stream().filter(other -> other != vcpu && concerned.test(other)).toList();
      others.forEach(other -> other.raise(SoftwareVcpu.PENDING_GATHER));
      for (int spin = 0; spin < SPINS && anyExecutes(others); spin++) {
        Thread.onSpinWait();
      }
      synchronized (this) {
        await(() -> !anyExecutes(others));
      }
      action.run();
    } finally {
      synchronized (this) {
        holder = null;
        vcpu.executing = executed;
        notifyAll();
      }
    }
  }

  private void acquire(SoftwareVcpu vcpu) {
    synchronized (this) {
      vcpu.executing = false;
      if (holder != null) {
        notifyAll();
      }
      await(() -> holder == null);
      holder = vcpu;
    }
  }

  private static boolean anyExecutes(List<SoftwareVcpu> vcpus) {
    for (SoftwareVcpu vcpu : vcpus) {
      if (vcpu.executing) {
        return true;
      }
    }
    return false;
  }

  /** Waits, with the monitor held; an interruption of the thread is kept for later. */
  private void await(BooleanSupplier done) {
    boolean interrupted = false;
    while (!done.getAsBoolean()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether a vCPU other than {@code vcpu} may store to a page without a report. */
  boolean othersMayStore(SoftwareVcpu vcpu, long physical) {
    for (SoftwareVcpu other : members) {
      if (other != vcpu && other.mayStore(physical)) {
        return true;
      }
    }
    return false;
  }

  /** Has stores of others to a page take the slow path; they stand still. */
  void flushWrites(SoftwareVcpu vcpu, long physical) {
    for (SoftwareVcpu other : members) {
      if (other != vcpu && other.mayStore(physical)) {
        other.flushWritesElsewhere(physical);
      }
    }
  }

  /**
   * Notes that nothing but a message from another vCPU can wake {@code vcpu}, which is awake no
   * more.
   *
   * @return whether that is so of all, so that none will ever wake
   */
  synchronized boolean allSleepForGood(SoftwareVcpu vcpu) {
    vcpu.sleepsForGood = true;
    for (SoftwareVcpu member : members) {
      if (!member.sleepsForGood || (member.pending() & Signals.WAKING) != 0) {
        return false;
      }
    }
    return true;
  }
}
