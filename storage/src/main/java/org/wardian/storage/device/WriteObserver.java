package org.wardian.storage.device;

/** Sees each change of a disk, on the thread that makes it. */
public interface WriteObserver {
  /**
   * A range is about to be changed. Returns when that may be; does not throw.
   *
   * @param offset first byte on the disk
   * @param length bytes
   */
  void before(long offset, long length);

  /** A range that {@link #before} was told of was changed, or perhaps was: the host failed. */
  void after(long offset, long length);
}
