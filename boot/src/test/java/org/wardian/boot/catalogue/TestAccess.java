package org.wardian.boot.catalogue;

import java.time.Clock;

/** Access to an archive with everything chosen by the test. */
record TestAccess(DebianMirrors mirrors, ArchiveKeys keys, ProxySettings proxies, Clock clock)
    implements ArchiveAccess {
  TestAccess(DebianMirrors mirrors, ArchiveKeys keys) {
    this(mirrors, keys, ProxySettings.none(), Clock.systemUTC());
  }
}
