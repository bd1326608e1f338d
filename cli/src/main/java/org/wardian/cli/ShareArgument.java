package org.wardian.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.wardian.storage.share.Ownership;

/**
 * One {@code --share}: a folder of the host that the guest can mount.
 *
 * @param folder on the host
 * @param tag by which the guest mounts it, or empty for one by its number
 * @param readOnly whether the guest may change nothing
 * @param ownership whose the files are in the guest
 */
record ShareArgument(Path folder, Optional<String> tag, boolean readOnly, Ownership ownership) {
  private static final String KNOWN = "tag=NAME, readonly, owner=root|host";

  /**
   * Reads {@code DIR[,tag=NAME,readonly,owner=...]}.
   *
   * @throws IllegalArgumentException for what makes no sense, with what would
   */
  static ShareArgument parse(String text) {
    OptionText words = OptionText.parse("--share", text);
    if (words.head().isEmpty()) {
      throw new IllegalArgumentException("--share names no folder: " + text);
    }
    ShareArgument share =
        new ShareArgument(
            Path.of(words.head()),
            words.take("tag"),
            words.flag("readonly"),
            words.choice("owner", Ownership.class, Ownership.ROOT));
    words.end(KNOWN);
    return share;
  }

  /** The tag of the {@code number}th of them, from 0. */
  String tag(int number) {
    return tag.orElse(number == 0 ? "share" : "share" + (number + 1));
  }
}
