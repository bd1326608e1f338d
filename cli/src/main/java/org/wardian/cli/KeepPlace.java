package org.wardian.cli;

import java.nio.file.Path;

/** Where a machine is kept: a file of its own, or a snapshot within its disks. */
sealed interface KeepPlace {
  /** What {@code snapshot:NAME} begins with. */
  String SNAPSHOT = "snapshot:";

  /** A file, which the machine's disks have to be left alone for. */
  record InFile(Path path) implements KeepPlace {
    @Override
    public String toString() {
      return path.toString();
    }
  }

  /** A snapshot of all writable disks, the first of which has the machine's state too. */
  record InSnapshot(String name) implements KeepPlace {
    @Override
    public String toString() {
      return SNAPSHOT + name;
    }
  }

  /**
   * Reads {@code FILE} or {@code snapshot:NAME}.
   *
   * @throws IllegalArgumentException where it is neither
   */
  static KeepPlace parse(String option, String text) {
    if (text.startsWith(SNAPSHOT)) {
      String name = text.substring(SNAPSHOT.length());
      if (!name.matches("[^\\p{Cntrl}]{1,255}")) {
        throw new IllegalArgumentException(
            option + ": a snapshot's name has 1 to 255 characters: " + text);
      }
      return new InSnapshot(name);
    }
    if (text.isEmpty()) {
      throw new IllegalArgumentException(option + " names no file");
    }
    return new InFile(Path.of(text));
  }
}
