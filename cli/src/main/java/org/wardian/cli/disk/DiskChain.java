package org.wardian.cli.disk;

import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.BlockImage;
import org.wardian.storage.RawImage;
import org.wardian.storage.imports.ImportedImage;
import org.wardian.storage.qcow2.Qcow2Image;

/** The files of the images of a chain. */
final class DiskChain {
  private DiskChain() {}

  /** The first file of each image, the top one first: an extent's depth is the index. */
  static List<String> filesOf(BlockImage top) {
    List<String> files = new ArrayList<>();
    BlockImage at = top;
    while (at != null) {
      at =
          switch (at) {
            case Qcow2Image qcow2 -> {
              files.add(qcow2.path().toString());
              yield qcow2.backing();
            }
            case ImportedImage imported -> {
              files.add(imported.files().getFirst());
              yield imported.parent().orElse(null);
            }
            case RawImage raw -> {
              files.add(raw.file().path().toString());
              yield null;
            }
            default -> {
              files.add(at.toString());
              yield null;
            }
          };
    }
    return files;
  }
}
