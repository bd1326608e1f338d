package org.wardian.processor.software;

import java.util.Optional;

/**
 * What somebody wants to know of a processor while it runs, at a price.
 *
 * @param counted whether emitted code counts its instructions: some 5 % of the time in short loops
 * @param profile takes a sample of where the guest is every millisecond, or empty
 * @param blocks hears of each block that is translated, or empty
 */
public record Observation(
    boolean counted, Optional<GuestProfile> profile, Optional<BlockListener> blocks) {
  /** Nothing. */
  public static final Observation NONE = new Observation(false, Optional.empty(), Optional.empty());
}
