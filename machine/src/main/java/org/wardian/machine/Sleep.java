package org.wardian.machine;

import java.util.function.BooleanSupplier;

/**
 * A guest's sleep with its memory kept (S3; ACPI specification 6.5, §16.1.3): between the guest
 * that asks for it, the thread that runs the machine, and those who wake it. Guest time goes on.
 */
final class Sleep {
  private boolean wanted;
  private boolean asleep;
  private boolean woken;

  /** The guest wants to sleep: its processors are about to stop. */
  synchronized void ask() {
    wanted = true;
  }

  synchronized boolean wanted() {
    return wanted;
  }

  synchronized boolean asleep() {
    return asleep;
  }

  /** All processors have stopped. */
  synchronized void begin() {
    wanted = false;
    woken = false;
    asleep = true;
  }

  /**
   * Wakes a guest that sleeps.
   *
   * @return false where it does not sleep
   */
  synchronized boolean wake() {
    if (!asleep) {
      return false;
    }
    woken = true;
    notifyAll();
    return true;
  }

  /** Has the machine's thread look whether somebody asks for something else. */
  synchronized void look() {
    notifyAll();
  }

  /**
   * On the machine's thread: waits for the end of the sleep.
   *
   * @param asked whether somebody asks for something else
   * @return whether the guest was woken
   */
  synchronized boolean await(BooleanSupplier asked) {
    boolean interrupted = false;
    while (!woken && !asked.getAsBoolean()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return woken;
  }

  /** The guest goes on, or comes to its end, or is started anew: nobody wants to sleep. */
  synchronized void end() {
    wanted = false;
    asleep = false;
    woken = false;
  }
}
