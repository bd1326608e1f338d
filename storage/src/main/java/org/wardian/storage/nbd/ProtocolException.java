package org.wardian.storage.nbd;

import java.io.IOException;

/** The other end does not keep to the protocol, or asks for what is not served. */
public final class ProtocolException extends IOException {
  /** With what was expected, or what came. */
  public ProtocolException(String message) {
    super(message);
  }
}
