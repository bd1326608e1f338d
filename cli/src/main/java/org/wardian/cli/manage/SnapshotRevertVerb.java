package org.wardian.cli.manage;

import org.wardian.libvirt.client.Snapshot;
import org.wardian.libvirt.constants.DomainSnapshotRevertFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ward snapshot revert}. */
@Command(
    name = "revert",
    mixinStandardHelpOptions = true,
    description = {
      "Brings a machine back to a snapshot: its disks, its description, and its memory where the"
          + " snapshot has it. What happened since then is lost.",
      "",
      "  ward snapshot revert web before-upgrade",
      "  ward snapshot revert --running web before-upgrade",
      ""
    })
final class SnapshotRevertVerb extends SnapshotAction {
  private static final class Afterwards {
    @Option(names = "--running", description = "It runs afterwards.", required = true)
    private boolean running;

    @Option(names = "--paused", description = "It is paused afterwards.", required = true)
    private boolean paused;
  }

  @ArgGroup private Afterwards afterwards;

  @Option(
      names = {"-f", "--force"},
      description = "Also where the daemon sees a risk, such as another description.")
  private boolean force;

  @Override
  String act(Snapshot snapshot) throws LibvirtException {
    snapshot.revert(
        (force ? DomainSnapshotRevertFlags.FORCE : 0)
            | (afterwards == null
                ? 0
                : afterwards.running
                    ? DomainSnapshotRevertFlags.RUNNING
                    : DomainSnapshotRevertFlags.PAUSED));
    return "is as it was at " + Cells.plain(snapshot.name());
  }
}
