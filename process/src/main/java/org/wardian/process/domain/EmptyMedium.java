package org.wardian.process.domain;

import java.nio.ByteBuffer;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;

/** No medium: what a drive with an empty tray has. */
final class EmptyMedium implements BlockImage {
  @Override
  public long length() {
    return 0;
  }

  @Override
  public boolean writable() {
    return false;
  }

  @Override
  public void read(long offset, ByteBuffer to) {
    throw nothing();
  }

  @Override
  public void write(long offset, ByteBuffer from) {
    throw nothing();
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) {
    throw nothing();
  }

  @Override
  public void discard(long offset, long length) {
    throw nothing();
  }

  private static IndexOutOfBoundsException nothing() {
    return new IndexOutOfBoundsException("there is no medium");
  }

  @Override
  public void flush() {
    // Nothing was written.
  }

  @Override
  public Extent extent(long offset, long length) {
    throw nothing();
  }

  @Override
  public void close() {
    // Nothing is open.
  }

  @Override
  public String toString() {
    return "no medium";
  }
}
