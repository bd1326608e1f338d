package org.wardian.libvirt.server;

import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.xdr.XdrStruct;

/** Hears of each call once it has been worked on: for an audit trail, and for figures. */
@FunctionalInterface
public interface CallObserver {
  /** Hears nothing. */
  CallObserver NONE = (session, procedure, arguments, failure, nanoseconds) -> {};

  /**
   * A call is about to be answered. Called on the call's own thread, so it delays that answer.
   *
   * @param arguments null where they could not be decoded
   * @param failure why it was refused or failed; null where it did what was asked
   * @param nanoseconds that it took
   */
  void finished(
      Session session,
      Procedure<?, ?> procedure,
      XdrStruct arguments,
      LibvirtException failure,
      long nanoseconds);
}
