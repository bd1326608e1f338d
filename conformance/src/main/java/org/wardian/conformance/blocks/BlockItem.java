package org.wardian.conformance.blocks;

/**
 * One instruction of a block. A number in it may be relative to the next instruction; it is filled
 * in once addresses are known.
 */
final class BlockItem {
  /** The encoding, with 0 in the relative field. */
  final byte[] bytes;

  /** Where the relative field is, or -1, and its size: 1 or 4. */
  final int relativeAt;

  final int relativeSize;

  /** Index of the item that it leads to, or -1 where {@link #offset} counts from the window. */
  final int target;

  /** Added to the target's address. */
  final int offset;

  /** Whether another item may lead here. */
  final boolean landing;

  /** Whether a store may turn it into no operation. */
  final boolean erasable;

  /** Where it is a store over its target: the length that the target must have; else 0. */
  final int erases;

  BlockItem(
      byte[] bytes,
      int relativeAt,
      int relativeSize,
      int target,
      int offset,
      boolean landing,
      boolean erasable,
      int erases) {
    this.bytes = bytes;
    this.relativeAt = relativeAt;
    this.relativeSize = relativeSize;
    this.target = target;
    this.offset = offset;
    this.landing = landing;
    this.erasable = erasable;
    this.erases = erases;
  }

  /** An instruction as it stands. */
  static BlockItem plain(byte... bytes) {
    return new BlockItem(bytes, -1, 0, -1, 0, true, false, 0);
  }

  /** This with another target. */
  BlockItem leadingTo(int item) {
    return new BlockItem(bytes, relativeAt, relativeSize, item, offset, landing, erasable, erases);
  }

  /** This as something that nothing leads to. */
  BlockItem glued() {
    return new BlockItem(bytes, relativeAt, relativeSize, target, offset, false, erasable, erases);
  }

  /** This as something that a store may erase. */
  BlockItem erased() {
    return new BlockItem(bytes, relativeAt, relativeSize, target, offset, landing, true, erases);
  }
}
