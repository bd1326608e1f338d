package org.wardian.boot.catalogue;

import java.time.Clock;
import java.util.Optional;

/**
 * What a fetch from the archive needs to know of the world. Asked only when something is fetched: a
 * wrong setting must not keep a guest that is in the cache from starting.
 */
interface ArchiveAccess {
  /** Where to fetch from. */
  DebianMirrors mirrors() throws CatalogueException;

  /** Whom to trust. */
  ArchiveKeys keys();

  /** How to get out. */
  ProxySettings proxies() throws CatalogueException;

  /** What time it is. */
  Clock clock();

  /** This machine's configuration and Debian's keys. */
  static ArchiveAccess ofThisMachine() {
    return ofThisMachine(Optional.empty());
  }

  /**
   * As {@link #ofThisMachine()}, with the archive's mirror named by the user.
   *
   * @param mirror its address, or empty for the machine's own choice
   */
  static ArchiveAccess ofThisMachine(Optional<String> mirror) {
    return new ArchiveAccess() {
      @Override
      public DebianMirrors mirrors() throws CatalogueException {
        return DebianMirrors.discover(mirror);
      }

      @Override
      public ArchiveKeys keys() {
        return ArchiveKeys.debian();
      }

      @Override
      public ProxySettings proxies() throws CatalogueException {
        return ProxySettings.fromEnvironment(System.getenv());
      }

      @Override
      public Clock clock() {
        return Clock.systemUTC();
      }
    };
  }
}
