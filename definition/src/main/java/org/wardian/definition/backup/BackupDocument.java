package org.wardian.definition.backup;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * A backup of a running domain. Immutable.
 *
 * @param pull whether a client fetches it; else the machine writes it
 * @param since the checkpoint from which on changes are in it; null for all
 * @param server where it is fetched from; null where it is written
 * @param disks what is done with each
 */
public record BackupDocument(
    boolean pull, String since, BackupServer server, List<BackupDisk> disks) {
  private static final String ROOT = "domainbackup";

  private static final Set<String> ELEMENTS = Set.of("incremental", "server", "disks");

  /** Copies the list. */
  public BackupDocument {
    disks = List.copyOf(disks);
  }

  /** What a client asks for. */
  public static BackupDocument request(String xml) throws XmlException {
    XmlElement root = XmlReader.read(xml);
    if (!root.name().equals(ROOT)) {
      throw XmlException.badContent(
          "expecting root element of '" + ROOT + "', not '" + root.name() + "'");
    }
    return of(root);
  }

  /** The same that was read already: what {@link #xml} wrote is understood too. */
  public static BackupDocument of(XmlElement root) throws XmlException {
    String mode = root.attribute("mode", "push");
    boolean pull = mode.equals("pull");
    XmlElement server = root.child("server");
    if (!pull && !mode.equals("push") || pull && server == null) {
      throw schema("Invalid attribute mode for element domainbackup\n");
    }
    for (XmlElement child : root.children()) {
      String name = child.name();
      if (!ELEMENTS.contains(name)
          || root.children(name).size() > 1
          || name.equals("server") && !pull) {
        throw notOfSchema(name);
      }
    }
    List<BackupDisk> disks = new ArrayList<>();
    XmlElement list = root.child("disks");
    if (list != null) {
      for (XmlElement disk : list.children()) {
        if (!disk.name().equals("disk")) {
          throw notOfSchema("disks");
        }
        disks.add(BackupDisk.of(disk, pull));
      }
      if (disks.isEmpty()) {
        throw notOfSchema("disks");
      }
    }
    String since = root.textAt("incremental");
    return new BackupDocument(
        pull,
        since == null || since.isEmpty() ? null : since,
        pull ? BackupServer.of(server) : null,
        disks);
  }

  static XmlException notOfSchema(String element) {
    return schema(
        "Extra element "
            + element
            + " in interleave\n"
            + "Element domainbackup failed to validate content\n");
  }

  private static XmlException schema(String detail) {
    return new XmlException(
        XmlException.Kind.INVALID_SCHEMA,
        "Unable to validate doc against domainbackup.rng\n" + detail);
  }

  /**
   * Says for each disk of a domain what the backup does with it, as libvirt does: where the request
   * names none, all are in it that have a medium; a file that it leaves open lies beside the disk's
   * image.
   *
   * @param suffix what is put behind the image's name
   */
  public BackupDocument align(DomainDocument domain, String suffix) throws XmlException {
    Map<String, BackupDisk> asked = new HashMap<>();
    for (BackupDisk disk : disks) {
      Disk found =
          domain.disks().stream()
              .filter(one -> one.target().equals(disk.name()))
              .findFirst()
              .orElseThrow(() -> XmlException.unsupported("no disk named '" + disk.name() + "'"));
      if (asked.put(disk.name(), disk) != null) {
        throw XmlException.unsupported("disk '" + disk.name() + "' specified twice");
      }
      if (disk.isIncluded() && found.source().isEmpty()) {
        throw XmlException.unsupported("disk '" + disk.name() + "' has no media");
      }
    }
    List<BackupDisk> aligned = new ArrayList<>();
    for (Disk disk : domain.disks()) {
      BackupDisk one = asked.get(disk.target());
      boolean included =
          one == null ? disks.isEmpty() && !disk.source().isEmpty() : one.isIncluded();
      if (!included) {
        aligned.add(new BackupDisk(disk.target(), false, null, null, null, null, null));
      } else {
        BackupDisk open = new BackupDisk(disk.target(), true, null, null, null, null, null);
        aligned.add(align(disk, one == null ? open : one, suffix));
      }
    }
    return new BackupDocument(pull, since, server, aligned);
  }

  private BackupDisk align(Disk disk, BackupDisk asked, String suffix) throws XmlException {
    String mode = asked.mode();
    String from = asked.since();
    if (mode == null) {
      from = from == null ? since : from;
      mode = from == null ? BackupDisk.FULL : BackupDisk.INCREMENTAL;
    } else if (mode.equals(BackupDisk.INCREMENTAL) && from == null) {
      if (since == null) {
        throw new XmlException(
            XmlException.Kind.INVALID_ARGUMENT,
            "'incremental' backup mode of disk '"
                + disk.target()
                + "' requires setting 'incremental' field for disk or backup");
      }
      from = since;
    }
    BackupDisk.Store store = asked.store();
    if (store == null || store.path() == null) {
      String path =
          disk.source()
              .path()
              .filter(text -> disk.type().equals("file"))
              .orElseThrow(() ->
                  XmlException.unsupported(
                      "refusing to generate file name for disk '" + disk.target() + "'"));
      store =
          new BackupDisk.Store(
              "file", path + "." + suffix, store == null ? null : store.format(), -1);
    }
    if (store.format() == null) {
      store = new BackupDisk.Store(store.type(), store.path(), "qcow2", store.index());
    }
    String exportName = asked.exportName();
    String exportBitmap = asked.exportBitmap();
    if (pull) {
      exportName = exportName == null ? disk.target() : exportName;
      exportBitmap =
          exportBitmap == null && from != null ? "backup-" + disk.target() : exportBitmap;
    }
    return new BackupDisk(disk.target(), true, from, mode, exportName, exportBitmap, store);
  }

  /** The same with other disks. */
  public BackupDocument withDisks(List<BackupDisk> value) {
    return new BackupDocument(pull, since, server, value);
  }

  /** The element. */
  public XmlElement tree() {
    XmlElement root = new XmlElement(ROOT).set("mode", pull ? "pull" : "push");
    if (since != null) {
      root.append("incremental").text(since);
    }
    if (server != null) {
      server.addTo(root);
    }
    if (!disks.isEmpty()) {
      XmlElement list = root.append("disks");
      disks.forEach(disk -> disk.addTo(list, pull));
    }
    return root;
  }

  /** As a client sees it. */
  public String xml() {
    return tree().toString();
  }
}
