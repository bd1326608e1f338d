package org.wardian.cli;

import java.nio.file.Path;

/** Where fetched guests are kept: {@code wardian} in the user's cache folder (XDG base folders). */
final class CacheFolder {
  private CacheFolder() {}

  static Path path() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    // The specification has relative paths ignored.
    if (xdg != null && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg, "wardian");
    }
    return Path.of(System.getProperty("user.home"), ".cache", "wardian");
  }
}
