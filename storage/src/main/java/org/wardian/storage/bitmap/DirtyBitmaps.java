package org.wardian.storage.bitmap;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The dirty bitmaps of one image. Any thread. */
public final class DirtyBitmaps {
  /** QEMU's limit for those of a file; nobody has use for more in memory. */
  public static final int MOST = 65535;

  private volatile List<DirtyBitmap> all = List.of();

  /** None yet. */
  public DirtyBitmaps() {}

  /** All, in the order in which they came. */
  public List<DirtyBitmap> list() {
    return all;
  }

  /** The one of a name. */
  public Optional<DirtyBitmap> find(String name) {
    return all.stream().filter(bitmap -> bitmap.name().equals(name)).findFirst();
  }

  /**
   * Adds one.
   *
   * @throws IllegalArgumentException where there is one of that name, or there are too many
   */
  public synchronized void add(DirtyBitmap bitmap) {
    if (find(bitmap.name()).isPresent()) {
      throw new IllegalArgumentException("Bitmap already exists: " + bitmap.name());
    }
    if (all.size() >= MOST) {
      throw new IllegalArgumentException("there are " + MOST + " bitmaps already");
    }
    List<DirtyBitmap> more = new ArrayList<>(all);
    more.add(bitmap);
    all = List.copyOf(more);
  }

  /** Takes one away. */
  public synchronized void remove(DirtyBitmap bitmap) {
    List<DirtyBitmap> fewer = new ArrayList<>(all);
    fewer.remove(bitmap);
    all = List.copyOf(fewer);
  }

  /** A range is changed. */
  public void changed(long offset, long length) {
    List<DirtyBitmap> now = all;
    for (int i = 0; i < now.size(); i++) {
      now.get(i).changed(offset, length);
    }
  }

  /** The image has another size; bitmaps that cannot follow are dropped. */
  public synchronized void resize(long size) {
    List<DirtyBitmap> kept = new ArrayList<>();
    for (DirtyBitmap bitmap : all) {
      if (RangeBits.fits(bitmap.bits().shift(), size)) {
        bitmap.resize(size);
        kept.add(bitmap);
      }
    }
    all = List.copyOf(kept);
  }
}
