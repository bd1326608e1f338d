package org.wardian.storage.bitmap;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A named bitmap of the ranges of an image that were written. While a backup uses it, its bits
 * stand still and writes are noted in a successor (QEMU, "Dirty Bitmaps and Incremental Backup").
 * Everything but {@link #changed} is for who keeps the image's writers out.
 */
public final class DirtyBitmap {
  private final String name;
  private final boolean persistent;
  private final boolean inconsistent;
  private final AtomicInteger shown = new AtomicInteger();
  private volatile RangeBits bits;
  private volatile RangeBits successor;
  private volatile boolean recording;

  /**
   * A bitmap.
   *
   * @param name unique within the image
   * @param bits taken over
   * @param recording whether writes are noted
   * @param persistent whether it is kept in the image's file
   */
  public DirtyBitmap(String name, RangeBits bits, boolean recording, boolean persistent) {
    this(name, bits, recording, persistent, false);
  }

  private DirtyBitmap(
      String name, RangeBits bits, boolean recording, boolean persistent, boolean inconsistent) {
    this.name = name;
    this.bits = bits;
    this.recording = recording;
    this.persistent = persistent;
    this.inconsistent = inconsistent;
  }

  /**
   * One of the image's file that missed writes, or cannot be understood: it can only be removed.
   *
   * @param empty bits of the right granularity, of no meaning
   */
  public static DirtyBitmap inconsistent(String name, RangeBits empty) {
    return new DirtyBitmap(name, empty, false, true, true);
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** Whether it is kept in the image's file. */
  public boolean persistent() {
    return persistent;
  }

  /** Whether it missed writes. */
  public boolean inconsistent() {
    return inconsistent;
  }

  /** Whether writes are noted. */
  public boolean recording() {
    return recording;
  }

  /** Begins or ends noting writes. */
  public void record(boolean on) {
    recording = on;
  }

  /** Whether a backup uses it, or somebody it is shown to. */
  public boolean busy() {
    return successor != null || shown.get() > 0;
  }

  /** It is shown to somebody, or to one more. */
  public void show() {
    shown.incrementAndGet();
  }

  /** Ends one {@link #show}. */
  public void hide() {
    shown.decrementAndGet();
  }

  /** The bits; they stand still while it is busy. */
  public RangeBits bits() {
    return bits;
  }

  /** What is to be kept of it if the machine ended now. */
  public RangeBits kept() {
    RangeBits later = successor;
    if (later == null) {
      return bits;
    }
    RangeBits both = bits.copy();
    both.merge(later);
    return both;
  }

  /** Replaces the bits. */
  public void replace(RangeBits other) {
    bits = other;
  }

  /** A range is changed. Any thread. */
  public void changed(long offset, long length) {
    if (recording) {
      RangeBits later = successor;
      (later == null ? bits : later).set(offset, length);
    }
  }

  /** From now on the bits stand still, and writes go to a successor. */
  public void freeze() {
    successor = new RangeBits(bits.shift(), bits.size());
  }

  /** The backup was made: only what came since counts. */
  public void abdicate() {
    bits = successor;
    successor = null;
  }

  /** The backup was not made: what came since counts too. */
  public void reclaim() {
    bits.merge(successor);
    successor = null;
  }

  /** The image has another size. */
  public void resize(long size) {
    bits.resize(size);
    RangeBits later = successor;
    if (later != null) {
      later.resize(size);
    }
  }
}
