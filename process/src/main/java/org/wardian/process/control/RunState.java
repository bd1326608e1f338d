package org.wardian.process.control;

import java.util.Locale;

/**
 * What {@code query-status} says: QEMU's RunState, those of its states that a machine of ours has.
 */
public enum RunState {
  /** Made, and never started. */
  PRELAUNCH,
  /** The guest runs. */
  RUNNING,
  /** The guest sleeps with its memory kept (S3). */
  SUSPENDED,
  /** Stopped by a client. */
  PAUSED,
  /** Stopped while it is being saved. */
  FINISH_MIGRATE,
  /** Saved. */
  POSTMIGRATE,
  /** Stopped while a snapshot is made. */
  SAVE_VM,
  /** Stopped by a disk's error. */
  IO_ERROR,
  /** The guest has switched itself off, or was reset where that is the end. */
  SHUTDOWN,
  /** The guest's kernel has panicked. */
  GUEST_PANICKED,
  /** Whoever executes the guest cannot go on. */
  INTERNAL_ERROR;

  /** As on the wire. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether the guest goes on as soon as it can, and a stop would stop it. */
  boolean isLive() {
    return this == RUNNING || this == SUSPENDED;
  }

  /** Whether the guest's processors are gone for good. */
  boolean isOver() {
    return this == SHUTDOWN || this == GUEST_PANICKED || this == INTERNAL_ERROR;
  }
}
