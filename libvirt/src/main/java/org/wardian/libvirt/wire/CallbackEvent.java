package org.wardian.libvirt.wire;

import org.wardian.libvirt.xdr.XdrStruct;

/** An event that says which registration it is for. */
public interface CallbackEvent extends XdrStruct {
  /** The number that the registration's reply had. */
  int callbackID();
}
