package org.wardian.storage;

import java.io.IOException;

/** A write to an image that is read-only. */
public final class ReadOnlyImageException extends IOException {
  /** With the image's name and the cause. */
  public ReadOnlyImageException(String message) {
    super(message);
  }
}
