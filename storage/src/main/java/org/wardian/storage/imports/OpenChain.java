package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.OpenOptions;

/** The images of a chain that are being opened, so that a chain which bites its tail ends. */
final class OpenChain {
  /** More parents than any product makes. */
  private static final int MOST_IMAGES = 64;

  private final List<Path> opened = new ArrayList<>();
  private final OpenOptions options;

  OpenChain(OpenOptions options) {
    this.options = options;
  }

  /** Whether files are locked. */
  boolean locked() {
    return options.locked();
  }

  /** Whether parents are opened; what an image itself lacks is zeroes otherwise. */
  boolean follows() {
    return options.chain();
  }

  /** Notes that an image of the chain is opened. */
  void enter(Path image) throws IOException {
    Path real = image.toRealPath();
    if (opened.contains(real)) {
      throw new ImportException(
          image.toString(),
          "is its own parent, over " + opened.size() + " image(s): the chain is damaged");
    }
    if (opened.size() == MOST_IMAGES) {
      throw new ImportException(
          opened.getFirst().toString(), "has more than " + MOST_IMAGES + " parents");
    }
    opened.add(real);
  }

  /**
   * A file that an image names as its parent: as given, and beside the image, where a copy of the
   * chain would have it.
   *
   * @param name with the separators of any system
   * @return those that exist and are regular files
   */
  static List<Path> candidates(Path image, String name) {
    String slashed = name.replace('\\', '/').replace("\0", "");
    List<Path> found = new ArrayList<>();
    try {
      Path folder = image.toAbsolutePath().getParent();
      addIfFile(found, folder.resolve(slashed).normalize());
      addIfFile(found, folder.resolve(slashed.substring(slashed.lastIndexOf('/') + 1)));
    } catch (InvalidPathException e) {
      return found; // no file of this host has such a name
    }
    return found;
  }

  private static void addIfFile(List<Path> found, Path path) {
    if (Files.isRegularFile(path) && !found.contains(path)) {
      found.add(path);
    }
  }
}
