package org.wardian.storage.qcow2;

import java.io.IOException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.ImageFormatException;

/**
 * What shows through where an image has nothing: the image below, if there is one. Another can take
 * its place while the disk is in use.
 */
final class Backing {
  private final Qcow2Image image;
  private volatile BlockImage below;

  Backing(Qcow2Image image, BlockImage below) {
    this.image = image;
    this.below = below;
  }

  /** The image below, or null. */
  BlockImage below() {
    return below;
  }

  /** How much of the disk it can show, in bytes from the disk's start. */
  private long reach() {
    BlockImage from = below;
    return from == null ? 0 : Math.min(from.length(), image.length());
  }

  /** Whether it shows at a place where the image has nothing. */
  boolean shows(long offset) {
    return offset < reach();
  }

  /** Cuts a run of nothing to what it shows; where it shows nothing the run is of zeroes. */
  void narrow(long offset, Run run) {
    long has = reach();
    if (offset >= has) {
      run.kind = Run.Kind.ZERO;
    } else {
      run.bytes = Math.min(run.bytes, has - offset);
    }
  }

  /** Its own extent where {@code own}, the image's, is absent. */
  Extent through(Extent own) throws IOException {
    BlockImage from = below;
    long offset = own.offset();
    if (own.kind() != Extent.Kind.ABSENT || from == null || offset >= from.length()) {
      return own;
    }
    Extent found = from.extent(offset, Math.min(own.length(), from.length() - offset));
    return new Extent(offset, found.length(), found.kind(), found.depth() + 1, found.hostOffset());
  }

  /** {@link Qcow2Image#changeBacking}. */
  void record(String name, String format, BlockImage opened) throws IOException {
    Qcow2Header header = image.header;
    long stamp = image.gate.writeLock();
    try {
      String oldName = header.backing;
      String oldFormat = header.backingFormat;
      header.backing = name;
      header.backingFormat = format;
      try {
        header.serialize(image.path());
      } catch (ImageFormatException e) {
        header.backing = oldName;
        header.backingFormat = oldFormat;
        throw e;
      }
      image.writeHeader();
      image.file.flush();
      BlockImage old = below;
      below = opened;
      if (old != null) {
        old.close();
      }
    } finally {
      image.gate.unlockWrite(stamp);
    }
  }

  /** {@link Qcow2Image#attach}. */
  void replace(BlockImage opened) throws IOException {
    long stamp = image.gate.writeLock();
    BlockImage old = below;
    below = opened;
    image.gate.unlockWrite(stamp);
    if (old != null) {
      old.close();
    }
  }

  /** Closes the image below. */
  void close() throws IOException {
    BlockImage from = below;
    if (from != null) {
      from.close();
    }
  }
}
