package org.wardian.libvirt.wire;

import org.wardian.libvirt.xdr.XdrStruct;

/**
 * A message that the daemon sends without being asked.
 *
 * @param <M> its structure
 * @param program the program's number
 * @param number the message's number in it
 * @param name as in the protocol, without the program's prefix
 */
public record EventMessage<M extends XdrStruct>(int program, int number, String name) {
  @Override
  public String toString() {
    return name + "(" + number + ")";
  }
}
