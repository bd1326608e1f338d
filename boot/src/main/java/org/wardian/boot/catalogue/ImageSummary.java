package org.wardian.boot.catalogue;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A line of the list of guests. Fields of what is not in the cache, or of a system not known, are
 * null, its size 0.
 *
 * @param name the guest's name
 * @param description what it is
 * @param architecture Debian's name of the architecture
 * @param state whether it is in the cache
 * @param suite the Debian suite that it came from, or null
 * @param kernelRelease what {@code uname -r} will say, or null
 * @param kernelVersion the kernel package's version, or null
 * @param busyboxVersion the busybox package's version, or null
 * @param bytes the size of its files
 * @param pulled when it was fetched or made, or null
 * @param folder where it lies or would lie
 */
public record ImageSummary(
    String name,
    String description,
    String architecture,
    State state,
    String suite,
    String kernelRelease,
    String kernelVersion,
    String busyboxVersion,
    long bytes,
    Instant pulled,
    Path folder) {
  /** Whether a guest is in the cache. */
  public enum State {
    /** Fetched, and all files there with the right size. */
    READY,
    /** Not fetched. */
    ABSENT,
    /** There, but with files missing or changed. */
    CORRUPT
  }
}
