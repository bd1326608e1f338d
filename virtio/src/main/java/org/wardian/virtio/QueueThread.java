package org.wardian.virtio;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.host.EventFd;

/**
 * A thread that serves queues of one device, so that no vCPU does. Where it is asked for an event
 * file, it sleeps on that, and the kernel may signal it in place of {@link #kick}.
 */
final class QueueThread {
  /** What another thread may do in this one's place. */
  interface Quick {
    /** Serves a queue; returns whether nothing is left to do. */
    boolean serve(int queue);
  }

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Runnable serve;
  private final Thread thread;

  /** Held by who serves queues or does a task: this thread, or one that rang the doorbell. */
  private final ReentrantLock serving = new ReentrantLock();

  /** There may be work. Written before {@link #sleeping} is read, and the other way round there. */
  private final AtomicBoolean kicked = new AtomicBoolean();

  private volatile boolean started;
  private volatile boolean sleeping;
  private volatile boolean stopping;
  private volatile CountDownLatch hold;

  /** Null until somebody asks for it. */
  private volatile EventFd event;

  /**
   * Makes the thread; it does not run yet.
   *
   * @param serve looks for work and does all there is; does not throw
   */
  QueueThread(String name, Runnable serve) {
    this.serve = serve;
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
  }

  void start() {
    thread.start();
    started = true;
  }

  /** Signalled, it has the thread look for work. */
  synchronized EventFd event() {
    if (event == null) {
      event = new EventFd();
      // From now on it sleeps there.
      LockSupport.unpark(thread);
    }
    return event;
  }

  /**
   * Does {@code work} on the caller's thread, if this one does nothing.
   *
   * @return false where there is more to do than was done: {@link #kick} is next
   */
  boolean tryHere(Quick work, int queue) {
    if (!started || !serving.tryLock()) {
      return false;
    }
    try {
      return !stopping && work.serve(queue);
    } finally {
      serving.unlock();
    }
  }

  /** Has the thread look for work. Any thread; returns at once. */
  void kick() {
    if (!kicked.getAndSet(true) && sleeping) {
      EventFd file = event;
      if (file != null) {
        file.signal();
      }
      LockSupport.unpark(thread);
    }
  }

  /** Whether it sleeps, nothing has kicked it, and nobody works in its place. */
  boolean idle() {
    return sleeping && !kicked.get() && !serving.isLocked();
  }

  /** Runs {@code task} on the thread, between two looks for work. */
  void post(Runnable task) {
    tasks.add(task);
    kick();
  }

  /** Returns when the thread does nothing; it goes on after {@link #release}. */
  void hold() {
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    hold = released;
    post(() -> {
      reached.countDown();
      await(released);
    });
    await(reached);
  }

  void release() {
    CountDownLatch held = hold;
    hold = null;
    if (held != null) {
      held.countDown();
    }
  }

  /** Ends the thread; what was posted before is done. */
  void close() {
    release();
    stopping = true;
    kick();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    // Who works in its place ends too; no one begins any more.
    serving.lock();
    serving.unlock();
    if (event != null) {
      event.close();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (true) {
      kicked.set(false);
      serving.lock();
      try {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
          task.run();
        }
        if (stopping) {
          return;
        }
        serve.run();
      } finally {
        serving.unlock();
      }
      if (!kicked.get()) {
        sleeping = true;
        if (!kicked.get()) {
          sleep();
        }
        sleeping = false;
      }
    }
  }

  /** May return early. */
  private void sleep() {
    EventFd file = event;
    if (file == null) {
      LockSupport.park(this);
    } else {
      file.await();
    }
  }

  /** Waits on whatever thread, not to be disturbed: the other side does not wait in turn. */
  static void await(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
