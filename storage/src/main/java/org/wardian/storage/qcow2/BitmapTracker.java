package org.wardian.storage.qcow2;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.DirtyBitmaps;
import org.wardian.storage.bitmap.RangeBits;

/**
 * The dirty bitmaps of an image: read when somebody asks for them or before the first write, which
 * marks those of the file as in use; each write sets bits in memory, and closing the image stores
 * them. After a crash the marks tell that the bitmaps are not to be trusted.
 */
public final class BitmapTracker {
  /**
   * A bitmap of the file.
   *
   * @param name unique within the image
   * @param granularity bytes of the disk for each bit
   * @param enabled whether writes are recorded in it
   * @param inconsistent whether it missed writes
   */
  public record Bitmap(String name, long granularity, boolean enabled, boolean inconsistent) {}

  private static final int USUAL_SHIFT = 16;

  private final Qcow2Image image;
  private final Qcow2Header header;
  private final BitmapBits file;
  private final DirtyBitmaps bitmaps = new DirtyBitmaps();

  // Under this object's monitor.
  private BitmapDirectory directory = new BitmapDirectory(List.of());
  private boolean loaded;
  private boolean damaged;
  private boolean begun;

  BitmapTracker(Qcow2Image image) throws IOException {
    this.image = image;
    this.header = image.header;
    this.file = new BitmapBits(image, image.file.size());
  }

  private boolean valid() {
    return header.bitmaps != null && (header.autoclear & Feature.BITMAPS) != 0;
  }

  /** All bitmaps that the file has. */
  public synchronized List<Bitmap> list() throws IOException {
    if (!valid()) {
      return List.of();
    }
    List<Bitmap> all = new ArrayList<>();
    for (BitmapDirectory.Entry entry : BitmapDirectory.read(image.file, header).entries()) {
      boolean held =
          begun && bitmaps.find(entry.name()).filter(held1 -> !held1.inconsistent()).isPresent();
      all.add(
          new Bitmap(
              entry.name(),
              1L << Math.min(62, entry.granularityBits()),
              (entry.flags() & BitmapDirectory.AUTO) != 0,
              (entry.flags() & BitmapDirectory.IN_USE) != 0 && !held));
    }
    return all;
  }

  /** The bitmaps in memory, which are those of the file and others. */
  synchronized DirtyBitmaps loaded() throws IOException {
    if (loaded) {
      return bitmaps;
    }
    if (valid()) {
      try {
        directory = BitmapDirectory.read(image.file, header);
        load();
      } catch (ImageFormatException | EOFException e) {
        damaged = true;
        directory = new BitmapDirectory(List.of());
        bitmaps.list().forEach(bitmaps::remove);
      }
    }
    loaded = true;
    return bitmaps;
  }

  private void load() throws IOException {
    long bytes = 0;
    for (BitmapDirectory.Entry entry : directory.entries()) {
      if (!entry.understood() || bitmaps.find(entry.name()).isPresent()) {
        continue; // It stays in the file as it is.
      }
      boolean missed = (entry.flags() & BitmapDirectory.IN_USE) != 0;
      RangeBits bits = missed || bytes * 8 > RangeBits.MOST ? null : file.load(entry);
      if (bits == null) {
        int shift = RangeBits.fits(entry.granularityBits(), 0) ? entry.granularityBits() : 0;
        RangeBits none = new RangeBits(shift == 0 ? USUAL_SHIFT : shift, 0);
        bitmaps.add(DirtyBitmap.inconsistent(entry.name(), none));
      } else {
        bytes += bits.storedBytes();
        boolean recording = (entry.flags() & BitmapDirectory.AUTO) != 0;
        bitmaps.add(new DirtyBitmap(entry.name(), bits, recording, true));
      }
    }
  }

  /** Before the first write. */
  synchronized void begin() throws IOException {
    loaded();
    begun = true;
    if (!valid()) {
      return;
    }
    try {
      if (!damaged) {
        file.mark(header.bitmaps.directoryOffset(), header.bitmaps.directorySize());
        for (BitmapDirectory.Entry entry : directory.entries()) {
          file.mark(entry);
        }
      }
    } catch (EOFException e) {
      damaged = true;
    }
    if (damaged) {
      // The specification's way to say that the bitmaps are worth nothing.
      header.autoclear &= ~Feature.BITMAPS;
      TableFile.writeEntry(image.file, Qcow2Header.AT_AUTOCLEAR, header.autoclear);
      bitmaps.list().stream().filter(DirtyBitmap::persistent).forEach(bitmaps::remove);
      directory = new BitmapDirectory(List.of());
    } else {
      List<BitmapDirectory.Entry> marked = new ArrayList<>();
      for (BitmapDirectory.Entry entry : directory.entries()) {
        if (inMemory(entry) == null) {
          marked.add(entry);
        } else {
          int flags = entry.flags() | BitmapDirectory.IN_USE;
          ByteBuffer field = ByteBuffer.allocate(4).putInt(flags).flip();
          image.file.write(header.bitmaps.directoryOffset() + entry.offset() + 12, field);
          marked.add(entry.with(flags, entry.tableOffset(), entry.tableSize()));
        }
      }
      directory = new BitmapDirectory(marked);
    }
    image.file.flush();
  }

