package org.wardian.chipset;

import org.wardian.storage.BlockDevice;

/**
 * The drive of a {@link FloppyController}, whose monitor guards it: the disk in it, and where its
 * head is.
 */
final class FloppyDrive {
  private static final int LAST_CYLINDER = 84;

  private final BlockDevice medium;

  /** Null where there is no disk. */
  private FloppyGeometry geometry;

  private int cylinder;
  private boolean changed = true;

  FloppyDrive(BlockDevice medium) {
    this.medium = medium;
    geometry = FloppyGeometry.of(medium.length());
  }

  /** Another disk, or none, is in the drive. */
  void mediumChanged() {
    geometry = FloppyGeometry.of(medium.length());
    changed = true;
  }

  /** After power-on. */
  void reset() {
    changed = true;
  }

  /** The head is at track 0, as far as the controller knows. */
  void forget() {
    cylinder = 0;
  }

  boolean hasDisk() {
    return geometry != null;
  }

  boolean readOnly() {
    return medium.readOnly();
  }

  /** Whether the disk has been changed since the last step. */
  boolean changed() {
    return changed;
  }

  /** Where the head is. */
  int cylinder() {
    return cylinder;
  }

  /** Moves the head. */
  void seek(int to) {
    cylinder = Math.min(to, LAST_CYLINDER);
    if (geometry != null) {
      changed = false; // a step with a disk in the drive clears the change line
    }
  }

  /** The last sector of a track; that of the usual disk where there is none. */
  int lastSector() {
    return geometry == null ? FloppyGeometry.HIGH_DENSITY.sectors() : geometry.sectors();
  }

  /** Whether a head of the disk, which is there, is over a place of it. */
  boolean reaches(FloppyPlace place, int head) {
    return place.cylinder() == cylinder
        && place.cylinder() < geometry.cylinders()
        && place.head() == head
        && place.head() < geometry.heads()
        && place.sector() >= 1
        && place.sector() <= geometry.sectors();
  }

  /** Whether a track of so many sectors is one of the disk, which is there. */
  boolean hasTrack(int head, int sectors) {
    return head < geometry.heads()
        && sectors == geometry.sectors()
        && cylinder < geometry.cylinders();
  }

  /** How many sectors there are from a place to the end that a command names. */
  int sectors(FloppyPlace from, int last, boolean bothHeads) {
    int sectors = Math.max(1, Math.min(last, geometry.sectors()) - from.sector() + 1);
    boolean other = bothHeads && from.head() == 0 && geometry.heads() == 2;
    return other ? sectors + geometry.sectors() : sectors;
  }

  /** The first sector of a track of this cylinder, counted from the disk's first. */
  int firstOfTrack(int head) {
    return (cylinder * geometry.heads() + head) * geometry.sectors();
  }

  void load(int savedCylinder, boolean savedChanged) {
    cylinder = Math.clamp(savedCylinder, 0, LAST_CYLINDER);
    changed = savedChanged;
  }
}
