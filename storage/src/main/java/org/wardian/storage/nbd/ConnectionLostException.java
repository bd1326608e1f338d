package org.wardian.storage.nbd;

import java.io.IOException;

/** The server is gone, or talks nonsense: another connection may fare better. */
final class ConnectionLostException extends IOException {
  private static final long serialVersionUID = 1;

  ConnectionLostException(String message, Throwable cause) {
    super(message, cause);
  }
}
