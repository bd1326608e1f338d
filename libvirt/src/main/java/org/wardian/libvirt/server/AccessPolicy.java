package org.wardian.libvirt.server;

import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.xdr.XdrStruct;

/** Who may do what, beyond read-only connections: roles by user, certificate or socket. */
@FunctionalInterface
public interface AccessPolicy {
  /** Everyone who has authenticated may do everything. */
  AccessPolicy OPEN = (session, procedure, arguments) -> {};

  /**
   * Refuses a call by throwing, with {@code ACCESS_DENIED}.
   *
   * @param procedure with the permissions that it needs
   */
  void check(Session session, Procedure<?, ?> procedure, XdrStruct arguments)
      throws LibvirtException;
}
