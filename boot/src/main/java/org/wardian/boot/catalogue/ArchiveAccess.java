package org.wardian.boot.catalogue;

import java.time.Clock;

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
    return new ArchiveAccess() {
      @Override
      public DebianMirrors mirrors() throws CatalogueException {
        return DebianMirrors.discover();
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
