package org.wardian.storage.operation;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;

/** Where the bytes of a disk lie. */
public final class ImageMap {
  private ImageMap() {}

  /** The extents of a whole disk, in order; those that continue each other are joined. */
  public static List<Extent> of(BlockImage image, Progress progress) throws IOException {
    List<Extent> all = new ArrayList<>();
    long at = 0;
    while (at < image.length()) {
      Extent next = image.extent(at, image.length() - at);
      Extent last = all.isEmpty() ? null : all.get(all.size() - 1);
      if (last != null && continues(last, next)) {
        all.set(
            all.size() - 1,
            new Extent(
                last.offset(),
                last.length() + next.length(),
                last.kind(),
                last.depth(),
                last.hostOffset()));
      } else {
        all.add(next);
      }
      at += next.length();
      progress.report(at, image.length());
    }
    return all;
  }

  private static boolean continues(Extent last, Extent next) {
    boolean inFile = last.hostOffset() >= 0;
    return last.kind() == next.kind()
        && last.depth() == next.depth()
        && inFile == next.hostOffset() >= 0
        && (!inFile || last.hostOffset() + last.length() == next.hostOffset());
  }
}
