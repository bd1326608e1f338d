package org.wardian.boot.initramfs;

import java.io.IOException;

/** A file is no newc cpio archive, or a damaged one. */
public final class CpioFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what is wrong and where
   */
  public CpioFormatException(String message) {
    super(message);
  }
}
