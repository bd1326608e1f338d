package org.wardian.storage.qcow2;

import java.io.IOException;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.NoSpaceException;

/** Makes a disk longer or shorter. */
final class Resizing {
  private final Qcow2Image image;
  private final Qcow2Header header;

  Resizing(Qcow2Image image) {
    this.image = image;
    header = image.header;
  }

  void to(long size) throws IOException {
    image.beginChange();
    if (header.version == 2 && header.snapshotCount > 0) {
      throw new ImageFormatException(
          image.path()
              + " has snapshots that do not record the disk's size (version 2), so that it"
              + " cannot be resized; delete them first");
    }
    long old = image.length();
    if (size < old) {
      // What is cut off must read as zeroes if the disk grows again.
      image.zeroWhole(size, old - size);
      image.flush();
    }
    long stamp = image.alone();
    try {
      long entries = header.l1EntriesFor(size);
      if (entries > Qcow2Header.MAX_L1_BYTES / 8) {
        throw new NoSpaceException(
            image.path()
                + " cannot be made "
                + size
                + " bytes large with clusters of "
                + image.clusterSize());
      }
      image.tables.lock.lock();
      try {
        image.tables.growL1((int) entries);
      } finally {
        image.tables.lock.unlock();
      }
      TableFile.writeEntry(image.file, Qcow2Header.AT_SIZE, size);
      image.file.flush();
      image.resized(size);
      image.bitmaps().resize(size);
      if (image.external && (header.autoclear & Feature.RAW_DATA_FILE) != 0) {
        image.data.resize(size);
      }
    } finally {
      image.together(stamp);
    }
    long below = image.backing() == null ? 0 : Math.min(image.backing().length(), size);
    if (below > old) {
      // What a longer backing file has there was never part of this disk.
      image.zeroWhole(old, below - old);
      image.flush();
    }
  }
}
