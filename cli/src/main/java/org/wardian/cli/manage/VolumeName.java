package org.wardian.cli.manage;

import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;

/**
 * A volume as the user names it.
 *
 * @param pool name of its pool
 * @param volume name within the pool
 */
record VolumeName(String pool, String volume) {
  /**
   * Reads {@code POOL/NAME}.
   *
   * @throws Failure where it is none
   */
  static VolumeName parse(String text) {
    int slash = text.indexOf('/');
    if (slash <= 0 || slash == text.length() - 1) {
      throw new Failure(
          ExitStatus.USAGE,
          "'"
              + Cells.plain(text)
              + "' is no volume: write it as POOL/NAME; 'ward pool list' has the pools");
    }
    return new VolumeName(text.substring(0, slash), text.substring(slash + 1));
  }
}
