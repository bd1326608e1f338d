package org.wardian.libvirt.xdr;

import java.io.IOException;

/**
 * Bytes that are not what the protocol says, or a value that the protocol has no room for. The
 * message names the field and, of bytes that were read, the offset in the payload.
 */
public final class XdrException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With a text for a person. */
  public XdrException(String message) {
    super(message);
  }
}
