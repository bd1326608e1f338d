package org.wardian.libvirt.server;

import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * Does what a procedure promises. Called on a virtual thread of its own, up to {@link
 * ServerLimits#requests()} at once for one client, so it may wait, and must expect company.
 *
 * @param <A> arguments
 * @param <R> result
 */
@FunctionalInterface
public interface Handler<A extends XdrStruct, R extends XdrStruct> {
  /**
   * Answers a call.
   *
   * @return the result, whose fields are not null unless optional
   * @throws LibvirtException what the client is told instead
   */
  R handle(Call call, A arguments) throws LibvirtException;

  /**
   * A handler of a procedure without a result.
   *
   * @param <A> arguments
   */
  @FunctionalInterface
  interface Action<A extends XdrStruct> {
    /**
     * Does what was asked.
     *
     * @throws LibvirtException what the client is told instead
     */
    void perform(Call call, A arguments) throws LibvirtException;
  }
}
