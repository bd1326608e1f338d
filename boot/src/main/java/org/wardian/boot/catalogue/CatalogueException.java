package org.wardian.boot.catalogue;

import java.io.IOException;

/**
 * A guest could not be fetched, found or trusted. The message is one line for the user: it names
 * the file or address concerned and says what to do.
 */
public final class CatalogueException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What went wrong, for a program that must choose a process status. */
  public enum Kind {
    /** The mirror could not be reached. */
    OFFLINE,
    /** The mirror answered that it does not have the file, or an index lacks the package. */
    NOT_FOUND,
    /** The mirror answered with another HTTP status than success or absence. */
    HTTP_STATUS,
    /** A size or hash differs from what the archive's signed index promises. */
    HASH_MISMATCH,
    /** A signature is bad, or made by no key that we trust. */
    BAD_SIGNATURE,
    /** A signed index is older than its own {@code Valid-Until}, or comes from the future. */
    EXPIRED,
    /** A file is not of the format that its name promises. */
    MALFORMED,
    /** The cache's file system is full. */
    NO_SPACE,
    /** The cache folder cannot be written. */
    NOT_WRITABLE,
    /** A file in the cache is missing, damaged or was changed. */
    CORRUPT_CACHE,
    /** A system could not be made out of its packages. */
    BUILD_FAILED,
    /** There is no guest of that name. */
    UNKNOWN_GUEST,
    /** A setting from the environment cannot be used. */
    BAD_SETTING
  }

  private final Kind kind;

  /**
   * @param kind what went wrong
   * @param message one line: what, where, and what to do
   */
  public CatalogueException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /**
   * @param kind what went wrong
   * @param message one line: what, where, and what to do
   * @param cause what the library or operating system said
   */
  public CatalogueException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What went wrong. */
  public Kind kind() {
    return kind;
  }
}
