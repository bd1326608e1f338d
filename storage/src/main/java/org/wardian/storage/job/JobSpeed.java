package org.wardian.storage.job;

/** How fast a job may be: bytes a second, a tenth of a second's at once. */
final class JobSpeed {
  private static final double SECOND = 1e9;
  private static final double SLICE = 0.1;

  private long bytes;
  private double owed;
  private long since;

  JobSpeed(long bytes) {
    this.bytes = bytes;
  }

  /** Bytes a second; 0 for no limit. */
  long bytes() {
    return bytes;
  }

  void change(long perSecond) {
    bytes = perSecond;
    owed = 0;
  }

  void spend(long moved) {
    owed += moved;
  }

  /** Nanoseconds until more may be moved; 0 for none. */
  long delay(long now) {
    if (bytes == 0) {
      owed = 0;
      return 0;
    }
    owed = since == 0 ? owed : Math.max(0, owed - (now - since) / SECOND * bytes);
    since = now;
    double excess = owed - bytes * SLICE;
    return excess <= 0 ? 0 : (long) Math.ceil(excess / bytes * SECOND);
  }
}
