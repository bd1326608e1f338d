package org.wardian.process;

import java.nio.file.Path;
import java.util.Optional;
import org.wardian.process.assembly.Sandbox;

/**
 * How a machine's process is started.
 *
 * @param definition file of the live domain document
 * @param socket where QMP listens
 * @param incoming file of a saved machine that goes on; empty for a new one
 * @param snapshot name of a snapshot within the disks that goes on; empty for none
 * @param paused whether it waits for a client's {@code cont}
 * @param sandbox whether it gives up the system calls that it does not need
 * @param version of this program, for QMP's greeting
 */
public record Launch(
    Path definition,
    Path socket,
    Optional<Path> incoming,
    Optional<String> snapshot,
    boolean paused,
    Sandbox sandbox,
    String version) {
  /** Whether a saved machine goes on. */
  boolean restores() {
    return incoming.isPresent() || snapshot.isPresent();
  }
}
