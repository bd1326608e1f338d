package org.wardian.cli.manage;

import java.util.Locale;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Snapshot;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward snapshot info}. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    description = {
      "Tells of a snapshot: when it was taken, of what state, what it stands on.",
      "",
      "  ward snapshot info web before-upgrade",
      "  ward snapshot info --xml web before-upgrade",
      ""
    })
final class SnapshotInfoVerb extends ManageAction {
  @Option(names = "--xml", description = "Its description in libvirt's XML.")
  private boolean xml;

  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "MACHINE", description = "Name, UUID or id.")
  private String machine;

  @Parameters(index = "1", paramLabel = "NAME", description = "The snapshot.")
  private String name;

  @Override
  int act(Connection connection) throws LibvirtException {
    Snapshot snapshot = Lookup.domain(connection, machine).snapshot(name);
    if (xml) {
      out().print(snapshot.xml());
      return ExitStatus.OK.code();
    }
    SnapshotTree.Entry entry = SnapshotTree.Entry.of(snapshot);
    if (json.asked()) {
      print(entry.tree());
      return ExitStatus.OK.code();
    }
    line("name", entry.name());
    line("taken", entry.taken());
    line("state", entry.state());
    line("memory", entry.memory());
    line("stands on", entry.parent() == null ? "nothing" : entry.parent());
    line("current", entry.current() ? "yes" : "no");
    if (entry.description() != null) {
      line("description", entry.description());
    }
    return ExitStatus.OK.code();
  }

  private void line(String key, String value) {
    out().printf(Locale.ROOT, "%-12s %s%n", key, Cells.plain(value));
  }
}
