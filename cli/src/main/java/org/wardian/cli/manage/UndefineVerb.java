package org.wardian.cli.manage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.DomainUndefineFlags;
import org.wardian.libvirt.constants.DomainXmlFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ward undefine}. */
@Command(
    name = "undefine",
    mixinStandardHelpOptions = true,
    description = {
      "Has a daemon forget machines. One that runs goes on, and is forgotten when it stops. Disks"
          + " stay unless --storage is given.",
      "",
      "A daemon refuses where a saved state, snapshots or firmware variables would be left behind:"
          + " the options say that they go, too.",
      "",
      "  ward undefine web",
      "  ward undefine --yes --snapshots --nvram --storage web",
      ""
    })
final class UndefineVerb extends DomainsVerb {
  @Option(names = "--managed-save", description = "Delete its saved state.")
  private boolean managedSave;

  @Option(names = "--snapshots", description = "Forget its snapshots and checkpoints.")
  private boolean snapshots;

  @Option(names = "--nvram", description = "Delete the variables of its firmware.")
  private boolean nvram;

  @Option(names = "--keep-nvram", description = "Leave the variables of its firmware.")
  private boolean keepNvram;

  @Option(
      names = "--storage",
      description =
          "Delete its disks, too: those that are volumes of a pool, and neither read-only nor"
              + " shared.")
  private boolean storage;

  @Mixin private YesOption yes;

  @Override
  void check() {
    if (nvram && keepNvram) {
      throw mistake("--nvram and --keep-nvram exclude each other");
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException, IOException, InterruptedException {
    yes.ask(
        err(),
        "forget "
            + Cells.plain(String.join(", ", names()))
            + (storage ? " and delete the content of its disks" : ""));
    return super.act(connection);
  }

  @Override
  String act(Connection connection, Domain domain) throws LibvirtException {
    List<StorageVolume> volumes = new ArrayList<>();
    List<String> left = new ArrayList<>();
    if (storage) {
      if (DomainStates.now(connection, domain).isActive()) {
        throw new Failure(
            ExitStatus.REFUSED,
            Cells.plain(domain.name())
                + " runs, and writes on its disks: 'ward stop' it before --storage");
      }
      find(connection, domain, volumes, left);
    }
    domain.undefine(
        (managedSave ? DomainUndefineFlags.MANAGED_SAVE : 0)
            | (snapshots
                ? DomainUndefineFlags.SNAPSHOTS_METADATA | DomainUndefineFlags.CHECKPOINTS_METADATA
                : 0)
            | (nvram ? DomainUndefineFlags.NVRAM : 0)
            | (keepNvram ? DomainUndefineFlags.KEEP_NVRAM : 0));
    List<String> deleted = new ArrayList<>();
    for (StorageVolume volume : volumes) {
      try {
        volume.delete();
        deleted.add(volume.pool() + "/" + volume.name());
      } catch (LibvirtException e) {
        left.add(volume.pool() + "/" + volume.name() + " (" + Refusals.words(e) + ")");
      }
    }
    return "forgotten"
        + (deleted.isEmpty() ? "" : ", deleted " + Cells.plain(String.join(", ", deleted)))
        + (left.isEmpty() ? "" : ", left " + Cells.plain(String.join(", ", left)));
  }

  /** Before the description goes: its disks are only named there. */
  private static void find(
      Connection connection, Domain domain, List<StorageVolume> volumes, List<String> left)
      throws LibvirtException {
    XmlElement xml = XmlFile.parse(domain.name(), domain.xml(DomainXmlFlags.INACTIVE));
    for (DiskEntry disk : DiskEntry.of(xml)) {
      if (disk.source() == null) {
        continue;
      }
      StorageVolume volume = disk.isOwn() ? disk.volume(connection) : null;
      if (volume != null) {
        volumes.add(volume);
      } else {
        left.add(disk.source() + (disk.isOwn() ? " (in no pool)" : " (read-only or shared)"));
      }
    }
  }
}
