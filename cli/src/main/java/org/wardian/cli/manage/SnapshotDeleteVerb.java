package org.wardian.cli.manage;

import java.io.IOException;
import org.wardian.libvirt.client.Snapshot;
import org.wardian.libvirt.constants.DomainSnapshotDeleteFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ward snapshot delete}. */
@Command(
    name = "delete",
    mixinStandardHelpOptions = true,
    description = {
      "Deletes a snapshot; the machine stays as it is, and so do those that stand on it.",
      "",
      "  ward snapshot delete --yes web before-upgrade",
      ""
    })
final class SnapshotDeleteVerb extends SnapshotAction {
  @Option(names = "--children", description = "Also all that stand on it.")
  private boolean children;

  @Option(names = "--children-only", description = "All that stand on it, but not itself.")
  private boolean childrenOnly;

  @Option(
      names = "--metadata",
      description = "Only have the daemon forget it; what is on the disks stays.")
  private boolean metadata;

  @Mixin private YesOption yes;

  @Override
  void check() {
    if (children && childrenOnly) {
      throw mistake("--children and --children-only exclude each other");
    }
  }

  @Override
  void ask() throws IOException {
    yes.ask(
        err(),
        (metadata ? "forget " : "delete ")
            + (childrenOnly ? "what stands on " : "")
            + what()
            + (children ? " and what stands on it" : ""));
  }

  @Override
  String act(Snapshot snapshot) throws LibvirtException {
    snapshot.delete(
        (children ? DomainSnapshotDeleteFlags.CHILDREN : 0)
            | (childrenOnly ? DomainSnapshotDeleteFlags.CHILDREN_ONLY : 0)
            | (metadata ? DomainSnapshotDeleteFlags.METADATA_ONLY : 0));
    String name = Cells.plain(snapshot.name());
    return (metadata ? "forgot " : "deleted ")
        + (childrenOnly ? "what stood on " + name : name)
        + (children ? " and what stood on it" : "");
  }
}
