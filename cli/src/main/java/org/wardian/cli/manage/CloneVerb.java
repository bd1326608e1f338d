package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
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
      "  ward clone --linked --count 1000 debian web   # web-1 to web-1000",
      ""
    })
final class CloneVerb extends ManageAction {
  /** Addresses of QEMU's cards: 52:54:00 and three bytes. */
  private static final String MAC = "52:54:00:%02x:%02x:%02x";

  private static final int MOST_CLONES = 10_000;

  private final SecureRandom random = new SecureRandom();

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

  @Option(
      names = "--count",
      paramLabel = "N",
      description =
          "Make so many, 1 to 10000, called NEW-1, NEW-2 and so on. Where one fails, those before"
              + " it stay.")
  private Integer count;

  @Option(names = "--start", description = "Start it, too.")
  private boolean start;

  @Mixin private ProgressOption progress;
  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "NAME", description = "Name or UUID of the machine.")
  private String name;

  @Parameters(index = "1", paramLabel = "NEW", description = "What the clone shall be called.")
  private String newName;

  /** A disk that each clone gets one like. */
  private record Original(DiskEntry disk, StorageVolume volume, StoragePool pool) {}

  /** A clone that was made, and its own volumes. */
  private record Clone(Domain domain, List<StorageVolume> volumes) {}

  @Override
  int act(Connection connection) throws LibvirtException, InterruptedException {
    if (count != null && (count < 1 || count > MOST_CLONES)) {
      throw mistake("--count " + count + ": 1 to " + MOST_CLONES);
    }
    Domain domain = Lookup.domain(connection, name);
    if (DomainStates.now(connection, domain).isActive()) {
      throw new Failure(
          ExitStatus.REFUSED,
          Cells.plain(domain.name()) + " runs, and its disks change: 'ward stop --wait' it first");
    }
    List<String> names = names();
    requireFree(connection, names);
    XmlElement xml =
        XmlFile.parse(domain.name(), domain.xml(DomainXmlFlags.INACTIVE | DomainXmlFlags.SECURE));
    List<Original> originals = originals(connection, domain.name(), xml);
    List<Clone> made = new ArrayList<>();
    try (DiskProgress bar = count == null ? null : progress.startCounting(err(), "clones")) {
      for (String one : names) {
        Clone clone = clone(connection, domain, xml, originals, one);
        made.add(clone);
        if (start) {
          clone.domain().start();
        }
        if (bar != null) {
          bar.at(made.size(), names.size());
        }
      }
    } finally {
      tell(domain, made);
    }
    return ExitStatus.OK.code();
  }

  private List<String> names() {
    return count == null
        ? List.of(newName)
        : IntStream.rangeClosed(1, count).mapToObj(i -> newName + "-" + i).toList();
  }

  private Clone clone(
      Connection connection, Domain domain, XmlElement xml, List<Original> originals, String called)
      throws LibvirtException, InterruptedException {
    List<StorageVolume> made = new ArrayList<>();
    boolean whole = false;
    try {
      Map<String, CloneXml.NewDisk> disks = new LinkedHashMap<>();
      for (Original one : originals) {
        String format = linked ? "qcow2" : VolumeXml.format(one.volume());
        String volume =
            CloneXml.volumeName(
                one.volume().name(), domain.name(), called, one.disk().target(), format);
        made.add(copy(one, volume));
        disks.put(one.disk().target(), new CloneXml.NewDisk(made.getLast().path(), format));
      }
      XmlElement clone = CloneXml.of(xml, called, UUID.randomUUID(), () -> mac(random), disks);
      Clone result = new Clone(connection.defineDomain(clone.toString()), made);
      whole = true;
      return result;
    } finally {
      if (!whole && connection.isAlive()) {
        for (StorageVolume volume : made) {
          volume.delete();
        }
      }
    }
  }

  private StorageVolume copy(Original one, String volume)
      throws LibvirtException, InterruptedException {
    // A linked one is there at once; a bar of its own would only break that of all.
    try (DiskProgress bar = linked ? null : progress.start(err(), volume)) {
      return VolCloneVerb.make(one.pool(), volume, one.volume(), linked, null, bar);
    }
  }

  private static void requireFree(Connection connection, List<String> names)
      throws LibvirtException {
    Set<String> wanted = new HashSet<>(names);
    for (Domain one : connection.domains()) {
      if (wanted.contains(one.name())) {
        throw new Failure(
            ExitStatus.REFUSED, "there is a machine " + Cells.plain(one.name()) + " already");
      }
    }
  }

  /** What is to be copied; all of it is known to be possible before the first byte is. */
  private List<Original> originals(Connection connection, String machine, XmlElement xml)
      throws LibvirtException {
    List<Original> originals = new ArrayList<>();
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
      originals.add(new Original(disk, volume, connection.storagePool(volume.pool())));
    }
    if (!unknown.isEmpty()) {
      throw mistake("--share: " + machine + " has no disk " + String.join(", ", unknown));
    }
    return originals;
  }

  private static String mac(SecureRandom random) {
    return String.format(
        Locale.ROOT, MAC, random.nextInt(256), random.nextInt(256), random.nextInt(256));
  }

  /** One clone is told of in full; of many their number, or with {@code --json} each. */
  private void tell(Domain source, List<Clone> made) throws LibvirtException {
    if (json.asked()) {
      ObjectNode list = Json.object();
      ArrayNode all = list.putArray("clones");
      for (Clone clone : made) {
        all.add(tree(source, clone));
      }
      if (count != null) {
        print(list);
      } else if (!made.isEmpty()) {
        print(all.get(0));
      }
      return;
    }
    String started = start ? ", and started" : "";
    if (count != null) {
      out().println(made.size() + " machines cloned from " + Cells.plain(source.name()) + started);
      return;
    }
    for (Clone clone : made) {
      String is = Cells.plain(clone.domain().name()) + ": cloned from ";
      out().println(is + Cells.plain(source.name()) + started);
      for (StorageVolume volume : clone.volumes()) {
        out().println("  " + Cells.plain(volume.pool() + "/" + volume.name()));
      }
    }
  }

  private ObjectNode tree(Domain source, Clone clone) throws LibvirtException {
    ObjectNode node = Json.object();
    node.put("name", clone.domain().name()).put("uuid", clone.domain().uuid().toString());
    node.put("source", source.name()).put("started", start);
    ArrayNode volumes = node.putArray("volumes");
    for (StorageVolume volume : clone.volumes()) {
      volumes.add(VolInfoVerb.tree(volume));
    }
    return node;
  }
}
