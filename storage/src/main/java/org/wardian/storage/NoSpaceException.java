package org.wardian.storage;

import java.io.IOException;

/** The host has no room left for a write; the image is consistent. */
public final class NoSpaceException extends IOException {
  /** With the image's name and the cause. */
  public NoSpaceException(String message) {
    super(message);
  }
}
