package org.wardian.libvirt.sasl;

import java.io.IOException;

/** The other side is not who it claims to be, or does not speak the mechanism. */
public final class SaslException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With a text for the log of this side. */
  public SaslException(String message) {
    super(message);
  }
}
