package org.wardian.storage.device;

/**
 * How a disk serves its controller.
 *
 * @param blockSize bytes of a logical block: 512 or 4096
 * @param threads that move data at the same time, at most
 * @param limits on bytes and operations a second
 * @param readErrors what happens when a read fails
 * @param writeErrors what happens when another request fails
 * @param discards whether discards reach the image
 */
public record DeviceOptions(
    int blockSize,
    int threads,
    DeviceLimits limits,
    ErrorPolicy readErrors,
    ErrorPolicy writeErrors,
    boolean discards) {
  /** Threads where nothing else is said: what a disk of the host takes at once, roughly. */
  private static final int USUAL_THREADS = 16;

  /** Checks the numbers. */
  public DeviceOptions {
    if (blockSize != 512 && blockSize != 4096) {
      throw new IllegalArgumentException("a block has 512 or 4096 bytes, not " + blockSize);
    }
    if (threads < 1 || threads > 256) {
      throw new IllegalArgumentException("a disk has 1 to 256 threads, not " + threads);
    }
  }

  /** Blocks of 512 bytes, no limits; a full host pauses the machine, other errors are reported. */
  public static DeviceOptions usual() {
    return new DeviceOptions(
        512,
        USUAL_THREADS,
        DeviceLimits.NONE,
        ErrorPolicy.REPORT,
        ErrorPolicy.STOP_ON_NO_SPACE,
        true);
  }

  /** The same with another size of blocks, in bytes. */
  public DeviceOptions withBlockSize(int value) {
    return new DeviceOptions(value, threads, limits, readErrors, writeErrors, discards);
  }

  /** The same with so many threads at most. */
  public DeviceOptions withThreads(int value) {
    return new DeviceOptions(blockSize, value, limits, readErrors, writeErrors, discards);
  }

  /** The same with limits. */
  public DeviceOptions withLimits(DeviceLimits value) {
    return new DeviceOptions(blockSize, threads, value, readErrors, writeErrors, discards);
  }

  /** The same with policies for errors of reads, and of all else. */
  public DeviceOptions withErrors(ErrorPolicy reads, ErrorPolicy writes) {
    return new DeviceOptions(blockSize, threads, limits, reads, writes, discards);
  }

  /** The same, with discards or not. */
  public DeviceOptions withDiscards(boolean value) {
    return new DeviceOptions(blockSize, threads, limits, readErrors, writeErrors, value);
  }
}
