package org.wardian.storage.device;

/** All limits of a disk. Used by one thread at a time. */
final class Throttle {
  private final boolean none;
  private final LeakyBucket bytes;
  private final LeakyBucket readBytes;
  private final LeakyBucket writeBytes;
  private final LeakyBucket operations;
  private final LeakyBucket readOperations;
  private final LeakyBucket writeOperations;

  Throttle(DeviceLimits limits, long now) {
    none = limits.equals(DeviceLimits.NONE);
    bytes = new LeakyBucket(limits.bytes(), now);
    readBytes = new LeakyBucket(limits.readBytes(), now);
    writeBytes = new LeakyBucket(limits.writeBytes(), now);
    operations = new LeakyBucket(limits.operations(), now);
    readOperations = new LeakyBucket(limits.readOperations(), now);
    writeOperations = new LeakyBucket(limits.writeOperations(), now);
  }

  /** Whether there is no limit. */
  boolean none() {
    return none;
  }

  /** Nanoseconds until a read, or a write, may start. */
  long delay(boolean write, long now) {
    if (none) {
      return 0;
    }
    long together = Math.max(bytes.delay(now), operations.delay(now));
    long own =
        write
            ? Math.max(writeBytes.delay(now), writeOperations.delay(now))
            : Math.max(readBytes.delay(now), readOperations.delay(now));
    return Math.max(together, own);
  }

  /** A read or write of so many bytes starts. */
  void use(boolean write, long count) {
    if (none) {
      return;
    }
    bytes.use(count);
    operations.use(1);
    (write ? writeBytes : readBytes).use(count);
    (write ? writeOperations : readOperations).use(1);
  }
}
