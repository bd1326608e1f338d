package org.wardian.storage.job;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** Where a job is (QEMU, qapi/job.json, JobStatus), and what may be asked of it there. */
public enum JobStatus {
  /** Made, not started. */
  CREATED,
  /** At work. */
  RUNNING,
  /** Stands still until it is told to go on. */
  PAUSED,
  /** A mirror that has all, and follows. */
  READY,
  /** {@link #READY}, standing still. */
  STANDBY,
  /** The work is done. */
  WAITING,
  /** To be finalized by its owner. */
  PENDING,
  /** It failed or was cancelled, and is cleaning up. */
  ABORTING,
  /** Over; kept until its owner has looked. */
  CONCLUDED,
  /** Gone. */
  NULL;

  /** What an owner may ask. */
  enum Verb {
    CANCEL(EnumSet.range(CREATED, PENDING)),
    PAUSE(EnumSet.range(CREATED, STANDBY)),
    RESUME(EnumSet.range(CREATED, STANDBY)),
    SET_SPEED(EnumSet.range(CREATED, STANDBY)),
    COMPLETE(EnumSet.of(READY)),
    FINALIZE(EnumSet.of(PENDING)),
    DISMISS(EnumSet.of(CONCLUDED));

    private final Set<JobStatus> allowed;

    Verb(Set<JobStatus> allowed) {
      this.allowed = allowed;
    }

    boolean allowedIn(JobStatus status) {
      return allowed.contains(status);
    }

    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** As on the wire. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether it has come to an end. */
  public boolean over() {
    return this == CONCLUDED || this == NULL;
  }
}