  /** The consistent bitmap in memory that an entry of the file is; null where there is none. */
  private DirtyBitmap inMemory(BitmapDirectory.Entry entry) {
    return entry.understood()
        ? bitmaps
            .find(entry.name())
            .filter(bitmap -> bitmap.persistent() && !bitmap.inconsistent())
            .orElse(null)
        : null;
  }

  /** A range is being changed. */
  void changed(long offset, long bytes) {
    bitmaps.changed(offset, bytes);
  }

  /** The disk has another size. */
  void resize(long size) {
    bitmaps.resize(size);
  }

  /**
   * Whether a bitmap of that name can be kept in the file.
   *
   * @return why not, or null
   */
  public String refusal(String name) {
    if (image.geometry.version() < 3) {
      return "Cannot store dirty bitmaps in qcow2 v2 files";
    }
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    return length == 0 || length > BitmapDirectory.MAX_NAME
        ? "Bitmap name is too long or empty"
        : null;
  }

  /** Those that are gone from memory leave the file too. */
  public synchronized void dropRemoved() throws IOException {
    if (!valid() || damaged) {
      return;
    }
    List<BitmapDirectory.Entry> kept = new ArrayList<>();
    List<BitmapDirectory.Entry> gone = new ArrayList<>();
    for (BitmapDirectory.Entry entry : directory.entries()) {
      boolean there = !entry.understood() || bitmaps.find(entry.name()).isPresent();
      (there ? kept : gone).add(entry);
    }
    if (!gone.isEmpty()) {
      put(kept, gone);
    }
  }

  /** Brings the bits to the file, each bitmap to new clusters, and says that they are right. */
  synchronized void store() throws IOException {
    List<BitmapDirectory.Entry> kept = new ArrayList<>();
    List<BitmapDirectory.Entry> gone = new ArrayList<>();
    boolean same = true;
    for (BitmapDirectory.Entry entry : directory.entries()) {
      boolean removed = entry.understood() && bitmaps.find(entry.name()).isEmpty();
      if (inMemory(entry) == null && !removed) {
        kept.add(entry);
      } else {
        same = false;
        gone.add(entry);
      }
    }
    for (DirtyBitmap bitmap : bitmaps.list()) {
      if (bitmap.persistent() && !bitmap.inconsistent()) {
        same = false;
        int flags = bitmap.recording() ? BitmapDirectory.AUTO : 0;
        BitmapDirectory.Entry entry =
            new BitmapDirectory.Entry(
                0,
                0,
                0,
                flags,
                BitmapDirectory.DIRTY_TRACKING,
                bitmap.bits().shift(),
                bitmap.name(),
                new byte[0]);
        kept.add(file.store(entry, bitmap.kept()));
      }
    }
    if (!same) {
      put(kept, gone);
    }
  }

  /** Puts a new directory into the place of the old one, which with {@code gone} is given back. */
  private void put(List<BitmapDirectory.Entry> kept, List<BitmapDirectory.Entry> gone)
      throws IOException {
    Qcow2Header.BitmapsPointer old = valid() ? header.bitmaps : null;
    directory = BitmapDirectory.of(kept);
    if (kept.isEmpty()) {
      header.bitmaps = null;
      header.autoclear &= ~Feature.BITMAPS;
    } else {
      ByteBuffer bytes = directory.serialize();
      long size = bytes.remaining();
      long place = file.row(image.geometry.clusters(size));
      image.file.write(place, bytes);
      header.bitmaps = new Qcow2Header.BitmapsPointer(kept.size(), size, place);
      header.autoclear |= Feature.BITMAPS;
    }
    image.tables.writeBack(false);
    image.file.flush();
    image.writeHeader();
    image.file.flush();
    if (old != null) {
      file.release(old.directoryOffset(), old.directorySize());
    }
    for (BitmapDirectory.Entry entry : gone) {
      file.release(entry);
    }
  }
}
