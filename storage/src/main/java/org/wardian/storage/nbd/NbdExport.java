package org.wardian.storage.nbd;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockImage;

/**
 * A disk that a server offers.
 *
 * @param name what clients ask for; empty for the one that is meant by those who name none. At most
 *     4096 bytes of UTF-8 without NUL
 * @param description words for a human, perhaps empty; the same limit
 * @param image the disk; it stays its owner's, who closes it after the export is removed
 * @param writable whether clients may write
 * @param blockSize bytes that requests must be made of: 1, or a power of two up to 64 KiB
 * @param bitmaps by name, shown as {@code qemu:dirty-bitmap:NAME}
 */
public record NbdExport(
    String name,
    String description,
    BlockImage image,
    boolean writable,
    int blockSize,
    Map<String, DirtyBitmapView> bitmaps) {
  private static final int LARGEST_BLOCK = 64 << 10;

  /**
   * Checks what is given.
   *
   * @throws IllegalArgumentException for a name that cannot be sent, or a disk that cannot be
   *     written where clients shall
   */
  public NbdExport {
    checkText("a name of an export", name);
    checkText("a description", description);
    bitmaps.keySet().forEach(each -> checkText("a bitmap's name", MetaContexts.BITMAP + each));
    if (writable && !image.writable()) {
      throw new IllegalArgumentException(
          image + " is open for reading; export it read-only, or open it for writing");
    }
    if (blockSize < 1 || blockSize > LARGEST_BLOCK || Integer.bitCount(blockSize) != 1) {
      throw new IllegalArgumentException("a block of " + blockSize + " bytes");
    }
    bitmaps = java.util.Collections.unmodifiableMap(new TreeMap<>(bitmaps));
  }

  private static void checkText(String what, String text) {
    if (text.indexOf('\0') >= 0
        || text.getBytes(StandardCharsets.UTF_8).length > Protocol.LONGEST_TEXT) {
      throw new IllegalArgumentException(
          what + " has a NUL or more than " + Protocol.LONGEST_TEXT + " bytes");
    }
  }

  /** An image, without bitmaps; bytes can be asked for one by one. */
  public static NbdExport of(String name, BlockImage image, boolean writable) {
    return new NbdExport(name, "", image, writable, 1, Map.of());
  }

  /** A disk that a machine may be using, without bitmaps, in its own blocks. */
  public static NbdExport of(String name, BlockDevice disk, boolean writable) {
    return new NbdExport(name, "", new DeviceImage(disk), writable, disk.blockSize(), Map.of());
  }

  /** The same with a description. */
  public NbdExport withDescription(String value) {
    return new NbdExport(name, value, image, writable, blockSize, bitmaps);
  }

  /** The same with these bitmaps. */
  public NbdExport withBitmaps(Map<String, DirtyBitmapView> value) {
    return new NbdExport(name, description, image, writable, blockSize, value);
  }
}
