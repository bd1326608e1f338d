package org.wardian.boot.catalogue;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;

/**
 * A folder for work in progress that does not outlive it: removed at the end, after a failure, and
 * when the user interrupts the program. What a killed process left under the same path is removed
 * first, so the caller must hold the lock for that path.
 */
final class PartialFolder implements AutoCloseable {
  private static final int SHUTDOWN_ATTEMPTS = 5;

  private final Path path;
  private final Thread hook;

  private PartialFolder(Path path) {
    this.path = path;
    this.hook = new Thread(this::deleteAtShutdown, "wardian-cache-cleaner");
  }

  static PartialFolder create(Path path) throws CatalogueException {
    PartialFolder folder = new PartialFolder(path);
    try {
      CacheFiles.deleteTree(path);
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw CacheFiles.translate(e, path.getParent());
    }
    try {
      Runtime.getRuntime().addShutdownHook(folder.hook);
    } catch (IllegalStateException e) {
      throw new CatalogueException(
          CatalogueException.Kind.NOT_WRITABLE, "interrupted: the program is ending", e);
    }
    boolean created = false;
    try {
      CacheFiles.createFolder(path);
      created = true;
    } finally {
      if (!created) {
        folder.close();
      }
    }
    return folder;
  }

  Path path() {
    return path;
  }

  private void deleteAtShutdown() {
    // The thread that fills the folder still runs, so one pass may not be enough.
    for (int attempt = 0; attempt < SHUTDOWN_ATTEMPTS; attempt++) {
      try {
        CacheFiles.deleteTree(path);
        return;
      } catch (IOException e) {
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // Shutting down: the hook does the work.
      return;
    }
    try {
      CacheFiles.deleteTree(path);
    } catch (IOException e) {
      // The next pull removes it; an earlier error is the one to report.
      return;
    }
  }
}
