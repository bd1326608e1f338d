package org.wardian.storage.qcow2;

/** Bits of a qcow2 header that say what an image uses (qcow2 specification, "Header"). */
final class Feature {
  /** Incompatible: counts of uses may be too low. */
  static final long DIRTY = 1;

  /** Incompatible: something was found to be wrong, and nothing may be written. */
  static final long CORRUPT = 2;

  /** Incompatible: the guest's data lie in a file of their own. */
  static final long DATA_FILE = 4;

  /** Incompatible: compressed clusters are not zlib's. */
  static final long COMPRESSION = 8;

  /** Incompatible: entries of 128 bits with subclusters. */
  static final long EXTENDED_L2 = 16;

  /** All incompatible bits that are understood. */
  static final long KNOWN_INCOMPATIBLE = 31;

  /** Compatible: counts of uses are written late. */
  static final long LAZY_REFCOUNTS = 1;

  /** Autoclear: the bitmaps are up to date. */
  static final long BITMAPS = 1;

  /** Autoclear: the data file is a raw image. */
  static final long RAW_DATA_FILE = 2;

  /** All autoclear bits that are understood. */
  static final long KNOWN_AUTOCLEAR = 3;

  /** Kind, bit and name, for the feature name table. */
  record Name(int kind, int bit, String name) {}

  /** The names that QEMU writes. */
  static final Name[] NAMES = {
    new Name(0, 0, "dirty bit"),
    new Name(0, 1, "corrupt bit"),
    new Name(0, 2, "external data file"),
    new Name(0, 3, "compression type"),
    new Name(0, 4, "extended L2 entries"),
    new Name(1, 0, "lazy refcounts"),
    new Name(2, 0, "bitmaps"),
    new Name(2, 1, "raw external data"),
  };

  private Feature() {}
}
