package org.wardian.storage;

import java.io.IOException;

/** Another process has the image; the message names the file and what to do. */
public final class ImageInUseException extends IOException {
  /** With the image's name and the cause. */
  public ImageInUseException(String message) {
    super(message);
  }
}
