package org.wardian.definition.snapshot;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.DomainFlag;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * A snapshot of a domain. Immutable; the documents within it are not to be changed.
 *
 * @param name its key among the domain's snapshots
 * @param description lines about it, or null
 * @param state of the domain; null in a request
 * @param parent the snapshot before it, or null
 * @param created seconds since 1970
 * @param memory where memory is kept; null where a request leaves it open
 * @param memoryFile the file of an external memory; null else
 * @param disks what is done to each
 * @param domain as it was; null where nobody knows
 * @param inactiveDomain what its next start would have taken, where that was another; or null
 */
public record SnapshotDocument(
    String name,
    String description,
    SnapshotState state,
    String parent,
    long created,
    SnapshotPlace memory,
    String memoryFile,
    List<SnapshotDisk> disks,
    DomainDocument domain,
    DomainDocument inactiveDomain)
    implements Moment<SnapshotDocument> {
  private static final String ROOT = "domainsnapshot";

  /** One whose memory is in no file of its own. */
  public SnapshotDocument(
      String name,
      String description,
      SnapshotState state,
      String parent,
      long created,
      SnapshotPlace memory,
      List<SnapshotDisk> disks,
      DomainDocument domain,
      DomainDocument inactiveDomain) {
    this(name, description, state, parent, created, memory, null, disks, domain, inactiveDomain);
  }

  /** Copies the list. */
  public SnapshotDocument {
    disks = List.copyOf(disks);
  }

  /**
   * What a client asks for.
   *
   * @param now seconds since 1970, which are the name where it gives none
   */
  public static SnapshotDocument request(String xml, long now) throws XmlException {
    XmlElement root = XmlReader.read(xml, ROOT);
    String name = text(root, "name");
    SnapshotPlace memory = memory(root);
    return new SnapshotDocument(
        name == null ? Long.toString(now) : name,
        text(root, "description"),
        null,
        null,
        now,
        memory,
        root.attributeAt("memory", "file"),
        disks(root),
        null,
        null);
  }

  /**
   * A document with all that was known of a snapshot: one of our own files, or what a client gives
   * to take one up again.
   */
  public static SnapshotDocument complete(XmlElement root) throws XmlException {
    if (!root.name().equals(ROOT)) {
      throw XmlException.badContent("expecting root element of 'domainsnapshot'");
    }
    String name = text(root, "name");
    if (name == null) {
      throw XmlException.badContent("a redefined snapshot must have a name");
    }
    long created;
    try {
      created = Long.parseLong(Optional.ofNullable(text(root, "creationTime")).orElse("").strip());
    } catch (NumberFormatException e) {
      throw new XmlException(
          XmlException.Kind.INTERNAL, "missing creationTime from existing snapshot");
    }
    String word = text(root, "state");
    if (word == null) {
      throw new XmlException(XmlException.Kind.INTERNAL, "missing state from existing snapshot");
    }
    SnapshotState state = SnapshotState.of(word);
    if (state == null) {
      throw XmlException.badContent("Invalid state '" + word + "' in domain snapshot XML");
    }
    SnapshotPlace memory = memory(root);
    if (memory == null) {
      memory = state.isActive() ? SnapshotPlace.INTERNAL : SnapshotPlace.NO;
    } else if (memory != SnapshotPlace.NO && !state.isActive()) {
      throw offline();
    }
    return new SnapshotDocument(
        name,
        text(root, "description"),
        state,
        root.textAt("parent/name"),
        created,
        memory,
        root.attributeAt("memory", "file"),
        disks(root),
        domain(root.child("domain")),
        domain(root.child("inactiveDomain")));
  }

  /** Memory was asked for where there is none to keep. */
  public static XmlException offline() {
    return XmlException.badContent(
        "memory state cannot be saved with offline or disk-only snapshot");
  }

  private static String text(XmlElement root, String name) {
    String text = root.textAt(name);
    return text == null || text.isEmpty() ? null : text;
  }

  private static SnapshotPlace memory(XmlElement root) throws XmlException {
    String word = root.attributeAt("memory", "snapshot");
    String file = root.attributeAt("memory", "file");
    if (word == null) {
      return file == null ? null : SnapshotPlace.EXTERNAL;
    }
    SnapshotPlace place = SnapshotPlace.of(word);
    if (place == null) {
      throw XmlException.badContent("unknown memory snapshot setting '" + word + "'");
    }
    if (file != null && place != SnapshotPlace.EXTERNAL) {
      throw XmlException.badContent("memory filename '" + file + "' requires external snapshot");
    }
    if (file == null && place == SnapshotPlace.EXTERNAL) {
      throw XmlException.badContent("external memory snapshots require a filename");
    }
    return place;
  }

  private static List<SnapshotDisk> disks(XmlElement root) throws XmlException {
    List<SnapshotDisk> all = new ArrayList<>();
    XmlElement disks = root.child("disks");
    if (disks != null) {
      for (XmlElement disk : disks.children("disk")) {
        all.add(SnapshotDisk.of(disk));
      }
    }
    return all;
  }

  private static DomainDocument domain(XmlElement element) throws XmlException {
    if (element == null) {
      return null;
    }
    return DomainDocument.of(renamed(element, "domain"));
  }

  /** A copy of an element under another name. */
  private static XmlElement renamed(XmlElement element, String name) {
    XmlElement copy = new XmlElement(name);
    copy.replaceAttributes(element.attributes());
    copy.text(element.text());
    element.children().forEach(child -> copy.add(child.copy()));
    return copy;
  }

  @Override
  public SnapshotDocument withParent(String value) {
    return new SnapshotDocument(
        name,
        description,
        state,
        value,
        created,
        memory,
        memoryFile,
        disks,
        domain,
        inactiveDomain);
  }

  /** The same with other disks. */
  public SnapshotDocument withDisks(List<SnapshotDisk> value) {
    return new SnapshotDocument(
        name,
        description,
        state,
        parent,
        created,
        memory,
        memoryFile,
        value,
        domain,
        inactiveDomain);
  }

  /** The same with what was there when it was taken. */
  public SnapshotDocument taken(
      SnapshotState at, SnapshotPlace place, DomainDocument was, DomainDocument nextStart) {
    return new SnapshotDocument(
        name, description, at, parent, created, place, memoryFile, disks, was, nextStart);
  }

  /** Whether some of it is in files beside the disks' images. */
  public boolean isExternal() {
    return memory == SnapshotPlace.EXTERNAL
        || disks.stream().anyMatch(disk -> disk.place() == SnapshotPlace.EXTERNAL);
  }

  /** As a client sees it. */
  public String xml(boolean secure) {
    return tree(secure).toString();
  }

  /**
   * What is kept in a file.
   *
   * @param current whether it is the domain's current one
   */
  public String file(boolean current) {
    XmlElement root = tree(true);
    root.append("active").text(current ? "1" : "0");
    return root.toString();
  }

  /** Whether a file says that its snapshot is the current one. */
  public static boolean isCurrent(XmlElement root) {
    return "1".equals(root.textAt("active"));
  }

  private XmlElement tree(boolean secure) {
    XmlElement root = new XmlElement(ROOT);
    root.append("name").text(name);
    if (description != null) {
      root.append("description").text(description);
    }
    if (state != null) {
      root.append("state").text(state.text());
    }
    if (parent != null) {
      root.append("parent").append("name").text(parent);
    }
    root.append("creationTime").text(Long.toString(created));
    if (memory != null) {
      root.append("memory").set("snapshot", memory.text()).set("file", memoryFile);
    }
    if (!disks.isEmpty()) {
      XmlElement list = root.append("disks");
      disks.forEach(disk -> disk.addTo(list));
    }
    add(root, domain, "domain", secure);
    add(root, inactiveDomain, "inactiveDomain", secure);
    return root;
  }

  private static void add(XmlElement root, DomainDocument domain, String name, boolean secure) {
    if (domain == null) {
      return;
    }
    Set<DomainFlag> shown = EnumSet.of(DomainFlag.INACTIVE);
    if (secure) {
      shown.add(DomainFlag.SECURE);
    }
    try {
      root.add(renamed(XmlReader.read(domain.xml(shown)), name));
    } catch (XmlException e) {
      throw new IllegalStateException("what was written cannot be read", e);
    }
  }
}
