package org.wardian.storage.device;

/** What happens when the host fails to read or write for the guest. */
public enum ErrorPolicy {
  /** The guest is told. */
  REPORT,
  /** The guest is told that all is well: for those who would rather have wrong data than none. */
  IGNORE,
  /** The machine is paused; the request is tried again when it goes on. */
  STOP,
  /** As {@link #STOP} where the host has no room left, else as {@link #REPORT}. */
  STOP_ON_NO_SPACE
}
