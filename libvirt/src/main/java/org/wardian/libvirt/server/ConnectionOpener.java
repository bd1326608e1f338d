package org.wardian.libvirt.server;

import org.wardian.libvirt.error.LibvirtException;

/** What the daemon says to a client that opens a URI. */
public interface ConnectionOpener {
  /**
   * Accepts a URI or refuses it, with {@code NO_CONNECT} where it is for another kind of
   * hypervisor.
   *
   * @param uri without transport and host; empty where the client leaves the choice to the daemon
   */
  void open(Session session, String uri) throws LibvirtException;

  /** What {@code virConnectSupportsFeature} answers for features that are the daemon's own. */
  boolean supportsFeature(Session session, int feature);
}
