package org.wardian.libvirt.xdr;

/** A structure of the protocol. Each also has a static method {@code read(XdrReader)}. */
public interface XdrStruct {
  /**
   * Appends the structure.
   *
   * @throws XdrException where a value exceeds the protocol's limit
   */
  void write(XdrWriter out) throws XdrException;
}
