package org.wardian.cli.manage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.client.Snapshot;
import org.wardian.libvirt.constants.DomainSnapshotCreateFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward snapshot create}. */
@Command(
    name = "create",
    mixinStandardHelpOptions = true,
    description = {
      "Takes a snapshot of a machine: of its disks, and where it runs of its memory, so that it"
          + " goes on from that very moment.",
      "",
      "  ward snapshot create web before-upgrade --description 'Debian 12.5'",
      "  ward snapshot create web --disk-only --quiesce",
      ""
    })
final class SnapshotCreateVerb extends ManageAction {
  @Option(names = "--description", paramLabel = "TEXT", description = "Words to remember it by.")
  private String description;

  @Option(
      names = "--disk-only",
      description = "Not of the memory: new files take what is written from now on.")
  private boolean diskOnly;

  @Option(names = "--halt", description = "Leave the machine off afterwards.")
  private boolean halt;

  @Option(
      names = "--quiesce",
      description = "Have the guest's agent bring its file systems to rest meanwhile.")
  private boolean quiesce;

  @Option(
      names = "--atomic",
      description = "Of several disks: all or none, even where that takes longer.")
  private boolean atomic;

  @Option(
      names = "--xml",
      paramLabel = "FILE",
      description = "All that it is to be, in libvirt's XML; - is standard input.")
  private Path xml;

  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "MACHINE", description = "Name, UUID or id.")
  private String machine;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "NAME",
      description = "Its name; without one the daemon makes one of the time.")
  private String name;

  @Override
  void check() {
    if (xml != null && (name != null || description != null)) {
      throw mistake("--xml says all: NAME and --description exclude it");
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    Domain domain = Lookup.domain(connection, machine);
    Snapshot snapshot =
        domain.createSnapshot(
            xml == null ? description() : XmlFile.read(xml),
            (diskOnly ? DomainSnapshotCreateFlags.DISK_ONLY : 0)
                | (halt ? DomainSnapshotCreateFlags.HALT : 0)
                | (quiesce ? DomainSnapshotCreateFlags.QUIESCE : 0)
                | (atomic ? DomainSnapshotCreateFlags.ATOMIC : 0));
    if (json.asked()) {
      print(Json.object().put("machine", domain.name()).put("name", snapshot.name()));
    } else {
      out().println(Cells.plain(domain.name()) + ": took " + Cells.plain(snapshot.name()));
    }
    return ExitStatus.OK.code();
  }

  private String description() {
    XmlElement snapshot = new XmlElement("domainsnapshot");
    if (name != null) {
      snapshot.append("name").text(name);
    }
    if (description != null) {
      snapshot.append("description").text(description);
    }
    return snapshot.toString();
  }
}
