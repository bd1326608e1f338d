package org.wardian.storage.imports;

import org.wardian.storage.ImageFormatException;

/**
 * An image that cannot be read: damaged, cut off, of a kind that is not supported, or without its
 * parent. The message is one line: the file, what is wrong with it and where, and the way out.
 */
public final class ImportException extends ImageFormatException {
  private static final long serialVersionUID = 1L;

  /**
   * @param name the image's file
   * @param cause what is wrong, and what to do about it
   */
  public ImportException(String name, String cause) {
    super(oneLine(name) + ": " + oneLine(cause));
  }

  /** Names come from hostile files too: nothing of them may move the cursor. */
  private static String oneLine(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
