package org.wardian.cli;

import java.time.Duration;
import java.util.Optional;

/**
 * What {@code ward run} was asked for about saved machines.
 *
 * @param saveTo where the machine is saved to
 * @param saveAfter when, beside what else makes it
 * @param restoreFrom the machine that goes on in place of a start
 */
record KeepRequest(
    Optional<KeepPlace> saveTo,
    Optional<Duration> saveAfter,
    Optional<RestoreArgument> restoreFrom) {
  /** Nothing. */
  static final KeepRequest NONE =
      new KeepRequest(Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * One {@code --restore-from}.
   *
   * @param force whether disks may have changed
   * @param verify whether all of the memory is read and checked first
   */
  record RestoreArgument(KeepPlace place, boolean force, boolean verify) {
    static RestoreArgument parse(String text) {
      OptionText words = OptionText.parse("--restore-from", text);
      KeepPlace place = KeepPlace.parse("--restore-from", words.head());
      RestoreArgument argument =
          new RestoreArgument(place, words.flag("force"), words.flag("verify"));
      words.end("force, verify");
      return argument;
    }
  }
}
