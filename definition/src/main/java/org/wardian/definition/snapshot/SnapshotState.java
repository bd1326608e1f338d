package org.wardian.definition.snapshot;

import java.util.Locale;

/** What the domain was doing when its snapshot was taken. */
public enum SnapshotState {
  /** Nothing is known. */
  NOSTATE,
  /** It ran. */
  RUNNING,
  /** It waited. */
  BLOCKED,
  /** It stood still. */
  PAUSED,
  /** It was being switched off. */
  SHUTDOWN,
  /** It was off. */
  SHUTOFF,
  /** It had crashed. */
  CRASHED,
  /** It slept. */
  PMSUSPENDED,
  /** It ran, and only its disks were kept. */
  DISK_SNAPSHOT;

  /** The word in documents. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether a machine goes on from it. */
  public boolean isActive() {
    return this == RUNNING || this == PAUSED;
  }

  /** The state of a word; null where there is none. */
  static SnapshotState of(String text) {
    for (SnapshotState state : values()) {
      if (state.text().equals(text)) {
        return state;
      }
    }
    return null;
  }
}
