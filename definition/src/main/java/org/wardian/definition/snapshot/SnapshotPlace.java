package org.wardian.definition.snapshot;

import java.util.Locale;

/** Where a snapshot keeps a disk, or memory. */
public enum SnapshotPlace {
  /** It does not. */
  NO,
  /** Within the disk's own image. */
  INTERNAL,
  /** The image stays as it is, and another file takes what is written. */
  EXTERNAL;

  /** The word in documents. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The place of a word; null where there is none. */
  static SnapshotPlace of(String text) {
    for (SnapshotPlace place : values()) {
      if (place.text().equals(text)) {
        return place;
      }
    }
    return null;
  }
}
