package org.wardian.definition.checkpoint;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.DomainFlag;
import org.wardian.definition.snapshot.Moment;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * A checkpoint of a domain: a moment from which on changes of its disks are noted. Immutable; the
 * document within it is not to be changed.
 *
 * @param name its key among the domain's checkpoints
 * @param description lines about it, or null
 * @param parent the checkpoint before it, or null
 * @param created seconds since 1970
 * @param disks what is done to each
 * @param domain as it was; null where nobody knows
 */
public record CheckpointDocument(
    String name,
    String description,
    String parent,
    long created,
    List<CheckpointDisk> disks,
    DomainDocument domain)
    implements Moment<CheckpointDocument> {
  private static final String ROOT = "domaincheckpoint";

  /** What the schema of libvirt 9.0 allows a checkpoint to be called. */
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-][a-zA-Z0-9_.-]*");

  /** What it allows a disk to be called. */
  private static final Pattern DISK =
      Pattern.compile("(ioemu:)?(fd|hd|sd|vd|xvd|ubd)[a-zA-Z0-9_]+");

  private static final Set<String> ELEMENTS =
      Set.of("name", "description", "creationTime", "disks", "domain", "parent");

  /** Copies the list. */
  public CheckpointDocument {
    disks = List.copyOf(disks);
  }

  /**
   * What a client asks for.
   *
   * @param now seconds since 1970, which are the name where it gives none
   */
  public static CheckpointDocument request(String xml, long now) throws XmlException {
    XmlElement root = root(xml);
    String name = text(root, "name");
    return new CheckpointDocument(
        name == null ? Long.toString(now) : name,
        text(root, "description"),
        null,
        now,
        disks(root),
        null);
  }

  /** What a client gives to take one up again. */
  public static CheckpointDocument redefinition(String xml) throws XmlException {
    return complete(root(xml));
  }

  /** A document with all that was known of a checkpoint. */
  public static CheckpointDocument complete(XmlElement root) throws XmlException {
    if (!root.name().equals(ROOT)) {
      throw XmlException.badContent("unexpected root element <" + root.name() + ">");
    }
    String name = text(root, "name");
    if (name == null) {
      throw XmlException.badContent("a redefined checkpoint must have a name");
    }
    long created;
    try {
      created = Long.parseLong(Optional.ofNullable(text(root, "creationTime")).orElse("").strip());
    } catch (NumberFormatException e) {
      throw new XmlException(
          XmlException.Kind.INTERNAL, "missing creationTime from existing checkpoint", e);
    }
    XmlElement domain = root.child("domain");
    return new CheckpointDocument(
        name,
        text(root, "description"),
        root.textAt("parent/name"),
        created,
        disks(root),
        domain == null ? null : DomainDocument.of(domain.copy()));
  }

  private static XmlElement root(String xml) throws XmlException {
    XmlElement root = XmlReader.read(xml);
    if (!root.name().equals(ROOT)) {
      throw XmlException.badContent(
          "expecting root element of '" + ROOT + "', not '" + root.name() + "'");
    }
    for (XmlElement child : root.children()) {
      String name = child.name();
      boolean misnamed = name.equals("name") && !NAME.matcher(child.text()).matches();
      boolean twice = root.children(name).size() > 1;
      if (misnamed || twice || !ELEMENTS.contains(name) && !name.contains(":")) {
        throw notOfSchema(name);
      }
    }
    return root;
  }

  static XmlException notOfSchema(String element) {
    return new XmlException(
        XmlException.Kind.INVALID_SCHEMA,
        "Unable to validate doc against domaincheckpoint.rng\n"
            + "Extra element "
            + element
            + " in interleave\n"
            + "Element domaincheckpoint failed to validate content\n");
  }

  static boolean isDiskName(String text) {
    return DISK.matcher(text).matches();
  }

  private static String text(XmlElement root, String name) {
    String text = root.textAt(name);
    return text == null || text.isEmpty() ? null : text;
  }

  private static List<CheckpointDisk> disks(XmlElement root) throws XmlException {
    List<CheckpointDisk> all = new ArrayList<>();
    XmlElement disks = root.child("disks");
    if (disks != null) {
      for (XmlElement disk : disks.children()) {
        if (!disk.name().equals("disk")) {
          throw notOfSchema("disks");
        }
        all.add(CheckpointDisk.of(disk));
      }
      if (all.isEmpty()) {
        throw notOfSchema("disks");
      }
    }
    return all;
  }

  /**
   * Says for each disk of a domain what the checkpoint does to it: where the request names none,
   * the changes of all are noted that have a medium and are written.
   *
   * @throws XmlException where it names a disk that is not there, twice, or has nothing to note
   */
  public CheckpointDocument align(DomainDocument of) throws XmlException {
    Map<String, CheckpointDisk> asked = new HashMap<>();
    if (disks.size() > of.disks().size()) {
      throw XmlException.unsupported("too many disk checkpoint requests for domain");
    }
    for (CheckpointDisk disk : disks) {
      Disk found =
          of.disk(disk.name())
              .orElseThrow(() -> XmlException.unsupported("no disk named '" + disk.name() + "'"));
      if (asked.put(found.target(), disk) != null) {
        throw XmlException.unsupported("disk '" + found.target() + "' specified twice");
      }
      if (!Boolean.FALSE.equals(disk.tracked()) && !isWritten(found)) {
        throw XmlException.unsupported("disk '" + found.target() + "' is empty or readonly");
      }
    }
    List<CheckpointDisk> aligned = new ArrayList<>();
    for (Disk disk : of.disks()) {
      CheckpointDisk one = asked.get(disk.target());
      boolean tracked =
          one == null ? disks.isEmpty() && isWritten(disk) : !Boolean.FALSE.equals(one.tracked());
      String bitmap = one == null || one.bitmap() == null ? name : one.bitmap();
      aligned.add(
          new CheckpointDisk(
              disk.target(), tracked, tracked ? bitmap : null, OptionalLong.empty()));
    }
    return new CheckpointDocument(name, description, parent, created, aligned, domain);
  }

  private static boolean isWritten(Disk disk) {
    return !disk.source().isEmpty() && !disk.isReadOnly();
  }

  @Override
  public CheckpointDocument withParent(String value) {
    return new CheckpointDocument(name, description, value, created, disks, domain);
  }

  /** The same with the domain as it is now. */
  public CheckpointDocument of(DomainDocument value) {
    return new CheckpointDocument(name, description, parent, created, disks, value);
  }

  /** The same with disks as a function makes them. */
  public CheckpointDocument withDisks(Function<CheckpointDisk, CheckpointDisk> change) {
    return new CheckpointDocument(
        name, description, parent, created, disks.stream().map(change).toList(), domain);
  }

  /**
   * As a client sees it.
   *
   * @param secure whether with secrets
   * @param withDomain whether with the domain as it was
   */
  public String xml(boolean secure, boolean withDomain) {
    XmlElement root = new XmlElement(ROOT);
    root.append("name").text(name);
    if (description != null) {
      root.append("description").text(description);
    }
    if (parent != null) {
      root.append("parent").append("name").text(parent);
    }
    root.append("creationTime").text(Long.toString(created));
    if (!disks.isEmpty()) {
      XmlElement list = root.append("disks");
      disks.forEach(disk -> disk.addTo(list));
    }
    if (withDomain && domain != null) {
      Set<DomainFlag> shown = EnumSet.of(DomainFlag.INACTIVE);
      if (secure) {
        shown.add(DomainFlag.SECURE);
      }
      try {
        root.add(XmlReader.read(domain.xml(shown)));
      } catch (XmlException e) {
        throw new IllegalStateException("what was written cannot be read", e);
      }
    }
    return root.toString();
  }
}
