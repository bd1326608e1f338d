package org.wardian.display.vnc;

import java.io.IOException;

/** A client broke the Remote Framebuffer protocol, or was refused; its connection ends. */
public final class RfbException extends IOException {
  /** Says what the client did. */
  public RfbException(String message) {
    super(message);
  }
}
