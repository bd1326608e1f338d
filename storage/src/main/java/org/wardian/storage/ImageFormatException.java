package org.wardian.storage;

import java.io.IOException;

/**
 * An image whose content is damaged, or of a kind that cannot be used; the message says what is
 * wrong, where, and what to do.
 */
public class ImageFormatException extends IOException {
  /** With the image's name and the cause. */
  public ImageFormatException(String message) {
    super(message);
  }
}
