package org.wardian.compression;

import java.io.IOException;

/** Compressed data that does not decode. */
public final class CorruptPayloadException extends IOException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what is wrong with the data
   */
  public CorruptPayloadException(String message) {
    super(message);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message what is wrong with the data
   * @param cause what a library made of it
   */
  public CorruptPayloadException(String message, Throwable cause) {
    super(message, cause);
  }
}
