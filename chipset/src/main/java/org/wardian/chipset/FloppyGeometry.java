package org.wardian.chipset;

/**
 * How a floppy disk is divided, by the size of its image.
 *
 * @param cylinders tracks of a side
 * @param heads sides
 * @param sectors sectors of a track, 512 bytes each
 */
public record FloppyGeometry(int cylinders, int heads, int sectors) {
  /** 3.5 inch, 1.44 MB. */
  static final FloppyGeometry HIGH_DENSITY = new FloppyGeometry(80, 2, 18);

  private static final FloppyGeometry[] KNOWN = {
    new FloppyGeometry(40, 1, 8),
    new FloppyGeometry(40, 1, 9),
    new FloppyGeometry(40, 2, 8),
    new FloppyGeometry(40, 2, 9),
    new FloppyGeometry(80, 2, 9),
    new FloppyGeometry(80, 2, 15),
    HIGH_DENSITY,
    new FloppyGeometry(80, 2, 20),
    new FloppyGeometry(80, 2, 21),
    new FloppyGeometry(82, 2, 21),
    new FloppyGeometry(80, 2, 36),
  };

  private long bytes() {
    return 512L * cylinders * heads * sectors;
  }

  /** The geometry of an image of {@code length} bytes; null for none at all. */
  static FloppyGeometry of(long length) {
    if (length == 0) {
      return null;
    }
    for (FloppyGeometry known : KNOWN) {
      if (known.bytes() == length) {
        return known;
      }
    }
    // A boot image that was not filled up, or one that is too long: its first 1.44 MB.
    return HIGH_DENSITY;
  }

  /** The drive type in CMOS memory that reads such disks. */
  public static int driveType(long length) {
    return length > HIGH_DENSITY.bytes() ? 5 : 4;
  }
}
