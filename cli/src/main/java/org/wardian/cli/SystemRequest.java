package org.wardian.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.wardian.boot.seed.CloudSeed;

/**
 * What {@code ward run} was asked of a whole system.
 *
 * @param seed what the system is told of itself
 * @param keep the file of its disk, or empty where the disk is thrown away
 * @param diskBytes how large a new disk is, or empty for the usual
 */
record SystemRequest(CloudSeed seed, Optional<Path> keep, Optional<Long> diskBytes) {}
