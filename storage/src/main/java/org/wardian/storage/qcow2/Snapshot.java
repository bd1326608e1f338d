package org.wardian.storage.qcow2;

import java.time.Duration;
import java.time.Instant;

/**
 * A snapshot within an image.
 *
 * @param id unique within the image; a number
 * @param name what the user calls it
 * @param taken when
 * @param guestTime how long the guest had run
 * @param stateSize bytes of the machine's state that is kept with it; 0 for none
 * @param diskSize bytes of the disk
 */
public record Snapshot(
    String id, String name, Instant taken, Duration guestTime, long stateSize, long diskSize) {
  static Snapshot of(SnapshotTable.Entry entry, long usualSize) {
    return new Snapshot(
        entry.id(),
        entry.name(),
        Instant.ofEpochSecond(entry.seconds() & 0xffffffffL, entry.nanos() & 0xffffffffL),
        Duration.ofNanos(entry.guestNanos()),
        entry.stateSize(),
        entry.diskSize() < 0 ? usualSize : entry.diskSize());
  }
}
