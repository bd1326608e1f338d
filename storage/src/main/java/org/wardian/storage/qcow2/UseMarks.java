package org.wardian.storage.qcow2;

import java.io.IOException;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.ReadOnlyImageException;

/**
 * What the header's incompatible features tell the next who opens an image of how it was used:
 * dirty, where reference counts may be behind, and corrupt, since damage was found (qcow2
 * specification, 'Header', bits 0 and 1).
 */
final class UseMarks {
  private final Qcow2Image image;
  private final Qcow2Header header;
  private final boolean writable;
  private volatile String damage;

  /** Of an image whose file may be changed, or not. */
  UseMarks(Qcow2Image image, boolean writable) {
    this.image = image;
    this.header = image.header;
    this.writable = writable;
  }

  /** Writes the incompatible features to stable storage. */
  void setIncompatible(long bits) throws IOException {
    header.incompatible = bits;
    TableFile.writeEntry(image.file, Qcow2Header.AT_INCOMPATIBLE, bits);
    image.file.flush();
  }

  /** Whether reference counts may be written late: whoever opens a dirty image counts anew. */
  boolean lazy() {
    return (header.compatible & Feature.LAZY_REFCOUNTS) != 0 && image.geometry.version() >= 3;
  }

  /** Before the first change. */
  void begin() throws IOException {
    if (lazy()) {
      setIncompatible(header.incompatible | Feature.DIRTY);
    }
  }

  /** All counts are on stable storage. */
  void end() throws IOException {
    if ((header.incompatible & Feature.DIRTY) != 0) {
      setIncompatible(header.incompatible & ~Feature.DIRTY);
    }
  }

  /** Notes damage: the image takes no more writes, and says so to the next who opens it. */
  ImageFormatException corrupt(CorruptMappingException cause) {
    String what = cause.getMessage();
    damage = what;
    if (writable && image.geometry.version() >= 3) {
      try {
        setIncompatible(header.incompatible | Feature.CORRUPT);
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
    }
    ImageFormatException all =
        new ImageFormatException(
            image.path() + " is damaged: it has " + what + "; check and repair it");
    all.initCause(cause);
    return all;
  }

  /** Whether no damage was found. */
  boolean sound() {
    return damage == null;
  }

  /**
   * An image without known damage.
   *
   * @throws ReadOnlyImageException where there is some
   */
  void checkSound() throws ReadOnlyImageException {
    String found = damage;
    if (found != null) {
      throw new ReadOnlyImageException(
          image.path()
              + " takes no writes since damage was found: "
              + found
              + "; check and repair it");
    }
  }
}
