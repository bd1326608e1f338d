package org.wardian.storage.job;

import java.io.IOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.storage.NoSpaceException;
import org.wardian.storage.device.ErrorPolicy;

/** What goes on in a job: its thread, its state, and what its work calls. */
abstract class JobRun {
  /** How long a job waits before it tries again what an ignored error has stopped. */
  private static final long RETRY_NANOS = 100_000_000;

  final String type;
  final JobOptions options;
  final JobListener listener;
  final ReentrantLock lock = new ReentrantLock();
  final Condition changed = lock.newCondition();

  // Under the lock.
  JobStatus status = JobStatus.CREATED;
  boolean ready;
  boolean paused;
  boolean stoppedByError;
  boolean working;
  boolean cancelled;
  boolean completing;
  boolean finalized;
  private boolean woken;
  private int words;
  String error;
  String ioStatus = "ok";
  final JobSpeed speed;

  volatile long done;
  volatile long left;
  private volatile boolean idle;
  Thread thread;

  JobRun(String type, JobOptions options, JobListener listener) {
    this.type = type;
    this.options = options;
    this.listener = listener;
    this.speed = new JobSpeed(options.speed());
  }

  /** The job these are. */
  abstract Job job();

  /** The life of the job, on its thread. */
  final void run() {
    String failure = null;
    boolean stopped = false;
    try {
      work();
      finish();
    } catch (JobCancelledException e) {
      stopped = true;
    } catch (IOException | RuntimeException e) {
      failure = e.getMessage() == null ? e.toString() : e.getMessage();
      if (!(e instanceof IOException)) {
        log(e);
      }
    }
    boolean good = failure == null && !stopped;
    if (!good) {
      lock.lock();
      try {
        error = stopped ? "Operation canceled" : failure;
        to(JobStatus.ABORTING);
      } finally {
        lock.unlock();
      }
    }
    try {
      clean(good);
    } catch (IOException | RuntimeException e) {
      log(e);
    }
    end(stopped);
  }

  private void log(Exception e) {
    System.getLogger(JobRun.class.getName())
        .log(System.Logger.Level.WARNING, "job " + options.id() + ": " + e.getMessage(), e);
  }

  private void finish() throws IOException {
    lock.lock();
    try {
      to(JobStatus.WAITING);
      to(JobStatus.PENDING);
      if (!options.autoFinalize()) {
        working = false;
        listener.pending(job());
        while (!finalized && !cancelled) {
          changed.awaitUninterruptibly();
        }
        working = true;
      }
      if (cancelled) {
        throw new JobCancelledException();
      }
    } finally {
      lock.unlock();
    }
    conclude();
  }

  private void end(boolean stopped) {
    lock.lock();
    try {
      working = false;
      if (stopped) {
        listener.cancelled(job());
      } else {
        listener.completed(job());
      }
      to(JobStatus.CONCLUDED);
      if (options.autoDismiss()) {
        to(JobStatus.NULL);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** By who holds the lock. */
  final void to(JobStatus next) {
    status = next;
    listener.status(job(), next);
  }

  /**
   * The work.
   *
   * @throws IOException where it failed for good
   * @throws JobCancelledException where it was cancelled
   */
  abstract void work() throws IOException;

  /**
   * Makes the result count: the last step, which happens or not.
   *
   * @throws IOException where it cannot be; all is as before
   */
  abstract void conclude() throws IOException;

  /**
   * Gives everything back.
   *
   * @param good whether it was {@link #conclude}d
   */
  abstract void clean(boolean good) throws IOException;

  /** Whether cancelling it in {@link JobStatus#READY} is an ordinary end. */
  boolean endsByCancel() {
    return false;
  }

  // What the work calls.

  /** The owner has said something; by who holds the lock. */
  final void tell() {
    words++;
    changed.signalAll();
  }

  /** Waits for its speed and for the end of a pause. */
  final void checkpoint() {
    lock.lock();
    try {
      while (true) {
        if (cancelled) {
          throw new JobCancelledException();
        }
        if (paused || stoppedByError) {
          JobStatus before = status;
          working = false;
          to(ready ? JobStatus.STANDBY : JobStatus.PAUSED);
          while ((paused || stoppedByError) && !cancelled) {
            changed.awaitUninterruptibly();
          }
          working = true;
          if (!cancelled) {
            to(before);
          }
          continue;
        }
        long delay = speed.delay(System.nanoTime());
        if (delay <= 0) {
          return;
        }
        await(delay);
      }
    } finally {
      lock.unlock();
    }
  }

  private void await(long nanos) {
    working = false;
    try {
      long remaining = nanos;
      int heard = words;
      while (remaining > 0 && heard == words) {
        remaining = changed.awaitNanos(remaining);
      }
    } catch (InterruptedException e) {
      cancelled = true;
    } finally {
      working = true;
    }
  }

  /** So many bytes were moved. */
  final void spent(long bytes) {
    lock.lock();
    try {
      speed.spend(bytes);
    } finally {
      lock.unlock();
    }
  }

  /** Where the work stands. */
  final void progress(long bytesDone, long bytesLeft) {
    done = bytesDone;
    left = bytesLeft;
  }

  /** A mirror has all; told once. */
  final void becomeReady() {
    lock.lock();
    try {
      if (!ready) {
        ready = true;
        to(JobStatus.READY);
        listener.ready(job());
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether its owner wants it to end the ordinary way. */
  final boolean completing() {
    lock.lock();
    try {
      return completing;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until there is something to do: {@link #wake}, or a word of its owner. */
  final void rest() {
    lock.lock();
    try {
      working = false;
      while (!woken && !cancelled && !paused && !completing) {
        changed.awaitUninterruptibly();
      }
      woken = false;
      working = true;
    } finally {
      lock.unlock();
    }
  }

  /** Says that {@link #rest} is about to be called: from now on {@link #wake} is heard. */
  final void restSoon(boolean soon) {
    idle = soon;
  }

  /** There is something to do. Any thread, often. */
  final void wake() {
    if (idle) {
      lock.lock();
      try {
        idle = false;
        woken = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * The host failed: what the policies say. Returns where the work is to be tried again.
   *
   * @throws IOException where the job ends
   */
  final void failed(JobFailure failure) throws IOException {
    boolean noSpace = failure.getCause() instanceof NoSpaceException;
    ErrorPolicy policy = failure.write() ? options.targetErrors() : options.sourceErrors();
    if (policy == ErrorPolicy.STOP_ON_NO_SPACE) {
      policy = noSpace ? ErrorPolicy.STOP : ErrorPolicy.REPORT;
    }
    lock.lock();
    try {
      if (cancelled) {
        throw new JobCancelledException();
      }
      switch (policy) {
        case IGNORE -> {
          listener.failed(job(), failure.write(), "ignore");
          await(RETRY_NANOS);
        }
        case STOP -> {
          listener.failed(job(), failure.write(), "stop");
          ioStatus = noSpace ? "nospace" : "failed";
          stoppedByError = true;
        }
        default -> {
          listener.failed(job(), failure.write(), "report");
          throw failure;
        }
      }
    } finally {
      lock.unlock();
    }
    checkpoint();
  }

  /** Brings a target to stable storage. */
  final void flush(RangeCopy copy) throws IOException {
    while (true) {
      try {
        copy.flush();
        return;
      } catch (JobFailure e) {
        failed(e);
      }
    }
  }
}
