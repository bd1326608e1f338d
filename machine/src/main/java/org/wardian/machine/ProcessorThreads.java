package org.wardian.machine;

import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import org.wardian.host.HostThread;
import org.wardian.processor.Exit;
import org.wardian.processor.Vcpu;

/**
 * The threads of a machine's vCPUs. The first vCPU runs on the thread that calls {@link #run}, each
 * other on one of its own, the same one always.
 *
 * <p>All run together and stop together: when one has come to an end that the machine must decide
 * about, the others are stopped, and {@link #run} returns when none executes any more.
 */
final class ProcessorThreads implements AutoCloseable {
  /**
   * Why all have stopped.
   *
   * @param processor whose end it is
   * @param exit how it ended
   */
  record Ended(int processor, Exit exit) {}

  private final List<Vcpu> vcpus;
  private final PinnedProcessors pins;
  private final BooleanSupplier asked;
  private final IntPredicate present;
  private final Thread[] threads;
  private final AtomicIntegerArray hostThreads;

  // Under this object's monitor.
  private final boolean[] runs;
  private int round;
  private int running;
  private boolean ending;
  private boolean closed;
  private Ended ended;
  private Throwable failure;

  /**
   * @param asked whether somebody wants the machine to decide something, so that {@link
   *     Exit#STOPPED} is an end
   * @param hostThreads takes the host's number of each vCPU's thread
   * @param present whether a vCPU is to run; asked at the begin of each {@link #run}
   */
  ProcessorThreads(
      List<Vcpu> vcpus,
      PinnedProcessors pins,
      BooleanSupplier asked,
      AtomicIntegerArray hostThreads,
      IntPredicate present) {
    this.present = present;
    this.runs = new boolean[vcpus.size()];
    this.vcpus = vcpus;
    this.pins = pins;
    this.asked = asked;
    this.threads = new Thread[vcpus.size()];
    this.hostThreads = hostThreads;
  }

  /** Runs all vCPUs until one of them has ended, or somebody asked. */
  Ended run() {
    synchronized (this) {
      round++;
      running = 0;
      for (int n = 0; n < runs.length; n++) {
        runs[n] = present.test(n);
        running += runs[n] ? 1 : 0;
      }
      ending = false;
      ended = null;
      for (int n = 1; n < threads.length; n++) {
        if (threads[n] == null && runs[n]) {
          int number = n;
          threads[n] = Thread.ofPlatform().daemon().name("vcpu-" + n).start(() -> serve(number));
        }
      }
      notifyAll();
    }
    if (threads[0] == null) {
      threads[0] = Thread.currentThread();
      pin(0);
    }
    execute(0);
    boolean interrupted = false;
    synchronized (this) {
      while (running > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
    return ended;
  }

  private void pin(int number) {
    hostThreads.set(number, HostThread.id());
    int[] processors = pins.of(number);
    if (processors.length > 0) {
      HostThread.pin(processors);
    }
  }

  /** A vCPU's own thread. */
  private void serve(int number) {
    int served = 0;
    boolean pinned = false;
    while (true) {
      synchronized (this) {
        while ((round == served || !runs[number]) && !closed) {
          try {
            wait();
          } catch (InterruptedException e) {
            // Nobody has a reason to; its end is close().
            continue;
          }
        }
        if (closed) {
          return;
        }
        served = round;
      }
      if (!pinned) {
        pinned = true;
        try {
          pin(number);
        } catch (RuntimeException e) {
          end(number, null, e);
        }
      }
      execute(number);
    }
  }

  private void execute(int number) {
    Vcpu vcpu = vcpus.get(number);
    try {
      while (!isEnding()) {
        Exit exit = vcpu.run();
        boolean idle = exit == Exit.STOPPED || exit == Exit.DEBUG;
        if (!idle || asked.getAsBoolean()) {
          end(number, exit, null);
        }
      }
    } catch (RuntimeException | Error e) {
      end(number, null, e);
    } finally {
      synchronized (this) {
        running--;
        notifyAll();
      }
    }
  }

  private synchronized boolean isEnding() {
    return ending;
  }

  /** The first end counts. */
  private void end(int number, Exit exit, Throwable thrown) {
    synchronized (this) {
      if (ending) {
        return;
      }
      ending = true;
      ended = new Ended(number, exit);
      failure = thrown;
    }
    vcpus.forEach(Vcpu::kick);
  }

  /** Ends the threads; none executes. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    boolean interrupted = false;
    for (int n = 1; n < threads.length; n++) {
      while (threads[n] != null) {
        try {
          threads[n].join();
          threads[n] = null;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
