package org.wardian.cli.manage;

import java.io.IOException;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.client.Snapshot;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A verb for one snapshot of one machine. */
abstract class SnapshotAction extends ManageAction {
  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "MACHINE", description = "Name, UUID or id.")
  private String machine;

  @Parameters(index = "1", paramLabel = "NAME", description = "The snapshot.")
  private String name;

  /**
   * Does it.
   *
   * @return what was done, such as {@code deleted}
   */
  abstract String act(Snapshot snapshot) throws LibvirtException;

  /** Asks the user, where something would be lost. */
  void ask() throws IOException {}

  final String what() {
    return Cells.plain(name) + " of " + Cells.plain(machine);
  }

  @Override
  final int act(Connection connection) throws LibvirtException, IOException {
    Domain domain = Lookup.domain(connection, machine);
    Snapshot snapshot = domain.snapshot(name);
    ask();
    String done = act(snapshot);
    if (json.asked()) {
      print(
          Json.object()
              .put("machine", domain.name())
              .put("name", snapshot.name())
              .put("done", done));
    } else {
      out().println(Cells.plain(domain.name()) + ": " + done);
    }
    return ExitStatus.OK.code();
  }
}
