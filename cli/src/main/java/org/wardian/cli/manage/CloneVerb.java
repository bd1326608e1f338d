package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskProgress;
import org.wardian.cli.disk.ProgressOption;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.DomainXmlFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward clone}. */
@Command(
    name = "clone",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a machine like another that is shut off: its description with a new name, UUID and"
          + " network addresses, and copies of its disks, which must be volumes of storage pools."
          + " CDs and disks that are read-only or shared stay the same ones.",
      "",
      "The guest within has the same host name, keys and passwords as before.",
      "",
      "  ward clone debian web",
      "  ward clone --linked debian web        # at once; debian must not run any more",
      "  ward clone --share vdb debian web",
      ""
    })
final class CloneVerb extends ManageAction {
  /** Addresses of QEMU's cards: 52:54:00 and three bytes. */
  private static final String MAC = "52:54:00:%02x:%02x:%02x";

  @Option(
      names = "--linked",
      description =
          "Have the new disks stand on the old ones (qcow2), in place of copies: the old machine"
              + " must not run from then on.")
  private boolean linked;

  @Option(
      names = "--share",
      paramLabel = "TARGET",
      split = ",",
      description = "Disks that both machines shall have, such as vdb.")
  private List<String> shared = new ArrayList<>();

  @Option(names = "--start", description = "Start it, too.")
  private boolean start;

  @Mixin private ProgressOption progress;
  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "NAME", description = "Name or UUID of the machine.")
  private String name;

  @Parameters(index = "1", paramLabel = "NEW", description = "What the clone shall be called.")
  private String newName;

  private record Copying(DiskEntry disk, StorageVolume source, StoragePool pool, String name) {}

  @Override
  int act(Connection connection) throws LibvirtException, InterruptedException {
    Domain domain = Lookup.domain(connection, name);
    if (DomainStates.now(connection, domain).isActive()) {
      throw new Failure(
          ExitStatus.REFUSED,
          Cells.plain(domain.name()) + " runs, and its disks change: 'ward stop --wait' it first");
    }
    requireFree(connection, newName);
    XmlElement xml =
        XmlFile.parse(domain.name(), domain.xml(DomainXmlFlags.INACTIVE | DomainXmlFlags.SECURE));
    List<Copying> plan = plan(connection, domain.name(), xml);
    List<StorageVolume> made = new ArrayList<>();
    boolean whole = false;
    try {
      Map<String, CloneXml.NewDisk> disks = new LinkedHashMap<>();
      for (Copying one : plan) {
        try (DiskProgress bar = progress.start(err(), one.name())) {
          made.add(VolCloneVerb.make(one.pool(), one.name(), one.source(), linked, null, bar));
        }
        disks.put(
            one.disk().target(),
            new CloneXml.NewDisk(
                made.getLast().path(), linked ? "qcow2" : VolumeXml.format(one.source())));
      }
      SecureRandom random = new SecureRandom();
      XmlElement clone = CloneXml.of(xml, newName, UUID.randomUUID(), () -> mac(random), disks);
      Domain result = connection.defineDomain(clone.toString());
      whole = true;
      if (start) {
        result.start();
      }
      tell(result, domain, made);
    } finally {
      if (!whole && connection.isAlive()) {
        for (StorageVolume volume : made) {
          volume.delete();
        }
      }
    }
    return ExitStatus.OK.code();
  }

  private static void requireFree(Connection connection, String name) throws LibvirtException {
    for (Domain one : connection.domains()) {
      if (one.name().equals(name)) {
        throw new Failure(
            ExitStatus.REFUSED, "there is a machine " + Cells.plain(name) + " already");
      }
    }
  }

  /** What is to be copied where; all of it is known to be possible before the first byte is. */
  private List<Copying> plan(Connection connection, String machine, XmlElement xml)
      throws LibvirtException {
    List<Copying> plan = new ArrayList<>();
    List<String> unknown = new ArrayList<>(shared);
    for (DiskEntry disk : DiskEntry.of(xml)) {
      unknown.remove(disk.target());
      if (!disk.isOwn() || shared.contains(disk.target())) {
        continue;
      }
      StorageVolume volume = disk.volume(connection);
      if (volume == null) {
        throw new Failure(
            ExitStatus.REFUSED,
            Cells.plain(disk.target() + ", " + disk.source())
                + ", is in no storage pool, and so cannot be copied: 'ward pool define --folder'"
                + " one for its folder, or --share "
                + Cells.plain(disk.target()));
      }
      String format = linked ? "qcow2" : VolumeXml.format(volume);
      plan.add(
          new Copying(
              disk,
              volume,
              connection.storagePool(volume.pool()),
              CloneXml.volumeName(volume.name(), machine, newName, disk.target(), format)));
    }
    if (!unknown.isEmpty()) {
      throw mistake("--share: " + machine + " has no disk " + String.join(", ", unknown));
    }
    return plan;
  }

  private static String mac(SecureRandom random) {
    return String.format(
        Locale.ROOT, MAC, random.nextInt(256), random.nextInt(256), random.nextInt(256));
  }

  private void tell(Domain clone, Domain source, List<StorageVolume> made) throws LibvirtException {
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("name", clone.name()).put("uuid", clone.uuid().toString());
      node.put("source", source.name()).put("started", start);
      ArrayNode volumes = node.putArray("volumes");
      for (StorageVolume volume : made) {
        volumes.add(VolInfoVerb.tree(volume));
      }
      print(node);
      return;
    }
    out()
        .println(
            Cells.plain(clone.name())
                + ": cloned from "
                + Cells.plain(source.name())
                + (start ? ", and started" : ""));
    for (StorageVolume volume : made) {
      out().println("  " + Cells.plain(volume.pool() + "/" + volume.name()));
    }
  }
}
