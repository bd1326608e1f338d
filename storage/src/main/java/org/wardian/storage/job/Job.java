package org.wardian.storage.job;

import org.wardian.storage.job.JobStatus.Verb;

/**
 * Work on a disk in use, on a thread of its own, with the life cycle of QEMU's jobs (qapi/job.json;
 * docs/interop/live-block-operations.rst): it can be slowed, paused, cancelled, and ends by its
 * owner's word or by itself.
 */
public abstract class Job extends JobRun {
  Job(String type, JobOptions options, JobListener listener) {
    super(type, options, listener);
  }

  @Override
  final Job job() {
    return this;
  }

  /** Its name. */
  public final String id() {
    return options.id();
  }

  /** {@code mirror}, {@code commit}, {@code stream} or {@code backup}. */
  public final String type() {
    return type;
  }

  /** How it works. */
  public final JobOptions options() {
    return options;
  }

  /** Where it is. */
  public final JobStatus status() {
    lock.lock();
    try {
      return status;
    } finally {
      lock.unlock();
    }
  }

  /** Why it failed, or null. */
  public final String error() {
    lock.lock();
    try {
      return error;
    } finally {
      lock.unlock();
    }
  }

  /** {@code ok}, {@code failed} or {@code nospace}. */
  public final String ioStatus() {
    lock.lock();
    try {
      return ioStatus;
    } finally {
      lock.unlock();
    }
  }

  /** Whether it was told to stand still. */
  public final boolean paused() {
    lock.lock();
    try {
      return paused;
    } finally {
      lock.unlock();
    }
  }

  /** Whether it is doing something now. */
  public final boolean busy() {
    lock.lock();
    try {
      return working;
    } finally {
      lock.unlock();
    }
  }

  /** Bytes a second; 0 for no limit. */
  public final long speed() {
    lock.lock();
    try {
      return speed.bytes();
    } finally {
      lock.unlock();
    }
  }

  /** Bytes of work that are done. */
  public final long offset() {
    return done;
  }

  /** Bytes of work in all, as far as is known now. */
  public final long length() {
    return done + left;
  }

  /** Tells that it exists, and begins. */
  public final void start() {
    lock.lock();
    try {
      listener.status(this, JobStatus.CREATED);
      to(JobStatus.RUNNING);
      working = true;
    } finally {
      lock.unlock();
    }
    thread = Thread.ofPlatform().daemon().name("job-" + id()).start(this::run);
  }

  private void check(Verb verb) throws JobException {
    if (!verb.allowedIn(status)) {
      throw new JobException(
          "Job '"
              + id()
              + "' in state '"
              + status.text()
              + "' cannot accept command verb '"
              + verb.text()
              + "'");
    }
  }

  /** Has it stand still. */
  public final void pause() throws JobException {
    lock.lock();
    try {
      check(Verb.PAUSE);
      if (paused) {
        throw new JobException("Job is already paused");
      }
      paused = true;
      tell();
    } finally {
      lock.unlock();
    }
  }

  /** Has it go on. */
  public final void resume() throws JobException {
    lock.lock();
    try {
      check(Verb.RESUME);
      if (!paused && !stoppedByError) {
        throw new JobException("Can't resume a job that was not paused");
      }
      paused = false;
      stoppedByError = false;
      ioStatus = "ok";
      tell();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Changes its speed.
   *
   * @param bytes a second; 0 for no limit
   */
  public final void setSpeed(long bytes) throws JobException {
    lock.lock();
    try {
      check(Verb.SET_SPEED);
      if (bytes < 0) {
        throw new JobException("Parameter 'speed' expects a non-negative value");
      }
      speed.change(bytes);
      tell();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends it.
   *
   * @param force whether at once; else a mirror that is ready leaves a whole copy
   */
  public final void cancel(boolean force) throws JobException {
    lock.lock();
    try {
      check(Verb.CANCEL);
      if (paused && !force) {
        throw new JobException("The block job for device '" + id() + "' is currently paused");
      }
      if (!force && ready && endsByCancel()) {
        completing = true;
        cancelRequested();
      } else {
        cancelled = true;
      }
      tell();
    } finally {
      lock.unlock();
    }
  }

  /** A mirror that is ready is to end without moving the disk; by who holds the lock. */
  void cancelRequested() {}

  /** Has a mirror that is ready take its target into use. */
  public final void complete() throws JobException {
    lock.lock();
    try {
      check(Verb.COMPLETE);
      completing = true;
      tell();
    } finally {
      lock.unlock();
    }
  }

  /** Has it end, where it waits for that. */
  public final void finalizeJob() throws JobException {
    lock.lock();
    try {
      check(Verb.FINALIZE);
      finalized = true;
      tell();
    } finally {
      lock.unlock();
    }
  }

  /** Forgets it. */
  public final void dismiss() throws JobException {
    lock.lock();
    try {
      check(Verb.DISMISS);
      to(JobStatus.NULL);
    } finally {
      lock.unlock();
    }
  }

  /** Cancels it wherever it is, and returns when its thread has ended. */
  public final void abandon() {
    lock.lock();
    try {
      cancelled = true;
      tell();
    } finally {
      lock.unlock();
    }
    join();
  }

  /** Returns when its thread has ended. */
  public final void join() {
    boolean interrupted = false;
    while (thread != null && thread.isAlive()) {
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
