package org.wardian.libvirt.wire;

import org.wardian.libvirt.xdr.XdrReader;
import org.wardian.libvirt.xdr.XdrStruct;
import org.wardian.libvirt.xdr.XdrWriter;

/** The arguments or result of a procedure that has none: no bytes. */
public record Nothing() implements XdrStruct {
  /** The one value. */
  public static final Nothing NOTHING = new Nothing();

  /** Reads no bytes. */
  public static Nothing read(XdrReader in) {
    return NOTHING;
  }

  @Override
  public void write(XdrWriter out) {}
}
