package org.wardian.machine;

/** Between those who want a machine to stand still and the thread that runs it. */
final class Pauses {
  private boolean started;
  private boolean wanted;
  private boolean held;
  private boolean ended;

  /** The machine runs from now on. */
  synchronized void start() {
    started = true;
  }

  /** Whether the machine has been started. */
  synchronized boolean started() {
    return started;
  }

  /**
   * For what is done while no processor executes.
   *
   * @param what is done, for the message
   * @throws IllegalStateException where the machine has been started and is not held
   */
  synchronized void requireStanding(String what) {
    if (started && !held) {
      throw new IllegalStateException(what + " while the machine is paused");
    }
  }

  synchronized boolean wanted() {
    return wanted;
  }

  /**
   * Asks for a pause.
   *
   * @return false where the machine has ended
   */
  synchronized boolean ask() {
    wanted = !ended;
    return wanted;
  }

  /**
   * Asks for a pause and waits for it.
   *
   * @param kick has the processors look
   * @return false where the machine has ended
   */
  boolean begin(Runnable kick) throws InterruptedException {
    if (!ask()) {
      return false;
    }
    kick.run();
    synchronized (this) {
      try {
        while (!held && !ended) {
          wait();
        }
      } catch (InterruptedException e) {
        wanted = false;
        notifyAll();
        throw e;
      }
      return held;
    }
  }

  synchronized void finish() {
    wanted = false;
    notifyAll();
  }

  /** The machine is at its end, or shall come to it. */
  synchronized void end() {
    ended = true;
    wanted = false;
    notifyAll();
  }

  /** Whether the machine stands still. */
  synchronized boolean held() {
    return held;
  }

  /**
   * On the machine's thread, while no processor executes: stands still while it is wanted.
   *
   * @return false where the machine came to its end meanwhile: it does not go on
   */
  boolean hold(Board board) {
    boolean interrupted = false;
    synchronized (this) {
      if (!wanted) {
        return !ended;
      }
    }
    board.pause();
    synchronized (this) {
      held = true;
      notifyAll();
      while (wanted) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      held = false;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      if (ended) {
        return false;
      }
    }
    board.resume();
    return true;
  }
}
