package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.wardian.storage.FileStore;

/**
 * Files that are still being made. They have names of a form of their own until they are whole, so
 * that a daemon that is killed leaves no half volume, but a file that the next scan knows and
 * removes.
 */
final class Unfinished {
  private static final System.Logger LOG = System.getLogger(Unfinished.class.getName());
  private static final String PREFIX = ".wardian-";
  private static final String SUFFIX = ".unfinished";

  private Unfinished() {}

  /** A name for a file that is to become {@code path}, in its folder. */
  static Path of(Path path) {
    String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    return path.resolveSibling(PREFIX + random + SUFFIX);
  }

  static boolean isName(String name) {
    return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
  }

  /**
   * Gives a whole file its name.
   *
   * @throws FileAlreadyExistsException where another has it
   */
  static void finish(Path unfinished, Path path) throws IOException {
    try {
      Files.createLink(path, unfinished);
      Files.delete(unfinished);
    } catch (UnsupportedOperationException | java.nio.file.FileSystemException e) {
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(path.toString());
      }
      try {
        Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException impossible) {
        throw new IOException(impossible.getMessage(), impossible);
      }
    }
  }

  /** Removes one that a killed daemon left; one that somebody writes to stays. */
  static void removeDead(Path unfinished) {
    try {
      if (Files.isRegularFile(unfinished, LinkOption.NOFOLLOW_LINKS)) {
        FileStore.open(unfinished, true, true).close();
        Files.deleteIfExists(unfinished);
        LOG.log(System.Logger.Level.INFO, "removed " + unfinished + ", which was never finished");
      }
    } catch (IOException inUse) {
      LOG.log(System.Logger.Level.DEBUG, unfinished + " stays: " + inUse.getMessage());
    }
  }
}
