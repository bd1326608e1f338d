package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/** Writes to the cache folder, with errors that say which folder and what to do. */
final class CacheFiles {
  /** With less room than this on its file system, a failed write is taken for a full disk. */
  private static final long NEARLY_FULL_BYTES = 64 << 10;

  private CacheFiles() {}

  static void createFolder(Path folder) throws CatalogueException {
    try {
      Files.createDirectories(folder);
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw translate(e, folder);
    }
  }

  static void write(Path file, byte[] content) throws CatalogueException {
    try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
      out.write(content);
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw translate(e, file.getParent());
    }
  }

  /** Renames within a file system; the target appears whole or not at all. */
  static void rename(Path from, Path to) throws CatalogueException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw translate(e, to.getParent());
    }
  }

  /**
   * Refuses early, before a long download, what could not be stored.
   *
   * @param bytes how much is about to be written
   */
  static void requireSpace(Path folder, long bytes) throws CatalogueException {
    long usable;
    try {
      usable = Files.getFileStore(folder).getUsableSpace();
    } catch (IOException | SecurityException e) {
      // Some file systems cannot tell; the write itself will.
      return;
    }
    if (usable < bytes) {
      throw noSpace(folder, "needs " + bytes + " bytes, has " + usable, null);
    }
  }

  /** Deletes a file or a whole folder, following no link. Missing is fine. */
  static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Says in the user's terms why a write to a folder failed. */
  static CatalogueException translate(Exception e, Path folder) {
    if (e instanceof CatalogueException known) {
      return known;
    }
    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
    if (reason.contains("No space left") || reason.contains("quota") || nearlyFull(folder)) {
      return noSpace(folder, "no space left on device", e);
    }
    if (e instanceof ReadOnlyFileSystemException || reason.contains("Read-only file system")) {
      return notWritable(folder, "read-only file system", e);
    }
    if (e instanceof AccessDeniedException) {
      return notWritable(folder, "permission denied", e);
    }
    return notWritable(folder, reason.lines().findFirst().orElse("unknown error"), e);
  }

  private static boolean nearlyFull(Path folder) {
    try {
      // The system's message may be in the user's language, so its text alone cannot decide.
      return Files.getFileStore(folder).getUsableSpace() < NEARLY_FULL_BYTES;
    } catch (IOException | SecurityException e) {
      return false;
    }
  }

  private static CatalogueException noSpace(Path folder, String detail, Exception cause) {
    return new CatalogueException(
        Kind.NO_SPACE,
        "the disk of "
            + folder
            + " is full ("
            + detail
            + "); free some space, or set XDG_CACHE_HOME to a folder on another disk",
        cause);
  }

  private static CatalogueException notWritable(Path folder, String detail, Exception cause) {
    return new CatalogueException(
        Kind.NOT_WRITABLE,
        "cannot write to "
            + folder
            + " ("
            + detail
            + "); make it writable, or set XDG_CACHE_HOME to a folder that is",
        cause);
  }
}
