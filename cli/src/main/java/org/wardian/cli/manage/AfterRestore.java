package org.wardian.cli.manage;

import org.wardian.libvirt.constants.DomainSaveRestoreFlags;
import picocli.CommandLine.Option;

/** How a saved machine goes on; without either as it was. */
final class AfterRestore {
  @Option(names = "--running", description = "It runs when it is restored.", required = true)
  private boolean running;

  @Option(names = "--paused", description = "It is paused when it is restored.", required = true)
  private boolean paused;

  /** Flags of {@code DomainSaveRestoreFlags}; 0 for null. */
  static int flags(AfterRestore chosen) {
    if (chosen == null) {
      return 0;
    }
    return chosen.running ? DomainSaveRestoreFlags.RUNNING : DomainSaveRestoreFlags.PAUSED;
  }
}
